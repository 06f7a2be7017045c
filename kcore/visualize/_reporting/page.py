"""Render the page of a report."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from kcore._markup import environment
from kcore.visualize._reporting.section import Section

__all__ = ["STATUSES", "page"]

# Each status also has a sign, so that it doesn't depend on color alone.
STATUSES = {"running": "▶", "finished": "✓", "stopped": "■", "interrupted": "✗"}


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
        reason: why the training ended, or how far it has come.
        written: when this was written.
        metrics: the numbers to show at the top.
        sections: the parts, in their order.

    Returns:
        The text of the file.
    """
    template = environment(__package__).get_template("page.html")
    return template.render(
        title=title,
        status=status,
        sign=STATUSES[status],
        reason=reason,
        written=written,
        metrics=metrics,
        sections=sections,
    )
