"""The window of a transposed convolution along one axis: a forward window, turned around."""

from dataclasses import dataclass
from numbers import Integral

from kcore.shapes import _checks as checks
from kcore.shapes._drawing import draw, plural
from kcore.shapes._listing import listed, untouched
from kcore.shapes._shown import Shown

__all__ = ["TransposedWindow"]


@dataclass(frozen=True, repr=False)
class TransposedWindow(Shown):
    """A transposed convolution along one axis, which draws itself when printed.

    Each input cell writes to `kernel_size` output cells: input cell `position` writes through `tap`
    to output cell `position * strides + tap * dilation_rate - pads[0]`. This is the forward window
    of the same numbers with input and output exchanged, as Keras's layers compute it.

    `output_padding=None` and `output_padding=0` differ: None gives Keras's default length, 0 the
    shortest one, which is `(size - 1) * strides + effective_kernel_size % 2` for `"same"`.
    Properties and methods count cells from 0, the drawing counts them from 1.

    Attributes:
        size: number of input cells, 1 or more; None where it is unknown.
        kernel_size: number of output cells that one input cell writes to, 1 or more.
        strides: output cells from the first cell that an input cell writes to, to the first one of
            the next input cell; 1 or more.
        dilation_rate: output cells from one tap to the next, 1 or more.
        padding: `"valid"` or `"same"`, in upper or lower case.
        output_padding: None, or 0 to `strides - 1` cells added at the end of the shortest output.

    Raises:
        ValueError: if a number is out of range, the padding is unknown, `output_padding` reaches
            `strides`, or no output cell is left.
        TypeError: if a number is not an integer.

    Example:
        >>> TransposedWindow(3, kernel_size=3, strides=2, padding="same").output_size
        6
        >>> shortest = TransposedWindow(3, 3, strides=2, padding="same", output_padding=0)
        >>> shortest.output_size
        5
        >>> print(TransposedWindow(3, kernel_size=3, strides=2, padding="same"))
        3 cells, transposed kernel 3, strides 2, padding 'same': 6 output cells, 0 + 1 cut
         1 2 3 4 5 6 x
        |_____|
            |_____|
                |_____|
    """

    size: int | None
    kernel_size: int
    strides: int = 1
    dilation_rate: int = 1
    padding: str = "valid"
    output_padding: int | None = None

    def __post_init__(self) -> None:
        """Check the numbers, and store them as plain integers."""
        size = checks.size_or_unknown(size=self.size)
        kernel_size = checks.at_least(1, kernel_size=self.kernel_size)
        strides = checks.at_least(1, strides=self.strides)
        rate = checks.at_least(1, dilation_rate=self.dilation_rate)
        padding = checks.one_of(("valid", "same"), padding=self.padding)
        added = checks.size_or_unknown(0, output_padding=self.output_padding)
        if added is not None and added >= strides:
            raise ValueError(
                f"output_padding={added} reaches strides={strides}, but must be less than strides. "
                "Use a smaller output_padding, or None for Keras's default."
            )
        checks.settle(self, size, kernel_size, strides, rate, padding, added)
        if self.output_size == 0:
            raise ValueError(
                f"size={size}, kernel_size={kernel_size}, strides={strides}, padding='same' and "
                "output_padding=0 leave no output cell. Use output_padding=None, an odd "
                "kernel_size, or padding='valid'."
            )

    @property
    def effective_kernel_size(self) -> int:
        """Output cells from the first one written to the last, both included."""
        return (self.kernel_size - 1) * self.dilation_rate + 1

    @property
    def output_size(self) -> int | None:
        """Number of output cells, by Keras's rule.

        Without `output_padding` it is `size * strides` for `"same"` and
        `(size - 1) * strides + max(effective_kernel_size, strides)` for `"valid"`.
        """
        return None if self.size is None else (self.size - 1) * self.strides + self.last_step

    @property
    def pads(self) -> tuple[int, int]:
        """Cells that are written and then cut off, before and after the output.

        They are the pads of the forward window from output to input; an odd pad goes after.
        """
        total = max(self.effective_kernel_size - self.last_step, 0)
        before = total // 2 if self.padding == "same" else 0
        return (before, total - before)

    @property
    def unwritten(self) -> tuple[int, ...] | None:
        """Output cells that no input cell writes to: they hold only the bias.

        Raises:
            ValueError: if there are too many cells to examine one by one.
        """
        if self.size is None or self.output_size is None:
            return None
        positions, taps = (self.size, self.strides), (self.kernel_size, self.dilation_rate)
        return untouched(self.output_size, positions, taps, self.pads[0])

    def span(self, position: int) -> tuple[int, int]:
        """Return the first and the last output cell that an input cell covers.

        Args:
            position: input cell, counted from 0.

        Returns:
            Two output cells, counted from 0. Cells below 0, and from `output_size` on, are cut off.

        Raises:
            IndexError: if there is no such input cell.
        """
        checks.instance((Integral,), position=position)
        if position < 0 or (self.size is not None and position >= self.size):
            raise IndexError(
                f"position={position} doesn't exist: the input has {self.size} cells, counted from "
                "0."
            )
        first = position * self.strides - self.pads[0]
        return (first, first + self.effective_kernel_size - 1)

    def cells(self, position: int) -> tuple[int, ...]:
        """Return the output cells that an input cell writes to, without those cut off.

        Args:
            position: input cell, counted from 0.

        Returns:
            Output cells, counted from 0.

        Raises:
            IndexError: if there is no such input cell.
            ValueError: if there are more than ten million of them.
        """
        first, last = self.span(position)
        end = last if self.output_size is None else min(last, self.output_size - 1)
        skipped = max(-(first // self.dilation_rate), 0)
        return listed(range(first + skipped * self.dilation_rate, end + 1, self.dilation_rate))

    def __str__(self) -> str:
        if self.size is None or self.output_size is None:
            return self._summary()
        before = self.pads[0]

        def row(position: int) -> range:
            first, last = self.span(position)
            return range(first + before, last + before + 1, self.dilation_rate)

        drawn = draw(self.output_size, self.size, row, self.pads, mark="x")
        return "\n".join([self._summary(), *drawn])

    @property
    def last_step(self) -> int:
        """Output cells from the first one of the last input cell to the end of the output."""
        if self.padding == "valid":
            if self.output_padding is None:
                return max(self.effective_kernel_size, self.strides)
            return self.effective_kernel_size + self.output_padding
        if self.output_padding is None:
            return self.strides
        return self.effective_kernel_size % 2 + self.output_padding

    def _summary(self) -> str:
        size = "unknown size" if self.size is None else plural(self.size, "cell")
        text = f"{size}, transposed kernel {self.kernel_size}, strides {self.strides}"
        if self.dilation_rate > 1:
            text += f", dilation_rate {self.dilation_rate}"
        text += f", padding {self.padding!r}"
        if self.output_padding is not None:
            text += f", output_padding {self.output_padding}"
        count = self.output_size
        text += ": unknown output size" if count is None else f": {plural(count, 'output cell')}"
        if self.pads != (0, 0):
            text += ", {} + {} cut".format(*self.pads)
        try:
            unwritten = self.unwritten
        except ValueError:
            return f"{text}, too many to look for unwritten ones"
        if unwritten:
            text += f", {len(unwritten)} of them unwritten"
        return text
