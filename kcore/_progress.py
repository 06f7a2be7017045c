"""Show the progress of long work with a tqdm bar, on stderr or in a notebook."""

import sys
import warnings
from functools import cache
from typing import Any, TextIO

from kcore._console import encodable, printable

__all__ = ["progress_bar"]

# Seconds between two updates; more for a log file, where each update adds text.
_ON_A_TERMINAL = 0.1
_IN_A_LOG = 10.0


def progress_bar(
    label: str,
    total: int | None = None,
    *,
    unit: str = "images",
    delay: float = 0.0,
    stream: TextIO | None = None,
) -> Any:
    """Return a tqdm bar: a context manager with `update(n)`.

    Args:
        label: what is being done, such as "Scanning".
        total: number of units to do; None if it is unknown.
        unit: what is counted, such as "files"; "B" counts bytes, and shows megabytes.
        delay: seconds before the bar appears; shorter work shows no bar.
        stream: stream to write to; None for stderr, or a widget in a notebook.

    Example:
        >>> with progress_bar("Drawing", total=3, stream=sys.stdout) as bar:
        ...     for _ in range(3):
        ...         shown = bar.update()
        Drawing:...100%|...| 3/3 [...images/s]
    """
    target = sys.stderr if stream is None else stream
    is_terminal = target is not None and target.isatty()
    return _bar_type(is_custom=stream is not None)(
        desc=encodable(printable(label), target),
        total=total,
        unit=unit if unit == "B" else f" {unit}",
        unit_scale=unit == "B",
        delay=delay,
        # A program without a console has no stderr.
        disable=target is None,
        file=stream,
        mininterval=_ON_A_TERMINAL if is_terminal else _IN_A_LOG,
        miniters=1,
        dynamic_ncols=True,
    )


@cache
def _bar_type(is_custom: bool) -> type:
    # A notebook's widget can't be written to a stream.
    if is_custom:
        from tqdm import tqdm
    else:
        with warnings.catch_warnings():
            # A notebook without widgets shows the bar as text, which is no reason to warn.
            warnings.filterwarnings("ignore", "IProgress not found")
            from tqdm.auto import tqdm

    class Bar(tqdm):
        # No monitor thread: it would outlive the work, and with `miniters=1` it is not needed.
        monitor_interval = 0

    return Bar
