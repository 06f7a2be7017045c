"""The page around the parts of a report."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files

from kcore.visualize._reporting.html import Html, element, join
from kcore.visualize._reporting.section import Section

__all__ = ["STATUSES", "page"]

# Each status is told by its sign too, not by color alone.
STATUSES = {
    "running": "▶ running",
    "finished": "✓ finished",
    "stopped": "■ stopped",
    "interrupted": "✗ interrupted",
}
# An empty picture, or the browser asks beside the report for one.
_NO_ICON = "data:,"


def page(
    title: str,
    status: str,
    reason: str | None,
    written: datetime,
    metrics: Mapping[str, float],
    sections: Sequence[Section],
) -> str:
    """Put a report together.

    Args:
        title: what was trained.
        status: one of `STATUSES`.
        reason: why the training ended, or how far it is.
        written: when this was written.
        metrics: the numbers to show at the top.
        sections: the parts, in their order.

    Returns:
        The text of the file.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{title}: {status}"),
        element("link", rel="icon", href=_NO_ICON),
        element("style", _style()),
    )
    body = element(
        "body",
        _header(title, status, reason, written, metrics, sections),
        element("main", *[section.markup() for section in sections]),
    )
    return f'<!DOCTYPE html>\n<html lang="en">{head}{body}</html>\n'


def _style() -> Html:
    return Html(files("kcore.visualize._reporting").joinpath("style.css").read_text("utf-8"))


def _header(
    title: str,
    status: str,
    reason: str | None,
    written: datetime,
    metrics: Mapping[str, float],
    sections: Sequence[Section],
) -> Html:
    stamp = f"{written:%Y-%m-%d %H:%M:%S %Z}"
    links = [
        element("li", element("a", section.title, href=f"#{section.id}")) for section in sections
    ]
    note = " If that is long ago, the training has ended without a word."
    return element(
        "header",
        element("h1", title),
        element("p", element("span", STATUSES[status], class_=f"status {status}")),
        element("p", reason) if reason else None,
        element(
            "p",
            "Written ",
            element("time", stamp, datetime=written.isoformat(timespec="seconds")),
            ".",
            note if status == "running" else None,
            class_="faint",
        ),
        _tiles(metrics),
        element("nav", element("ul", *links), aria_label="Contents") if links else None,
    )


def _tiles(metrics: Mapping[str, float]) -> Html | None:
    if not metrics:
        return None
    tiles = [
        element("div", element("dt", name), element("dd", f"{float(value):.4g}"))
        for name, value in metrics.items()
    ]
    return element("dl", join(tiles), class_="metrics")
