"""The site as a reader's browser shows it: Chromium without a window."""

import re

import pytest
from oracles import browser

PHONE, DESKTOP = 390, 1280
# The first visible text of a page, and the color that lies behind it.
TEXT_AND_PAPER = """(() => {
    const text = document.querySelector('article p');
    let behind = text;
    while (behind && getComputedStyle(behind).backgroundColor == 'rgba(0, 0, 0, 0)')
        behind = behind.parentElement;
    return [getComputedStyle(text).color,
            behind ? getComputedStyle(behind).backgroundColor : 'rgb(255, 255, 255)'];
})()"""
RESULTS = """(async () => {
    for (let tries = 0; tries < 100; tries++) {
        const found = [...document.querySelectorAll('#search-results li a')];
        if (found.length) return found.map(link => link.getAttribute('href'));
        await new Promise(done => setTimeout(done, 100));
    }
    return [];
})()"""


@pytest.fixture
def chromium():
    with browser.running(seconds=500) as running:
        yield running


def luminance(color):
    """Return the relative luminance of `rgb(r, g, b)`, as WCAG defines it."""
    channels = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def is_error(event):
    """Tell an error from what the theme notes in the console."""
    details = event["params"]
    level = details.get("type") or details.get("entry", {}).get("level") or "exception"
    return level in ("error", "exception", "assert")


def faults(page, width):
    """Return what is wrong with the page that is open."""
    found = [str(event["params"])[:300] for event in page.complaints() if is_error(event)]
    total = page.evaluate("document.documentElement.scrollWidth")
    if total > width:
        found.append(f"{total} pixels wide in a window of {width}")
    pictures = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
    return found + page.evaluate(pictures)


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_every_page_fits_and_loads(chromium, site, paths, width):
    assert len(paths) > 50
    found = {}
    for path in paths:
        chromium.open(path, width=width)
        if wrong := faults(chromium, width):
            found[path.relative_to(site).as_posix()] = wrong
    assert found == {}


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_in_light_and_dark(chromium, site, dark):
    for name in ("index", "start", "data", "auto_tutorials/dropout", "how_to/index"):
        chromium.open(site / f"{name}.html", dark=dark)
        ink, paper = map(luminance, chromium.evaluate(TEXT_AND_PAPER))
        assert (paper < 0.1) == dark, name
        darker, lighter = sorted((ink, paper))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, name


def test_the_search_finds_a_function(chromium, site):
    chromium.open(site / "search.html", query="q=grad_cam")
    links = chromium.evaluate(RESULTS)
    assert any("reference/generated/kcore.explain.html" in link for link in links), links


def test_no_page_asks_another_host(chromium, site):
    chromium.open(site / "index.html")
    assert [address for address in chromium.requested() if not address.startswith("file:")] == []


def test_the_checks_can_fail(chromium, tmp_path):
    broken = tmp_path / "broken.html"
    broken.write_text(
        "<!DOCTYPE html><title>x</title><img src='no.png'>"
        "<div style='width:2000px'>wide</div><script>console.error('no')</script>"
    )
    chromium.open(broken, width=PHONE)
    wrong = faults(chromium, PHONE)
    assert len(wrong) >= 3
    assert any("pixels wide" in fault for fault in wrong)
