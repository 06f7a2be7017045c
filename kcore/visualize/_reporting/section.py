"""One part of a report: what it is called, and what it shows."""

from dataclasses import dataclass

from kcore.visualize._reporting.html import Html, element, join

__all__ = ["Section"]


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading, which the list of contents leads to.

    Attributes:
        id: where links lead; the same in every report.
        title: the heading.
        content: the markup below it.
    """

    id: str
    title: str
    content: Html

    def markup(self) -> Html:
        """Return the part as markup."""
        heading = element("h2", self.title, id=f"{self.id}-title")
        return element(
            "section",
            join([heading, self.content]),
            id=self.id,
            aria_labeledby=f"{self.id}-title",
        )
