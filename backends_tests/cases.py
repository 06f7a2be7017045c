"""One layer and one input: what a test of the grid needs to know, and its name."""

import math
import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Arrays", "Case", "arrays"]

CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D")
DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D")
SEPARABLE = ("SeparableConv1D", "SeparableConv2D")
TRANSPOSED = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
MAX_POOLS = ("MaxPooling1D", "MaxPooling2D", "MaxPooling3D")
AVERAGE_POOLS = ("AveragePooling1D", "AveragePooling2D", "AveragePooling3D")
GLOBAL_POOLS = tuple(f"Global{kind}Pooling{n}D" for kind in ("Max", "Average") for n in (1, 2, 3))
ADAPTIVE_POOLS = tuple(
    f"Adaptive{kind}Pooling{n}D" for kind in ("Max", "Average") for n in (1, 2, 3)
)
IN_KCORE = CONVOLUTIONS + MAX_POOLS + AVERAGE_POOLS
TRAINED = CONVOLUTIONS + DEPTHWISE + SEPARABLE + TRANSPOSED


@dataclass(frozen=True)
class Case:
    """A layer, its arguments, and the kind of input it is given.

    Attributes:
        layer: name of the class in the `layers` of the library.
        sizes: spatial sizes of the input.
        kernel: kernel or pool size of each axis; empty for global and adaptive pools.
        strides: strides of each axis; None to leave them out of the layer's arguments.
        dilation_rate: dilation of each axis.
        padding: `"valid"`, `"same"` or `"causal"`.
        data_format: `"channels_last"` or `"channels_first"`.
        channels: input channels.
        filters: output channels of a layer that is not depthwise.
        depth_multiplier: output channels for each input channel of a depthwise layer.
        groups: groups of a convolution.
        output_padding: output padding of a transposed convolution, one for each axis; None for
            Keras's default.
        output_size: output size of an adaptive pool.
        use_bias: whether a trained layer has a bias.
        batch: samples in the input; may be 0.
        dtype: dtype policy of the layer.
        data: `"random"`, `"negative"`, `"nan"`, `"infinite"` or `"integer"`.
        library: `"keras"` or `"kcore"`, whose layer of that name is tested.
    """

    layer: str
    sizes: tuple[int, ...]
    kernel: tuple[int, ...] = ()
    strides: tuple[int, ...] | None = None
    dilation_rate: tuple[int, ...] = ()
    padding: str = "valid"
    data_format: str = "channels_last"
    channels: int = 2
    filters: int = 3
    depth_multiplier: int = 1
    groups: int = 1
    output_padding: tuple[int, ...] | None = None
    output_size: tuple[int, ...] = ()
    use_bias: bool = True
    batch: int = 2
    dtype: str = "float32"
    data: str = "random"
    library: str = "keras"

    @property
    def name(self) -> str:
        """Name of the layer, with its library unless that is Keras."""
        return self.layer if self.library == "keras" else f"{self.library}.{self.layer}"

    @property
    def axes(self) -> int:
        """Number of spatial axes."""
        return len(self.sizes)

    @property
    def effective_strides(self) -> tuple[int, ...]:
        """Strides of each axis, with Keras's default where none are given."""
        if self.strides is not None:
            return self.strides
        return (1,) * self.axes if self.layer in TRAINED else self.kernel

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the input, batch included."""
        if self.data_format == "channels_first":
            return (self.batch, self.channels, *self.sizes)
        return (self.batch, *self.sizes, self.channels)

    @property
    def output_channels(self) -> int:
        """Channels of the output."""
        if self.layer in DEPTHWISE:
            return self.channels * self.depth_multiplier
        return self.filters if self.layer in TRAINED else self.channels

    @property
    def id(self) -> str:
        """A short, unique name made from the values that differ from the defaults."""
        parts = [self.name, _cross(self.sizes)]
        parts += [f"k{_cross(self.kernel)}"] if self.kernel else []
        parts += [f"s{_cross(self.strides)}"] if self.strides else []
        parts += [f"d{_cross(self.dilation_rate)}"] if set(self.dilation_rate) - {1} else []
        parts += [f"o{_cross(self.output_size)}"] if self.output_size else []
        parts += [f"op{_cross(self.output_padding)}"] if self.output_padding is not None else []
        parts += [self.padding] if self.kernel else []
        parts += [self.data_format.removeprefix("channels_"), f"b{self.batch}", f"c{self.channels}"]
        parts += (
            [f"f{self.filters}"] if self.layer in TRAINED and self.layer not in DEPTHWISE else []
        )
        parts += [f"m{self.depth_multiplier}"] if self.layer in DEPTHWISE + SEPARABLE else []
        parts += [f"g{self.groups}"] if self.groups > 1 else []
        parts += [] if self.use_bias or self.layer not in TRAINED else ["nobias"]
        parts += [self.dtype] if self.dtype != "float32" else []
        parts += [self.data] if self.data != "random" else []
        return "-".join(parts)

    @property
    def configuration(self) -> dict[str, Any]:
        """Arguments for the constructor of the layer."""
        arguments: dict[str, Any] = {"data_format": self.data_format, "dtype": self.dtype}
        if self.layer in GLOBAL_POOLS:
            return arguments
        if self.layer in ADAPTIVE_POOLS:
            return arguments | {"output_size": self.output_size}
        arguments |= {"padding": self.padding, "strides": self.strides}
        if self.layer in MAX_POOLS + AVERAGE_POOLS:
            return arguments | {"pool_size": self.kernel}
        arguments |= {
            "kernel_size": self.kernel,
            "dilation_rate": self.dilation_rate,
            "use_bias": self.use_bias,
        }
        if self.layer in CONVOLUTIONS:
            arguments |= {"filters": self.filters, "groups": self.groups}
        if self.layer in DEPTHWISE:
            arguments |= {"depth_multiplier": self.depth_multiplier}
        if self.layer in SEPARABLE:
            arguments |= {"filters": self.filters, "depth_multiplier": self.depth_multiplier}
        if self.layer in TRANSPOSED:
            arguments |= {"filters": self.filters, "output_padding": self.output_padding}
        return arguments

    @property
    def weight_shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the layer's weights, in the order in which Keras keeps them."""
        if self.layer not in TRAINED:
            return ()
        deep = self.channels * self.depth_multiplier
        if self.layer in CONVOLUTIONS:
            kernels = [(*self.kernel, self.channels // self.groups, self.filters)]
        elif self.layer in TRANSPOSED:
            kernels = [(*self.kernel, self.filters, self.channels)]
        else:
            kernels = [(*self.kernel, self.channels, self.depth_multiplier)]
        if self.layer in SEPARABLE:
            kernels.append((*(1,) * self.axes, deep, self.filters))
        return (*kernels, (self.output_channels,)) if self.use_bias else tuple(kernels)

    def but(self, **changes: Any) -> "Case":
        """Return a copy with some of its values changed."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Arrays:
    """Input and weights of a case, exact in every dtype that the grid uses."""

    x: npt.NDArray[Any]
    weights: tuple[npt.NDArray[Any], ...]


def arrays(case: Case) -> Arrays:
    """Make the input and the weights of a case; they are the same in every process.

    All values are multiples of 1/8 between -2 and 2, so float16 and bfloat16 hold them exactly and
    their products are exact in float32. No value is zero: zero times infinity, or a zero weight
    that reads the wrong pixel, would hide what a test looks for. Max pools get distinct values, so
    each maximum is in one cell only.
    """
    generator = np.random.default_rng(zlib.crc32(case.id.encode()))
    x = _eighths(generator, case.input_shape)
    if "Max" in case.layer and case.dtype == "float32":
        x = (generator.permutation(x.size).reshape(x.shape) - x.size / 2 + 0.25).astype("float32")
    if case.data == "negative":
        x = -np.abs(x) - 1
    if case.data == "nan":
        x = _sprinkle(generator, x, [np.nan])
    if case.data == "infinite":
        x = _sprinkle(generator, x, [np.inf, -np.inf])
    if case.data == "integer":
        x = (8 * x).astype("int32")
    weights = tuple(_eighths(generator, shape) for shape in case.weight_shapes)
    return Arrays(x, weights)


def _eighths(generator: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    magnitudes = generator.integers(1, 17, shape)
    signs = generator.choice([-1, 1], shape)
    return (magnitudes * signs / 8).astype(np.float32)


def _sprinkle(
    generator: np.random.Generator, x: npt.NDArray[Any], values: list[float]
) -> npt.NDArray[Any]:
    """Put each value into about one cell in twenty."""
    x = x.copy()
    count = max(1, math.ceil(x.size / 20))
    for value in values:
        x.flat[generator.choice(x.size, count, replace=False)] = value
    return x


def _cross(values: tuple[int, ...]) -> str:
    return "x".join(str(value) for value in values)
