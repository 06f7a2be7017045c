"""A transposed convolution along one axis: the forward window, run backwards."""

from dataclasses import dataclass
from numbers import Integral

from kcore.shapes import _checks as checks
from kcore.shapes._drawing import draw, plural
from kcore.shapes._listing import listed, untouched

__all__ = ["TransposedWindow", "transposed_window"]


@dataclass(frozen=True)
class TransposedWindow:
    """Each of `size` input cells writes to `kernel` output cells, `strides` further for each.

    Output cell `position * strides + tap * dilation_rate - pads[0]` receives what input cell
    `position` sends through `tap`. It is the forward window of the same kernel, strides, dilation
    and padding, with input and output exchanged.

    Attributes:
        size: number of input cells, or None where it is unknown.
        kernel: output cells that one input cell writes to.
        strides: output cells from one input cell's first to the next one's first.
        dilation_rate: output cells from one tap to the next.
        padding: `"valid"` or `"same"`.
        output_padding: None for Keras's default length, or the cells added at the end of the
            shortest output.

    Raises:
        ValueError: see `transposed_window`.
        TypeError: if a number is no integer.
    """

    size: int | None
    kernel: int
    strides: int = 1
    dilation_rate: int = 1
    padding: str = "valid"
    output_padding: int | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that describe no window; see `transposed_window`."""
        size = checks.size_or_unknown(size=self.size)
        kernel = checks.at_least(1, kernel=self.kernel)
        strides = checks.at_least(1, strides=self.strides)
        rate = checks.at_least(1, dilation_rate=self.dilation_rate)
        padding = checks.one_of(("valid", "same"), padding=self.padding)
        added = checks.size_or_unknown(0, output_padding=self.output_padding)
        if added is not None and added >= strides:
            raise ValueError(
                f"output_padding={added} reaches strides={strides}; it adds less than one "
                "stride at the end. Use a smaller output_padding, or None for Keras's default."
            )
        checks.settle(self, size, kernel, strides, rate, padding, added)
        if self.output_size == 0:
            raise ValueError(
                f"size={size}, kernel={kernel}, strides={strides}, padding='same' and "
                "output_padding=0 leave no output cell. Use output_padding=None, an odd kernel, or "
                "padding='valid'."
            )

    @property
    def effective_kernel(self) -> int:
        """Output cells from the first written cell to the last, both included."""
        return (self.kernel - 1) * self.dilation_rate + 1

    @property
    def output_size(self) -> int | None:
        """Number of output cells, by Keras's rule.

        Without `output_padding` it is `size * strides` for `"same"` and
        `(size - 1) * strides + max(effective_kernel, strides)` for `"valid"`.
        """
        return None if self.size is None else (self.size - 1) * self.strides + self.last_step

    @property
    def pads(self) -> tuple[int, int]:
        """Written cells that are cut off before and after the output.

        They are the pads of the forward window from output to input, the odd one after.
        """
        total = max(self.effective_kernel - self.last_step, 0)
        before = total // 2 if self.padding == "same" else 0
        return (before, total - before)

    @property
    def unwritten(self) -> tuple[int, ...] | None:
        """Output cells that no input cell writes to: they hold the bias alone.

        Raises:
            ValueError: if there are too many cells to look at each.
        """
        if self.size is None or self.output_size is None:
            return None
        positions, taps = (self.size, self.strides), (self.kernel, self.dilation_rate)
        return untouched(self.output_size, positions, taps, self.pads[0])

    def span(self, position: int) -> tuple[int, int]:
        """First and last output cell that input `position` covers; cut cells lie outside.

        Raises:
            IndexError: if there is no such input cell.
        """
        checks.instance((Integral,), position=position)
        if position < 0 or (self.size is not None and position >= self.size):
            raise IndexError(f"position={position}: the input has {self.size} cells, from 0.")
        first = position * self.strides - self.pads[0]
        return (first, first + self.effective_kernel - 1)

    def cells(self, position: int) -> tuple[int, ...]:
        """Output cells that input `position` writes to, cut cells left out."""
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
        """Output cells from the last input cell's step to the end."""
        if self.padding == "valid":
            if self.output_padding is None:
                return max(self.effective_kernel, self.strides)
            return self.effective_kernel + self.output_padding
        if self.output_padding is None:
            return self.strides
        return self.effective_kernel % 2 + self.output_padding

    def _summary(self) -> str:
        size = "unknown size" if self.size is None else plural(self.size, "cell")
        text = f"{size}, transposed kernel {self.kernel}, strides {self.strides}"
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
            return f"{text}, too many to look for some written by no input"
        if unwritten:
            text += f", {len(unwritten)} of them written by no input"
        return text


def transposed_window(
    size: int | None,
    kernel: int,
    strides: int = 1,
    dilation_rate: int = 1,
    padding: str = "valid",
    output_padding: int | None = None,
) -> TransposedWindow:
    """Describe a transposed convolution along one axis, as Keras's layers compute it.

    `output_padding=None` and `output_padding=0` differ: None asks for Keras's default length, 0 for
    the shortest one, `(size - 1) * strides + effective_kernel % 2` for `"same"`.

    Args:
        size: number of input cells, 1 or more; None where it is unknown.
        kernel: output cells that one input cell writes to.
        strides: output cells from one input cell's first to the next one's first.
        dilation_rate: output cells from one tap to the next.
        padding: `"valid"` or `"same"`.
        output_padding: None, or 0 to `strides - 1` cells added at the end of the shortest output.

    Returns:
        The window. Printing it draws what each input cell writes to.

    Raises:
        ValueError: if a number is out of range, the padding is unknown, `output_padding` reaches
            `strides`, or nothing would be left of the output.
        TypeError: if a number is no integer.

    Example:
        >>> transposed_window(3, kernel=3, strides=2, padding="same").output_size
        6
        >>> transposed_window(3, kernel=3, strides=2, padding="same", output_padding=0).output_size
        5
        >>> print(transposed_window(3, kernel=3, strides=2, padding="same"))
        3 cells, transposed kernel 3, strides 2, padding 'same': 6 output cells, 0 + 1 cut
         1 2 3 4 5 6 x
        |_____|
            |_____|
                |_____|
    """
    return TransposedWindow(size, kernel, strides, dilation_rate, padding, output_padding)
