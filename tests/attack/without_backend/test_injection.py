"""Attack reports with names that are HTML, script, style or control characters."""

from types import SimpleNamespace

import numpy as np
import pytest
from attack.corpora.payloads import PAYLOADS
from attack.tally import RIGHT, Tally
from oracles import needs
from oracles.browser import running
from oracles.markup import Page

from kcore.visualize import overlay, report

IMAGES = np.random.default_rng(1).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)


def arguments(payload):
    """Return the arguments of a report, with a payload for every name and text."""
    layer = SimpleNamespace(
        name=payload,
        kind=payload,
        input_shape=(8, 8, 3),
        output_shape=(6, 6, 4),
        parameters=112,
        multiply_adds=3888,
        **dict.fromkeys(("kernel_size", "strides", "pads", "dropped", "receptive_field")),
    )
    return {
        "title": payload,
        "status": "stopped",
        "stop_reason": payload,
        "history": {"loss": [2.0, 1.0], payload: [1.0, 2.0]},
        "metrics": {payload: 0.5},
        "model": [layer],
        "labels": [0, 1, 0, 1, 0, 1],
        "probabilities": np.eye(2)[[0, 1, 1, 0, 0, 1]],
        "images": IMAGES,
        "class_names": [payload, f"other {payload}"],
        "feature_maps": {payload: np.random.default_rng(2).normal(size=(1, 6, 6, 4))},
        "overlays": {payload: overlay(IMAGES[0], np.eye(4))},
        "seeds": {payload: 3},
        "bad_files": [(payload, payload, payload)],
        "data_format": "channels_last",
    }


# The page for a harmless name: its elements, and how often it shows the name.
PLAIN = "plain"


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "report.html"
    return Page(report(path, **arguments(PLAIN)).path.read_text(encoding="utf-8"))


def write(path, payload):
    return report(path, **arguments(payload)).path.read_text(encoding="utf-8")


def judge(text, plain):
    page = Page(text)
    if page.problems:
        return f"no sound page: {page.problems[:3]}"
    if page.tags != plain.tags:
        return "other elements than for a plain name"
    if page.links != plain.links:
        return "other links than for a plain name"
    return RIGHT


def test_names_in_reports(tmp_path, plain):
    tally = Tally("injected names in reports")
    assert plain.text.count(PLAIN) >= 12
    for payload in PAYLOADS:
        tally.case(
            repr(payload)[:60],
            lambda payload=payload: write(tmp_path / "report.html", payload),
            lambda text: judge(text, plain),
            must=RIGHT,
        )
    tally.close(at_least=27)


@needs.chromium
def test_names_in_chromium(tmp_path):
    tally = Tally("injected names in Chromium")
    path = tmp_path / "report.html"
    with running() as browser:
        for payload in PAYLOADS:
            write(path, payload)
            tally.case(repr(payload)[:60], lambda: opened(browser, path), str, must=RIGHT)
    tally.close(at_least=27)


def opened(browser, path):
    """Open the report, hover and click everywhere; nothing may run or be loaded."""
    browser.open(path)
    browser.evaluate(
        "document.querySelectorAll('*').forEach(e => ['mouseover', 'focus', 'toggle', 'click',"
        " 'animationstart'].forEach(name => e.dispatchEvent(new Event(name))))"
    )
    if browser.evaluate("window.taken") is not None:
        return "a script ran"
    if browser.complaints():
        return f"the console says {browser.complaints()[:1]}"
    outside = [url for url in browser.requested() if not url.startswith(("file:", "data:"))]
    if outside:
        return f"it asked for {outside[:2]}"
    if browser.evaluate("document.scripts.length + document.querySelectorAll('iframe').length"):
        return "there is a script or a frame"
    return RIGHT


def test_the_judge_can_fail(plain):
    for payload in PAYLOADS[:3]:
        assert judge(f"<!DOCTYPE html>\n<html>{payload}</html>", plain) != RIGHT


@needs.chromium
def test_the_judge_of_chromium_can_fail(tmp_path):
    path = tmp_path / "report.html"
    with running() as browser:
        for payload in (*PAYLOADS[:2], '<b onmouseover="window.taken=1">a</b>'):
            path.write_text(f"<!DOCTYPE html><html><body>{payload}</body></html>")
            assert opened(browser, path) == "a script ran"
