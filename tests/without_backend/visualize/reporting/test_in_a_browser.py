"""A report as a reader's browser shows it: Debian's chromium, without a window."""

import re

import pytest
from oracles import browser

from kcore.visualize import report


@pytest.fixture(scope="module")
def chromium():
    with browser.running() as running:
        yield running


@pytest.fixture(scope="module")
def opened(chromium, tmp_path_factory, everything):
    written = report(tmp_path_factory.mktemp("report") / "report.html", **everything)

    def open_report(**window):
        chromium.open(written.path, **window)
        return chromium

    return open_report


def colors(page, selector):
    """Return the colors of an element's text and of the page."""
    return page.evaluate(
        f"[getComputedStyle(document.querySelector({selector!r})).color,"
        "getComputedStyle(document.body).backgroundColor]"
    )


def luminance(color):
    """Return the relative luminance of `rgb(r, g, b)`, as WCAG defines it."""
    channels = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_page_loads_without_a_complaint_or_a_request(opened):
    page = opened()
    assert page.complaints() == []
    asked = [address for address in page.requested() if not address.startswith("data:")]
    assert [address.rsplit("/", 1)[1] for address in asked] == ["report.html"]


def test_all_pictures_are_there(opened):
    page = opened()
    widths = page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert len(widths) > 10
    assert min(widths) > 0
    assert page.evaluate("[...document.querySelectorAll('svg')].every(s => s.clientHeight > 100)")


def test_hostile_names_run_nothing(opened):
    page = opened()
    assert page.evaluate("document.title").endswith("</script>: stopped")
    assert page.evaluate("document.scripts.length") == 0
    handlers = "[...document.querySelectorAll('*')].filter(e => e.onmouseover).length"
    assert page.evaluate(handlers) == 0


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_only_tables_scroll_sideways(opened, width):
    page = opened(width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("innerWidth") == width
    assert page.evaluate(
        "[...document.querySelectorAll('h1,h2,p,figure,svg,nav,dl,.note,.wide')].every("
        f"e => e.getBoundingClientRect().right <= {width})"
    )


def test_charts_keep_their_text_legible_on_a_phone(opened):
    page = opened(width=360)
    scale = "Math.min(...[...document.querySelectorAll('svg')].map(s => s.clientWidth / 360))"
    assert page.evaluate(scale) > 0.8, "text of 12 pixels is drawn with at least 9.6"


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_in_light_and_dark(opened, dark):
    page = opened(dark=dark)
    _, paper = colors(page, "body")
    assert (luminance(paper) < 0.05) == dark
    texts = ("body", "h1", ".faint", ".wrong", ".status", "nav a", "figcaption", ".headline dd")
    for selector in texts:
        ink, _ = colors(page, selector)
        assert contrast(ink, paper) >= 4.5, selector


@pytest.mark.parametrize("dark", [False, True])
def test_charts_stand_out_in_light_and_dark(opened, dark):
    page = opened(dark=dark)
    card = page.evaluate("getComputedStyle(document.querySelector('.chart')).backgroundColor")
    assert (luminance(card) < 0.05) == dark
    for name in ("--training", "--validation", "--test", "--faint"):
        line = f"document.querySelector('svg [style*=\"stroke: var({name})\"]')"
        drawn = page.evaluate(f"getComputedStyle({line}).stroke")
        assert contrast(drawn, card) >= 4.5, name


@pytest.mark.parametrize("dark", [False, True])
def test_counts_stand_out_on_the_darkest_cells(opened, dark):
    page = opened(dark=dark)
    page.evaluate("document.querySelectorAll('.confusion td').forEach(c => c.style = '--s:1')")
    for selector in (".confusion td.right", ".confusion td:not(.right)"):
        ink, tint, card = page.evaluate(
            f"(cell => [getComputedStyle(cell).color, getComputedStyle(cell).backgroundColor,"
            "getComputedStyle(cell.closest('.wide')).backgroundColor])"
            f"(document.querySelector({selector!r}))"
        )
        red, green, blue, share = (float(part) for part in re.findall(r"[\d.]+", tint))
        below = [float(part) for part in re.findall(r"[\d.]+", card)]
        mixed = [
            share * a + (1 - share) * b for a, b in zip((red, green, blue), below, strict=True)
        ]
        shown = f"rgb({', '.join(str(round(channel)) for channel in mixed)})"
        assert contrast(ink, shown) >= 4.5, selector


def test_the_contents_lead_to_their_parts(opened):
    page = opened()
    page.evaluate("document.querySelector('nav a[href=\"#setup\"]').click()")
    top = "document.getElementById('setup').getBoundingClientRect().top"
    assert page.evaluate(top) < page.evaluate("innerHeight")


def test_the_checks_can_fail(chromium, tmp_path):
    broken = tmp_path / "broken.html"
    broken.write_text(
        "<!DOCTYPE html><title>x</title><img src='data:image/png;base64,AAAA'>"
        "<div style='width:2000px'>wide</div><script>console.error('no'); missing()</script>"
    )
    chromium.open(broken, width=360)
    assert len(chromium.complaints()) >= 2
    assert chromium.evaluate("document.images[0].naturalWidth") == 0
    assert chromium.evaluate("document.documentElement.scrollWidth") > 360
