"""One window sliding along one axis: how often it fits, what it pads, and what it never sees."""

from dataclasses import dataclass
from numbers import Integral

from kcore.shapes import _checks as checks
from kcore.shapes._drawing import draw, numbered, plural
from kcore.shapes._listing import listed, untouched

__all__ = ["PADDINGS", "Window", "window"]

PADDINGS = ("valid", "same", "causal")


@dataclass(frozen=True)
class Window:
    """A window of `kernel` cells that moves by `strides` along `size` cells.

    Cells are counted from 0 in everything that a program reads and from 1 in the drawing that
    `print` shows. Numbers that depend on an unknown size (None) are None.

    Attributes:
        size: number of input cells, or None where it is unknown.
        kernel: number of cells that one position reads; None for a window as wide as an unknown
            input.
        strides: cells from one position to the next.
        dilation_rate: cells from one read cell to the next inside the window.
        padding: `"valid"`, `"same"` or `"causal"`, in any case of letters.

    Raises:
        ValueError: see `window`; also if `kernel` is None and the size is known, or `strides` is
            None and the kernel is known.
        TypeError: if a number is no integer.
    """

    size: int | None
    kernel: int | None
    strides: int | None = 1
    dilation_rate: int = 1
    padding: str = "valid"

    def __post_init__(self) -> None:
        """Refuse numbers that describe no window; see `window`."""
        size = checks.size_or_unknown(size=self.size)
        kernel = checks.size_or_unknown(kernel=self.kernel)
        strides = checks.size_or_unknown(strides=self.strides)
        rate = checks.at_least(1, dilation_rate=self.dilation_rate)
        padding = checks.one_of(PADDINGS, padding=self.padding)
        if kernel is None and size is not None:
            raise ValueError(f"kernel=None with size={size}: give kernel={size} for all cells.")
        if strides is None and kernel is not None:
            raise ValueError(f"strides=None with kernel={kernel}: give strides of 1 or more.")
        if padding == "valid" and kernel is not None:
            checks.fits(size, kernel, rate)
        checks.settle(self, size, kernel, strides, rate, padding)

    @property
    def effective_kernel(self) -> int | None:
        """Cells from the first read cell to the last, both included."""
        return None if self.kernel is None else (self.kernel - 1) * self.dilation_rate + 1

    @property
    def output_size(self) -> int | None:
        """Number of positions that the window takes."""
        if self.kernel is None:
            return 1
        if self.size is None or self.strides is None or self.effective_kernel is None:
            return None
        if self.padding == "valid":
            return (self.size - self.effective_kernel) // self.strides + 1
        return -(-self.size // self.strides)

    @property
    def pads(self) -> tuple[int, int] | None:
        """Cells added before and after the input.

        For `"same"` an odd cell goes after, which is the right or the bottom: TensorFlow's rule.
        """
        if self.padding == "valid" or self.effective_kernel is None:
            return (0, 0)
        if self.padding == "causal":
            return (self.effective_kernel - 1, 0)
        total = self._same_total()
        return None if total is None else (total // 2, total - total // 2)

    @property
    def dropped(self) -> range | None:
        """Cells at the end (right or bottom) that no position reaches."""
        if self.kernel is None:
            return range(0)
        if self.size is None:
            return range(0) if self.strides == 1 else None
        assert self.output_size is not None
        _, last = self.span(self.output_size - 1)
        return range(min(last + 1, self.size), self.size)

    @property
    def skipped(self) -> tuple[int, ...] | None:
        """Cells that no position reads, although positions before and after them do.

        This happens where strides exceed the kernel, where strides and dilation share a factor, and
        where a dilated window has too few positions to fill its own gaps.

        Raises:
            ValueError: if there are too many cells to look at each.
        """
        if self.kernel is None or (self.dilation_rate == 1 and (self.strides or 1) <= self.kernel):
            return ()
        if self.size is None or self.dropped is None or self.output_size is None:
            return None
        assert self.pads is not None
        assert self.strides is not None
        positions, taps = (self.output_size, self.strides), (self.kernel, self.dilation_rate)
        return untouched(self.dropped.start, positions, taps, self.pads[0])

    def span(self, position: int) -> tuple[int, int]:
        """First and last cell that output `position` covers; pads lie outside 0..size-1.

        Raises:
            IndexError: if there is no such position.
            ValueError: if the size must be known for the answer and isn't.
        """
        self._check_position(position)
        if self.kernel is None or self.effective_kernel is None or self.strides is None:
            raise ValueError("size=None: the span of a window over the whole axis is unknown.")
        if self.pads is None:
            raise ValueError(f"size=None: with strides={self.strides} the pads depend on the size.")
        first = position * self.strides - self.pads[0]
        return (first, first + self.effective_kernel - 1)

    def cells(self, position: int) -> tuple[int, ...]:
        """Input cells that output `position` reads, pads left out."""
        first, last = self.span(position)
        end = last if self.size is None else min(last, self.size - 1)
        skipped = max(-(first // self.dilation_rate), 0)
        return listed(range(first + skipped * self.dilation_rate, end + 1, self.dilation_rate))

    def __str__(self) -> str:
        if self.size is None or self.output_size is None:
            return _summary(self)
        assert self.pads is not None
        before = self.pads[0]

        def row(position: int) -> range:
            first, last = self.span(position)
            return range(first + before, last + before + 1, self.dilation_rate)

        drawn = draw(self.size, self.output_size, row, self.pads)
        return "\n".join([_summary(self), *drawn])

    def _same_total(self) -> int | None:
        """Pads of both sides together: what the last position lacks."""
        assert self.effective_kernel is not None
        if self.strides == 1:
            return self.effective_kernel - 1
        if self.size is None or self.output_size is None or self.strides is None:
            return None
        reach = (self.output_size - 1) * self.strides + self.effective_kernel
        return max(reach - self.size, 0)

    def _check_position(self, position: int) -> None:
        checks.instance((Integral,), position=position)
        if position < 0 or (self.output_size is not None and position >= self.output_size):
            count = self.output_size
            raise IndexError(f"position={position}: there are {count}, counted from 0.")


def window(
    size: int | None,
    kernel: int,
    strides: int = 1,
    dilation_rate: int = 1,
    padding: str = "valid",
) -> Window:
    """Describe a convolution or pooling window along one axis.

    This is the arithmetic of TensorFlow and Keras: with effective kernel
    `e = (kernel - 1) * dilation_rate + 1`,

    - `"valid"` gives `(size - e) // strides + 1` positions, adds nothing and drops the last cells;
    - `"same"` gives `ceil(size / strides)` positions and pads what the last of them lacks, half
      before and half after, the odd cell after;
    - `"causal"` gives as many positions as `"same"` and puts `e - 1` pads before the input, so
      that no position sees a later cell.

    Strides and dilation together are plain arithmetic here; see `conv_windows` for what Keras's
    layers refuse.

    Args:
        size: number of cells, 1 or more; None where it is unknown.
        kernel: number of cells that one position reads.
        strides: cells from one position to the next.
        dilation_rate: cells from one read cell to the next inside the window.
        padding: `"valid"`, `"same"` or `"causal"`, in any case of letters.

    Returns:
        The window. Printing it draws it.

    Raises:
        ValueError: if a number is below 1, the padding is unknown, or an unpadded window doesn't
            fit into the input.
        TypeError: if a number is no integer.

    Example:
        >>> narrow = window(13, kernel=6, strides=5, padding="same")
        >>> narrow.output_size, narrow.pads
        (3, (1, 2))
        >>> print(window(13, kernel=6, strides=5))
        13 cells, kernel 6, strides 5, padding 'valid': 2 positions, cells 12 to 13 dropped
          1  2  3  4  5  6  7  8  9 10 11 12 13
        |_________________|
                       |_________________|
    """
    checks.at_least(1, kernel=kernel, strides=strides)
    return Window(size, kernel, strides, dilation_rate, padding)


def _summary(described: Window) -> str:
    parts = ["unknown size" if described.size is None else plural(described.size, "cell")]
    parts.append(
        "one window over all" if described.kernel is None else f"kernel {described.kernel}"
    )
    if described.strides is not None:
        parts.append(f"strides {described.strides}")
    if described.dilation_rate > 1:
        parts.append(f"dilation_rate {described.dilation_rate}")
    parts.append(f"padding {described.padding!r}")
    return f"{', '.join(parts)}: {', '.join(_outcome(described))}"


def _outcome(described: Window) -> list[str]:
    count = described.output_size
    outcome = ["unknown number of positions" if count is None else plural(count, "position")]
    if described.pads not in (None, (0, 0)):
        outcome.append("pads {} before and {} after".format(*described.pads))
    if described.dropped:
        outcome.append(f"{numbered(described.dropped)} dropped")
    try:
        skipped = described.skipped
    except ValueError:
        return [*outcome, "too many cells to look for some between that no position reads"]
    if skipped:
        outcome.append(f"{plural(len(skipped), 'cell')} between that no position reads")
    return outcome
