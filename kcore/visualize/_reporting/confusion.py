"""The part of a report on which classes are taken for which others."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kcore.visualize._confusion import confusion_picture, row_shares
from kcore.visualize._reporting.html import Html, element, join, scrolling, table
from kcore.visualize._reporting.pictures import picture
from kcore.visualize._reporting.section import Section

__all__ = ["confusion_section"]

_MOST_AS_TABLE = 25
_LISTED = 5


def confusion_section(counts: npt.NDArray[np.int64], class_names: Sequence[str]) -> Section:
    """Show the counts as a table, or as a picture where there are many classes."""
    right, total = int(np.trace(counts)), int(counts.sum())
    share = f" ({right / total:.1%})" if total else ""
    summary = element("p", f"{right:,} of {total:,} images are classified correctly{share}.")
    if len(counts) <= _MOST_AS_TABLE:
        shown = scrolling(_table(counts, class_names), "Confusion matrix")
    else:
        alt = f"Confusion matrix of {len(counts)} classes; the most frequent mistakes are listed."
        shown = scrolling(picture(confusion_picture(counts, class_names), alt), "Confusion matrix")
    explained = element(
        "p",
        "Rows are true classes, columns are predicted ones. Recall is the share of a true "
        "class that is found.",
        class_="faint",
    )
    content = join([summary, shown, explained, _most_frequent(counts, class_names)])
    return Section("confusion", "Confusion matrix", content)


def _table(counts: npt.NDArray[np.int64], class_names: Sequence[str]) -> Html:
    head = [
        element("th", "true class", scope="col"),
        *[element("th", element("span", name), scope="col", class_="name") for name in class_names],
        element("th", "recall", scope="col"),
    ]
    shares = row_shares(counts)
    rows = [
        _row(index, name, counts[index], shares[index]) for index, name in enumerate(class_names)
    ]
    return element(
        "table",
        element("thead", element("tr", *head)),
        element("tbody", *rows),
        class_="confusion",
    )


def _row(
    index: int, name: str, counts: npt.NDArray[np.int64], shares: npt.NDArray[np.float64]
) -> Html:
    cells = [
        element(
            "td",
            f"{count:,}" if count else "",
            class_="right" if column == index else None,
            style=f"--s:{shares[column]:.3f}",
        )
        for column, count in enumerate(counts)
    ]
    recall = f"{shares[index]:.1%}" if counts.sum() else "no image"
    return element(
        "tr", element("th", name, scope="row"), *cells, element("td", recall, class_="recall")
    )


def _most_frequent(counts: npt.NDArray[np.int64], class_names: Sequence[str]) -> Html | None:
    mistakes = counts - np.diag(np.diag(counts))
    places = np.argsort(-mistakes, axis=None, kind="stable")[:_LISTED]
    pairs = [divmod(int(place), len(counts)) for place in places]
    rows = [
        [class_names[true], class_names[taken], f"{mistakes[true, taken]:,}"]
        for true, taken in pairs
        if mistakes[true, taken]
    ]
    if not rows:
        return None
    heading = element("h3", "Most frequent mistakes")
    return join(
        [heading, table(["true class", "taken for", "images"], rows, "Most frequent mistakes")]
    )
