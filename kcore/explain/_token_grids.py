"""Make feature maps of the tokens that a layer returns, by the grid of their patches."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integers
from kcore.explain._heat_maps import channels_last
from kcore.inspect._layer_outputs import LayerOutput

__all__ = ["Reshape", "as_feature_maps", "check_grid"]

Array = npt.NDArray[Any]
Reshape: TypeAlias = tuple[int, int] | Callable[[Array], Array] | None


def check_grid(output: LayerOutput, reshape: Reshape) -> None:
    """Check that the output of a layer has positions, and that a grid fits it.

    Raises:
        ValueError: if the output has neither height and width nor tokens, `reshape` isn't given for
            tokens or is given for another output, or has another number of positions.
    """
    shape = output.shape[1:]
    if reshape is None:
        if len(shape) == 3:
            return
        hint = " For tokens, give reshape, the (rows, columns) of their grid." * (len(shape) == 2)
        raise ValueError(
            f"layer={output.name!r} returns {shape} for each image, which has no positions: "
            f"give a layer that returns feature maps, such as a convolution.{hint}"
        )
    if len(shape) != 2:
        raise ValueError(
            f"reshape={reshape!r} is for tokens, (tokens, channels) for each image, but layer="
            f"{output.name!r} returns {shape}: leave it out, or give another layer."
        )
    if callable(reshape):
        return
    rows, columns = _pair(reshape)
    tokens = shape[0]
    if tokens - rows * columns not in (0, 1):
        raise ValueError(
            f"reshape={reshape!r} makes {rows * columns} positions, but layer={output.name!r} "
            f"returns {tokens} tokens: give a grid with as many positions, or with one less if the "
            "first is a class token. For tokens in any other order give a function that takes "
            "(images, tokens, channels) and returns (images, rows, columns, channels)."
        )


def as_feature_maps(array: Array, output: LayerOutput, reshape: Reshape) -> Array:
    """Return (images, height, width, channels), float64, of a layer's output or its gradient."""
    values = array.astype(np.float64)
    if reshape is None:
        return channels_last(values, output.is_channels_first)
    if not callable(reshape):
        rows, columns = _pair(reshape)
        return values[:, -rows * columns :].reshape(len(values), rows, columns, -1)
    maps = np.asarray(reshape(values))
    if maps.ndim != 4 or len(maps) != len(values):
        raise ValueError(
            f"reshape returned shape {maps.shape} for {values.shape}: it must return (images, "
            "rows, columns, channels)."
        )
    return maps


def _pair(reshape: object) -> tuple[int, int]:
    sizes = check_integers("reshape", reshape)
    if len(sizes) != 2:
        raise ValueError(f"reshape={reshape!r} must be (rows, columns), or a function.")
    return sizes[0], sizes[1]
