"""A window along one axis: how many positions it has, what it pads, which cells it never reads."""

from dataclasses import dataclass
from numbers import Integral

from kcore.shapes import _checks as checks
from kcore.shapes._drawing import draw, numbered, plural
from kcore.shapes._listing import listed, untouched
from kcore.shapes._shown import Shown

__all__ = ["PADDINGS", "Window"]

PADDINGS = ("valid", "same", "causal")


@dataclass(frozen=True, repr=False)
class Window(Shown):
    """A convolution or pooling window along one axis, which draws itself when printed.

    This is the arithmetic of TensorFlow and Keras. With the effective kernel size
    `e = (kernel_size - 1) * dilation_rate + 1`,

    - `"valid"` gives `(size - e) // strides + 1` positions, pads nothing and drops the last cells;
    - `"same"` gives `ceil(size / strides)` positions and adds the pads that the last position
      needs: half before and half after, an odd pad after;
    - `"causal"` gives as many positions as `"same"` and puts `e - 1` pads before the input, so
      no position sees a later cell.

    Strides and dilation can be combined here; `conv_windows` refuses what Keras's layers refuse.
    Properties and methods count cells from 0, the drawing counts them from 1. Numbers that depend
    on an unknown size (None) are None.

    Attributes:
        size: number of input cells, 1 or more; None where it is unknown.
        kernel_size: number of cells that one position reads, 1 or more; None for a window over all
            cells of an unknown size.
        strides: cells from one position to the next, 1 or more; None where `kernel_size` is.
        dilation_rate: cells from one read cell to the next inside the window, 1 or more.
        padding: `"valid"`, `"same"` or `"causal"`, in upper or lower case.

    Raises:
        ValueError: if a number is below 1, the padding is unknown, or an unpadded window doesn't
            fit into the input; also if `kernel_size` is None although the size is known, or
            `strides` is None although `kernel_size` is known.
        TypeError: if a number is not an integer.

    Example:
        >>> narrow = Window(13, kernel_size=6, strides=5, padding="same")
        >>> narrow.output_size, narrow.pads
        (3, (1, 2))
        >>> print(Window(13, kernel_size=6, strides=5))
        13 cells, kernel 6, strides 5, padding 'valid': 2 positions, cells 12 to 13 dropped
          1  2  3  4  5  6  7  8  9 10 11 12 13
        |_________________|
                       |_________________|
    """

    size: int | None
    kernel_size: int | None
    strides: int | None = 1
    dilation_rate: int = 1
    padding: str = "valid"

    def __post_init__(self) -> None:
        """Check the numbers, and store them as plain integers."""
        size = checks.size_or_unknown(size=self.size)
        kernel_size = checks.size_or_unknown(kernel_size=self.kernel_size)
        strides = checks.size_or_unknown(strides=self.strides)
        rate = checks.at_least(1, dilation_rate=self.dilation_rate)
        padding = checks.one_of(PADDINGS, padding=self.padding)
        if kernel_size is None and size is not None:
            raise ValueError(
                f"kernel_size=None with size={size}: give kernel_size={size} for all cells."
            )
        if strides is None and kernel_size is not None:
            raise ValueError(
                f"strides=None with kernel_size={kernel_size}: give strides of 1 or more."
            )
        if padding == "valid" and kernel_size is not None:
            checks.fits(size, kernel_size, rate)
        checks.settle(self, size, kernel_size, strides, rate, padding)

    @property
    def effective_kernel_size(self) -> int | None:
        """Cells from the first one read to the last, both included."""
        return None if self.kernel_size is None else (self.kernel_size - 1) * self.dilation_rate + 1

    @property
    def output_size(self) -> int | None:
        """Number of positions of the window."""
        if self.kernel_size is None:
            return 1
        if self.size is None or self.strides is None or self.effective_kernel_size is None:
            return None
        if self.padding == "valid":
            return (self.size - self.effective_kernel_size) // self.strides + 1
        return -(-self.size // self.strides)

    @property
    def pads(self) -> tuple[int, int] | None:
        """Cells added before and after the input.

        With `"same"` an odd pad goes after the input, to the right or the bottom: TensorFlow's
        rule.
        """
        if self.padding == "valid" or self.effective_kernel_size is None:
            return (0, 0)
        if self.padding == "causal":
            return (self.effective_kernel_size - 1, 0)
        total = self._same_total()
        return None if total is None else (total // 2, total - total // 2)

    @property
    def dropped(self) -> range | None:
        """Cells at the end (right or bottom) that no position reaches, counted from 0."""
        if self.kernel_size is None:
            return range(0)
        if self.size is None:
            return range(0) if self.strides == 1 else None
        assert self.output_size is not None
        _, last = self.span(self.output_size - 1)
        return range(min(last + 1, self.size), self.size)

    @property
    def skipped(self) -> tuple[int, ...] | None:
        """Cells that no position reads, although cells before and after them are read.

        There are some where strides exceed the kernel size, where strides and dilation rate share a
        factor, and where a dilated window has too few positions to fill its gaps.

        Raises:
            ValueError: if there are too many cells to examine one by one.
        """
        if self.kernel_size is None:
            return ()
        if self.dilation_rate == 1 and (self.strides or 1) <= self.kernel_size:
            return ()
        if self.size is None or self.dropped is None or self.output_size is None:
            return None
        assert self.pads is not None
        assert self.strides is not None
        positions, taps = (self.output_size, self.strides), (self.kernel_size, self.dilation_rate)
        return untouched(self.dropped.start, positions, taps, self.pads[0])

    def span(self, position: int) -> tuple[int, int]:
        """Return the first and the last cell that a position covers.

        Args:
            position: output position, counted from 0.

        Returns:
            Two input cells, counted from 0. Cells below 0, and from `size` on, are pads.

        Raises:
            IndexError: if there is no such position.
            ValueError: if the span depends on an unknown size.
        """
        self._check_position(position)
        if self.kernel_size is None or self.effective_kernel_size is None or self.strides is None:
            raise ValueError("size=None: the span of a window over all cells depends on the size.")
        if self.pads is None:
            raise ValueError(f"size=None: with strides={self.strides} the pads depend on the size.")
        first = position * self.strides - self.pads[0]
        return (first, first + self.effective_kernel_size - 1)

    def cells(self, position: int) -> tuple[int, ...]:
        """Return the input cells that a position reads, without pads.

        Args:
            position: output position, counted from 0.

        Returns:
            Input cells, counted from 0.

        Raises:
            IndexError: if there is no such position.
            ValueError: if the cells depend on an unknown size, or there are more than ten million
                of them.
        """
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
        """Return the number of pads on both sides together, which the last position needs."""
        assert self.effective_kernel_size is not None
        if self.strides == 1:
            return self.effective_kernel_size - 1
        if self.size is None or self.output_size is None or self.strides is None:
            return None
        reach = (self.output_size - 1) * self.strides + self.effective_kernel_size
        return max(reach - self.size, 0)

    def _check_position(self, position: int) -> None:
        checks.instance((Integral,), position=position)
        if position < 0 or (self.output_size is not None and position >= self.output_size):
            count = self.output_size
            raise IndexError(
                f"position={position} doesn't exist: there are {count}, counted from 0."
            )


def _summary(described: Window) -> str:
    parts = ["unknown size" if described.size is None else plural(described.size, "cell")]
    parts.append(
        "one window over all"
        if described.kernel_size is None
        else f"kernel {described.kernel_size}"
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
        return [*outcome, "too many cells to look for skipped ones"]
    if skipped:
        outcome.append(f"{plural(len(skipped), 'cell')} skipped")
    return outcome
