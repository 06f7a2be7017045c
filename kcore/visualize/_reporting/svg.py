"""Embed a matplotlib chart in a page, as inline SVG in the page's colors.

matplotlib writes colors and ids into a file of its own. In a page the colors are those of its style
sheet, light or dark, and no id may occur twice.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from kcore._markup import printable
from kcore.visualize._chart import draw, last_values, subtitle
from kcore.visualize._series import Curve, describe

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Chart", "charts"]

_POINTS = 72  # in an inch
_WIDTH, _HEIGHT = 360, 220  # in points, which are pixels of the page if it isn't scaled
_FONT_SIZE = 12
_CHARACTER = 7.7  # width of a digit
_LINE = 18  # height of a text
_BESIDE_LABELS, _RIGHT, _TOP, _BOTTOM = 8, 8, 18, 40
# Color in the drawing -> variable of the style sheet.
_VARIABLES = {
    "#1f5fa8": "--training",
    "#b4500a": "--validation",
    "#7a2d8f": "--test",
    "#5a616b": "--faint",
    "#d9dce0": "--rule",
}
_TRAINING, _VALIDATION, _TEST, _FAINT, _RULE = _VARIABLES
_COLOR = re.compile("|".join(_VARIABLES))
_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_IN_URL = re.compile(r"url\(#([^)]*)\)")


@dataclass(frozen=True)
class Chart:
    """One metric.

    Attributes:
        title: its name.
        subtitle: how large the gap is, or what is not finite.
        lines: name and last value of each line.
        svg: the drawing; what it shows is described in words, for people who can't see it.
    """

    title: str
    subtitle: str
    lines: list[tuple[str, str]]
    svg: str


def charts(curves: Sequence[Curve]) -> list[Chart]:
    """Draw each metric."""
    return [
        Chart(
            title=curve.metric,
            subtitle=subtitle(curve),
            lines=last_values(curve),
            svg=_inline(_drawn(curve), describe(curve), f"chart-{index}"),
        )
        for index, curve in enumerate(curves)
    ]


def _drawn(curve: Curve) -> "Figure":
    """Draw one metric; whatever style the user has chosen, the report has its own."""
    from matplotlib.figure import Figure

    size = (_WIDTH / _POINTS, _HEIGHT / _POINTS)
    figure = Figure(figsize=size, dpi=_POINTS, facecolor="none")
    ax = figure.add_subplot(facecolor="none")
    colors = {"training": _TRAINING, "validation": _VALIDATION, "test": _TEST, "mark": _FAINT}
    draw(ax, curve, colors)
    _color(ax)
    _place(ax)
    return figure


def _place(ax: "Axes") -> None:
    """Leave space for the labels, in a small part of the time that a layout engine takes."""
    longest = max((len(label.get_text()) for label in ax.get_yticklabels()), default=0)
    left = _BESIDE_LABELS + longest * _CHARACTER + (_LINE if ax.get_ylabel() else 0)
    width, height = _WIDTH - left - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    ax.set_position((left / _WIDTH, _BOTTOM / _HEIGHT, width / _WIDTH, height / _HEIGHT))


def _color(ax: "Axes") -> None:
    ax.grid(axis="y", color=_RULE, linewidth=0.8)
    ax.grid(visible=False, axis="x")
    ax.set_axisbelow(True)
    for side, spine in ax.spines.items():
        spine.set(visible=side == "bottom", color=_FAINT)
    ax.tick_params(color=_FAINT, labelcolor=_FAINT, labelsize=_FONT_SIZE, left=False)
    for text in (ax.xaxis.label, ax.yaxis.label, ax.yaxis.get_offset_text()):
        text.set(color=_FAINT, fontsize=_FONT_SIZE)


def _inline(figure: "Figure", described: str, prefix: str) -> str:
    """Write a figure as an element of a page, which is markup.

    Args:
        figure: what was drawn.
        described: its content in words.
        prefix: the beginning of its ids, which must differ for each figure of the page.
    """
    buffer = BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    ElementTree.register_namespace("", _SVG.strip("{}"))
    root = ElementTree.fromstring(buffer.getvalue())
    view = root.get("viewBox", "")
    root.attrib.clear()
    root.attrib.update(viewBox=view, role="img", **{"aria-label": printable(described)})
    for part in root.findall(f"{_SVG}metadata") + root.findall(f"{_SVG}defs[{_SVG}style]"):
        root.remove(part)  # metadata of the file, and a style for all lines, which the page has too
    _rename(root, prefix)
    return ElementTree.tostring(root, encoding="unicode")


def _rename(root: ElementTree.Element, prefix: str) -> None:
    """Make the ids that are referred to unique, and use the page's colors."""
    wanted = {link[1:] for element in root.iter() if (link := element.get(_LINK))}
    for element in root.iter():
        for value in element.attrib.values():
            wanted.update(_IN_URL.findall(value))
    names: dict[str, str] = {}
    for element in root.iter():
        old = element.attrib.pop("id", None)
        if old in wanted:
            names[old] = f"{prefix}-{len(names)}"
            element.set("id", names[old])
    for element in root.iter():
        for key, value in element.items():
            if key == _LINK:
                element.attrib.pop(key)
                element.set("href", f"#{names[value[1:]]}")
                continue
            value = _IN_URL.sub(lambda found: f"url(#{names[found[1]]})", value)
            element.set(key, _COLOR.sub(lambda found: f"var({_VARIABLES[found[0]]})", value))
