"""The file of a report, as a path that a notebook shows as a link."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from kcore._notebook import join, link, summary

__all__ = ["ReportFile"]


@dataclass(frozen=True, repr=False, eq=False)
class ReportFile(os.PathLike[str]):
    """A report that was written: a path to open, which a notebook shows as a link.

    `open`, `pathlib.Path` and `shutil.copy` take it as they take any path, and `str` returns the
    path as text.

    Attributes:
        path: the file.
        title: what was trained.
        status: "running", "finished", "stopped" or "interrupted".
        metrics: name -> number, as they stand at the top of the report.

    Example:
        >>> import pathlib, tempfile
        >>> import kcore
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "report.html"
        >>> kcore.visualize.report(path, metrics={"accuracy": 0.9})
        ReportFile('...report.html', status='finished')
    """

    path: Path
    title: str
    status: str
    metrics: Mapping[str, float]

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r}, status={self.status!r})"

    def _repr_html_(self) -> str:
        facts = [("status", self.status)]
        facts += [(name, f"{value:.4g}") for name, value in self.metrics.items()]
        return join(link(str(self.path), _address(self.path)), summary(self.title, facts))


def _address(path: Path) -> str:
    """Return where a link leads: notebooks take it relative to the directory that they run in."""
    whole = path.absolute()
    if whole.is_relative_to(Path.cwd()):
        return quote(os.fsencode(whole.relative_to(Path.cwd()).as_posix()))
    return whole.as_uri()
