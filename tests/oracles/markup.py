"""Find what is wrong with a page, by the rules of HTML that a report must follow."""

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br"}
KNOWN = VOID | set(
    "html head title style body header main section nav ul li a h1 h2 h3 p span bdi time div dl dt "
    "dd details summary table thead tbody tr th td figure figcaption svg defs g path use clippath "
    "rect b".split()
)
LOADING = {"src", "href", "srcset", "data", "action", "poster", "background", "xlink:href"}


class Page(HTMLParser):
    """Reads a page, and collects its parts and what is wrong with it."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.problems = []
        self.ids = []
        self.links = []
        self.references = []  # of drawings to ids
        self.images = []
        self.texts = []
        self.tags = []
        self._open = []
        if not text.startswith("<!DOCTYPE html>\n"):
            self.problems.append("no doctype")
        self.feed(text)
        self.close()
        self.problems += [f"<{tag}> is never closed" for tag in self._open]
        self._check_whole()

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        values = dict(attributes)
        if tag not in KNOWN:
            self.problems.append(f"<{tag}> is no element of a report")
        if len(names) != len(set(names)):
            self.problems.append(f"<{tag}> has an attribute twice")
        if any(name.startswith("on") for name in names):
            self.problems.append(f"<{tag}> runs a script")
        self.references += re.findall(r"url\(#([^)]*)\)", " ".join(filter(None, values.values())))
        if tag == "use":
            self.references.append(values["href"].removeprefix("#"))
        for name in LOADING & set(names):
            self._check_address(tag, values[name])
        if tag == "img" and not values.get("alt"):
            self.problems.append("an image has no text alternative")
        if tag == "svg" and not (values.get("role") == "img" and values.get("aria-label")):
            self.problems.append("a drawing has no text alternative")
        if tag == "html" and values.get("lang") != "en":
            self.problems.append("the page has no language")
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "img":
            self.images.append(values)
        if tag == "a":
            self.links.append(values["href"])
        self.tags.append(tag)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID or not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        # Line breaks between elements are those of the templates.
        is_layout = not data.strip() and "\n" in data
        if not is_layout and (not self._open or self._open[-1] != "style"):
            self.texts.append(data)

    @property
    def text(self):
        """The whole text that is shown."""
        return "".join(self.texts)

    def _check_address(self, tag, address):
        if not address.startswith(("#", "data:")):
            self.problems.append(f"<{tag}> loads {address}")

    def _check_whole(self):
        for tag in ("html", "head", "title", "body", "main", "h1"):
            if self.tags.count(tag) != 1:
                self.problems.append(f"<{tag}> is there {self.tags.count(tag)} times")
        if len(self.ids) != len(set(self.ids)):
            self.problems.append("an id is there twice")
        for link in self.links:
            if link.removeprefix("#") not in self.ids:
                self.problems.append(f"{link} leads nowhere")
        for reference in set(self.references) - set(self.ids):
            self.problems.append(f"a drawing refers to {reference}, which is not there")
