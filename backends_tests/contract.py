"""What kcore.shapes promises for a case: the shape of its output, or a refusal."""

import functools
from dataclasses import dataclass
from typing import Any, cast

import numpy.typing as npt

from backends_tests import cases
from backends_tests.cases import Case, arrays
from kcore import shapes

__all__ = ["Promise", "output_shape", "promise", "upstream"]

DOES_NOT_FIT = "Computed output size would be zero or negative"
STRIDES_WITH_DILATION = "`strides > 1` not supported in conjunction with"
OUTPUT_PADDING = "output_padding"
GROUPS = "evenly divisible by"

_REFUSALS = {
    "doesn't fit": DOES_NOT_FIT,
    "together with dilation_rate": STRIDES_WITH_DILATION,
    "reaches strides": OUTPUT_PADDING,
}


@dataclass(frozen=True)
class Promise:
    """Either an output shape or a refusal.

    Attributes:
        shape: shape of the output, None if the case is refused.
        refusal: a part of the message of the ValueError, None if the case is computed.
    """

    shape: tuple[int | None, ...] | None = None
    refusal: str | None = None


@functools.cache
def promise(case: Case, sizes: tuple[int | None, ...] | None = None) -> Promise:
    """Work out with kcore.shapes what a backend must do with a case.

    Args:
        case: the layer and its input.
        sizes: spatial sizes to use instead of the case's own, None for each unknown one.

    Returns:
        The output's shape, or the text that the refusal must contain.
    """
    if case.layer in cases.CONVOLUTIONS and case.channels % case.groups:
        return Promise(refusal=GROUPS)
    try:
        windows = _windows(case, case.sizes if sizes is None else sizes)
    except ValueError as error:
        texts = [text for cause, text in _REFUSALS.items() if cause in str(error)]
        if not texts:
            raise
        return Promise(refusal=texts[0])
    if case.layer in cases.GLOBAL_POOLS:
        return Promise((case.batch, case.channels))
    return Promise(windows.output_shape(case.batch, case.output_channels, case.data_format))


def output_shape(case: Case) -> tuple[int, ...]:
    """Return the shape of the output.

    Raises:
        ValueError: if the case is refused.
    """
    promised = promise(case)
    if promised.shape is None:
        raise ValueError(f"{case.id} has no output: it must be refused ({promised.refusal!r}).")
    return cast("tuple[int, ...]", promised.shape)  # the sizes of a case are all known


def upstream(case: Case) -> npt.NDArray[Any]:
    """Return the factors that multiply the output before it is summed to a loss."""
    shape = output_shape(case)
    return arrays(Case("upstream", shape[1:-1], batch=shape[0], channels=shape[-1])).x


def _windows(case: Case, sizes: tuple[int | None, ...]) -> shapes.Windows:
    if case.layer in cases.GLOBAL_POOLS:
        return shapes.global_pool_windows(sizes)
    if case.layer in cases.ADAPTIVE_POOLS:
        return shapes.adaptive_pool_windows(sizes, case.output_size)
    if case.layer in cases.MAX_POOLS + cases.AVERAGE_POOLS:
        return shapes.pool_windows(sizes, case.kernel, case.strides, case.padding)
    window = (sizes, case.kernel, case.effective_strides, case.padding)
    if case.layer in cases.TRANSPOSED:
        return shapes.conv_transpose_windows(*window, case.output_padding, case.dilation_rate)
    if case.layer in cases.CONVOLUTIONS:
        return shapes.conv_windows(*window, case.dilation_rate)
    return shapes.depthwise_conv_windows(*window, case.dilation_rate)
