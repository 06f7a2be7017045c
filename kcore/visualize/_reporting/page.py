"""Render the page of a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kcore._markup import environment
from kcore.visualize._reporting.section import Section

__all__ = ["STATUSES", "Head", "page"]

# Each status also has a sign, so that it doesn't depend on color alone.
STATUSES = {"running": "▶", "finished": "✓", "stopped": "■", "interrupted": "✗"}


@dataclass(frozen=True)
class Head:
    """What stands above the sections.

    Attributes:
        title: what was trained.
        status: one of `STATUSES`.
        reason: why the training ended, or how far it has come.
        note: what a reader must know about the results.
        written: when this was written.
        metrics: the numbers to show.
        headline: the metric that stands out, if there is one of this name.
    """

    title: str
    status: str
    reason: str | None
    note: str | None
    written: datetime
    metrics: Mapping[str, float]
    headline: str

    @property
    def sign(self) -> str:
        """The sign of the status."""
        return STATUSES[self.status]


def page(head: Head, sections: Sequence[Section]) -> str:
    """Put a report together.

    Args:
        head: what stands above the sections.
        sections: the parts, in their order.

    Returns:
        The text of the file.
    """
    template = environment(__package__).get_template("page.html")
    return template.render(head=head, sections=sections)
