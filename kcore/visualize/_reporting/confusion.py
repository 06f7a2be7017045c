"""The part of a report that shows which classes are confused with which others."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.visualize._confusion import plot_confusion_matrix, row_shares
from kcore.visualize._figures import PIXEL_RATIO, as_png
from kcore.visualize._reporting.pictures import Picture
from kcore.visualize._reporting.section import Section, Table, table

__all__ = ["confusion_section"]

_MOST_AS_TABLE = 25
_LISTED = 5


def confusion_section(counts: npt.NDArray[np.int64], class_names: Sequence[str]) -> Section:
    """Show the counts as a table, or as a picture if there are many classes."""
    has_table = len(counts) <= _MOST_AS_TABLE
    content = {
        "correct": int(np.trace(counts)),
        "total": int(counts.sum()),
        "rows": _rows(counts, class_names) if has_table else [],
        "picture": None if has_table else _picture(counts, class_names),
        "mistakes": _most_frequent(counts, class_names),
    }
    return Section("confusion", "Confusion matrix", "confusion.html", content)


def _rows(counts: npt.NDArray[np.int64], class_names: Sequence[str]) -> list[dict[str, Any]]:
    has_images = counts.sum() > 0
    return [
        {
            "name": name,
            "cells": list(zip(row.tolist(), shares.tolist(), strict=True)),
            "recall": f"{shares[index]:.1%}" if has_images else "no image",
        }
        for index, (name, row, shares) in enumerate(
            zip(class_names, counts, row_shares(counts), strict=True)
        )
    ]


def _picture(counts: npt.NDArray[np.int64], class_names: Sequence[str]) -> Picture:
    alt = f"Confusion matrix of {len(counts)} classes; the most frequent mistakes are listed."
    png = as_png(plot_confusion_matrix(counts, class_names))
    return Picture.of_png(png, alt, PIXEL_RATIO)


def _most_frequent(counts: npt.NDArray[np.int64], class_names: Sequence[str]) -> Table | None:
    mistakes = counts - np.diag(np.diag(counts))
    order = np.argsort(-mistakes, axis=None, kind="stable")[:_LISTED]
    pairs = [divmod(int(index), len(counts)) for index in order]
    rows = [
        [class_names[true], class_names[predicted], f"{mistakes[true, predicted]:,}"]
        for true, predicted in pairs
        if mistakes[true, predicted]
    ]
    if not rows:
        return None
    return table(["true class", "taken for", "images"], rows, "Most frequent mistakes")
