"""The pages of the site link to each other rightly, and hold what they should."""

import json
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from sphinx.util.inventory import InventoryFile
from test_public_names import PUBLIC

import kcore

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
SOURCE = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["urls"]["Source"]


class Page(HTMLParser):
    """The links, pictures and anchors of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.add(attributes.get("id") or attributes.get("name"))
        for name in ("href", "src"):
            if attributes.get(name):
                self.links.append(attributes[name])


@pytest.fixture(scope="module")
def pages(paths):
    return {path.resolve(): Page(path) for path in paths}


def broken_links(pages):
    """Return (page, link) for each link to a file or an anchor that is not there."""
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.exists() or (
                anchor and target in pages and anchor not in pages[target].anchors
            ):
                broken.append((path.name, link))
    return broken


def test_no_internal_link_is_broken(pages):
    assert len(pages) > 50
    assert broken_links(pages) == []


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html">b</a><a href="#x">x</a><p id="y"></p>')
    (tmp_path / "c.html").write_text('<a href="a.html#z">z</a><a href="a.html#y">y</a>')
    made = {path: Page(path) for path in sorted(tmp_path.glob("*.html"))}
    links = [("a.html", "b.html"), ("a.html", "#x"), ("c.html", "a.html#z")]
    assert broken_links(made) == links


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_in_the_reference(site, module):
    with (site / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, uri: uri)
    documented = {name: item for kind in inventory.values() for name, item in kind.items()}
    missing = [
        name for name in PUBLIC[module].split() if f"kcore.{module}.{name}" not in documented
    ]
    assert missing == []


def test_every_tutorial_offers_its_notebook(site):
    notebooks = {path.stem: path for path in (site / "notebooks").glob("*.ipynb")}
    assert len(notebooks) >= 11
    for name, path in notebooks.items():
        first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
        assert "google.colab" in "".join(first)
        links = Page(site / "auto_tutorials" / f"{name}.html").links
        assert f"../notebooks/{name}.ipynb" in links
        (colab,) = [link for link in links if link.startswith("https://colab.research.google.com/")]
        assert colab.endswith(f"/blob/gh-pages/notebooks/{name}.ipynb")


def test_the_pages_give_the_version(site):
    assert f"kcore {kcore.__version__}" in (site / "index.html").read_text(encoding="utf-8")


def test_links_between_pages_of_different_kinds(site):
    scaling = Page(site / "scaling.html").links
    assert f"{SOURCE}/blob/main/examples/distributed.py" in scaling, "a file that is no page"
    windows = Page(site / "windows.html").links
    assert "auto_gallery/windows.html" in windows, "the script of a picture"
    assert "reference/generated/kcore.inspect.html#kcore.inspect.audit" in windows, "a name"
