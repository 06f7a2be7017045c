"""Cases for defects and differences that were once found, each with a name.

Each case states what is right, whatever a backend does; what a backend does wrong is in the list of
its known failures. A reference such as #22077 is the number of a thread of keras-team/keras.
"""

from dataclasses import dataclass, replace
from typing import Any

from backends_tests.cases import IN_KCORE, Case
from backends_tests.contract import DOES_NOT_FIT, GROUPS, OUTPUT_PADDING, STRIDES_WITH_DILATION

__all__ = ["NAMED", "Named"]


@dataclass(frozen=True)
class Named:
    """A case with a name, which is run in one of the ways of `execute` or as a probe.

    Attributes:
        name: name of the test.
        probe: a way of `execute`, or the name of a function in `probes`.
        case: shapes and numbers.
        expected: the right values, flat; None for those that `reference` computes.
        shape: the right shape, where only the shape is tested.
        refusal: a part of the message of the ValueError that is right; empty for any message.
        is_risky: whether a backend is known to end the process.
    """

    name: str
    probe: str
    case: Case
    expected: tuple[float, ...] | None = None
    shape: tuple[int, ...] | None = None
    refusal: str | None = None
    is_risky: bool = False

    @property
    def id(self) -> str:
        """The name, as a test id."""
        return self.name


FIRST = "channels_first"
OF_A_LAYER = frozenset(
    {
        "average_of_ten_and_twenty",
        "compiled",
        "eager",
        "gradient",
        "gradient_of_tied_maximum",
        "gradient_of_tied_maximum_eager",
        "layer_eager",
        "layer_symbolic",
        "layer_unknown_sizes",
        "max_pool_in_capitals",
        "max_pool_in_capitals_symbolic",
        "zero_kernel_with_bias",
    }
)
"""The ways and probes that call a layer, not an operation."""

Sizes = tuple[int, ...]


def _conv(layer: str, sizes: Sizes, kernel: Sizes, **changes: Any) -> Case:
    ones = (1,) * len(sizes)
    return Case(layer, sizes, kernel, ones, ones).but(**changes)


def _pool(
    layer: str, sizes: Sizes, pool_size: Sizes, strides: Sizes | None = None, **changes: Any
) -> Case:
    return Case(layer, sizes, pool_size, strides).but(**changes)


def _both(name: str, case: Case) -> list[Named]:
    """Run a case eagerly and in a compiled model."""
    return [Named(f"{name}, {way}", way, case) for way in ("eager", "compiled")]


def _refused(
    name: str, case: Case, text: str = DOES_NOT_FIT, is_risky: bool = False
) -> list[Named]:
    return [
        Named(f"{name}, eager", "layer_eager", case, refusal=text, is_risky=is_risky),
        Named(f"{name}, symbolic", "layer_symbolic", case, refusal=text),
    ]


def _strides_and_dilation() -> list[Named]:
    conv = _conv(
        "Conv2D",
        (8, 8),
        (3, 3),
        channels=3,
        filters=4,
        use_bias=False,
        batch=1,
        strides=(2, 2),
        dilation_rate=(2, 2),
    )
    separable = _conv(
        "SeparableConv2D",
        (10, 10),
        (3, 3),
        channels=3,
        filters=6,
        use_bias=False,
        batch=1,
        strides=(2, 2),
        dilation_rate=(3, 3),
        data_format=FIRST,
    )
    depthwise = separable.but(layer="DepthwiseConv2D", depth_multiplier=2)
    return [
        *_refused("strides together with dilation, layer", conv, STRIDES_WITH_DILATION),
        Named("#23028 conv with strides and dilation, valid", "conv", conv),
        Named("#23028 conv with strides and dilation, same", "conv", conv.but(padding="same")),
        *_both("#22515 separable conv with strides and dilation", separable),
        *_both("#22515 depthwise conv with strides and dilation", depthwise),
    ]


def _channels_first() -> list[Named]:
    conv = _conv("Conv2D", (10, 10), (2, 2), channels=3, filters=2, data_format=FIRST)
    deep = _conv("Conv3D", (5, 5, 5), (2, 2, 2), channels=4, filters=2, data_format=FIRST)
    bias = _conv("Conv2D", (1, 2), (1, 1), channels=1, filters=2, batch=1, data_format=FIRST)
    grouped = _conv("Conv2D", (4, 4), (1, 1), channels=4, filters=4, groups=2, data_format=FIRST)
    small = {"channels": 3, "data_format": FIRST}
    depthwise = _conv("DepthwiseConv2D", (6, 5), (2, 2), **small)
    separable = _conv("SeparableConv2D", (6, 5), (2, 2), filters=2, **small)
    return [
        *_both("#23041 channels_first depthwise conv", depthwise),
        *_both("#23041 channels_first separable conv", separable),
        Named("a bias as long as the last axis, in groups", "compiled", grouped),
        *_both("#23650 channels_first conv", conv),
        Named("#23650 channels_first conv, gradient", "gradient", conv),
        *_both("#19591 channels_first 3-D conv", deep),
        Named("#19591 channels_first 3-D conv, gradient", "gradient", deep),
        *_both("#19591 channels_first 3-D conv in groups", deep.but(groups=2)),
        Named("#19591 channels_first 3-D conv in groups, gradient", "gradient", deep.but(groups=2)),
        Named("a bias as long as the last axis", "zero_kernel_with_bias", bias, (1, 1, 2, 2)),
        Named(
            "add takes a column for a bias",
            "add_column",
            Case("add", (3,)),
            (1, 1, 1, 2, 2, 2, 3, 3, 3),
        ),
    ]


def _too_large() -> list[Named]:
    conv1d = _conv("Conv1D", (10,), (11,), channels=128, filters=256, batch=4, strides=(5,))
    conv2d = _conv("Conv2D", (10, 10), (11, 11), channels=128, filters=1, batch=4)
    dilated = _conv("Conv1D", (10,), (2,), channels=3, filters=1, dilation_rate=(10,))
    separable = _conv(
        "SeparableConv1D", (10,), (5,), channels=12, filters=1, batch=4, dilation_rate=(3,)
    )
    strided = _conv("SeparableConv1D", (10,), (11,), channels=12, filters=64, batch=4, strides=(5,))
    depthwise = _conv("DepthwiseConv2D", (10, 10), (11, 11), channels=3)
    empty = _conv("Conv1D", (1,), (2,), channels=2, filters=3, data_format=FIRST)
    pool = _pool("MaxPooling2D", (5, 5), (20, 20), channels=3, batch=1)
    average = _pool("AveragePooling1D", (5,), (20,), channels=3)
    small = _pool("MaxPooling1D", (1,), (2,), (1,), channels=2, batch=1)
    dynamic = _pool(
        "AveragePooling2D", (4, 1), (2, 3), (1, 1), channels=4, batch=1, data_format=FIRST
    )
    return [
        *_refused("#22077 window larger than input, Conv1D with strides", conv1d),
        *_refused("#22414 window larger than input, Conv2D", conv2d),
        *_refused("#22416 window larger than input, Conv1D with dilation", dilated),
        *_refused("#22495 window larger than input, SeparableConv1D with dilation", separable),
        *_refused("#22514 window larger than input, SeparableConv1D with strides", strided),
        *_refused("#22496 window larger than input, DepthwiseConv2D", depthwise),
        *_refused("#22916 window larger than input, MaxPooling2D", pool, is_risky=True),
        *_refused("#22916 window larger than input, AveragePooling1D", average, is_risky=True),
        *_refused("window larger than input, MaxPooling1D on one cell", small, is_risky=True),
        Named(
            "window larger than input, conv of one cell", "conv", empty, refusal="", is_risky=True
        ),
        Named(
            "window larger than input, depthwise operation", "depthwise_conv", depthwise, refusal=""
        ),
        *_refused("#20218 window larger than a static input", dynamic, is_risky=True),
        Named(
            "#20218 window larger than a dynamic input",
            "layer_unknown_sizes",
            dynamic,
            refusal="",
            is_risky=True,
        ),
    ]


def _channels() -> list[Named]:
    conv = _conv("Conv1D", (10,), (3,), channels=3, filters=4, batch=1, use_bias=False)
    grouped = conv.but(channels=4, groups=2)
    text = "channels"
    return [
        Named("#22852 channel mismatch, symbolic", "conv_channel_mismatch", conv, refusal=text),
        Named("#22852 channel mismatch, eager", "conv_channel_mismatch_eager", conv, refusal=""),
        Named("grouped conv operation, eager", "conv", grouped),
        Named("grouped conv operation, symbolic", "conv_symbolic", grouped),
        Named(
            "groups that don't divide the channels",
            "layer_eager",
            conv.but(groups=2),
            refusal=GROUPS,
        ),
    ]


def _averages() -> list[Named]:
    pair = _pool("AveragePooling1D", (2,), (3,), (2,), padding="same", batch=1, channels=1)
    oblong = _pool("AveragePooling2D", (5, 4), (3, 2), (2, 3), padding="same")
    wide = _pool("AveragePooling2D", (5, 2), (6, 1), (1, 1), padding="same")
    return [
        Named("#23233 average leaves pads out", "average_of_ten_and_twenty", pair, (15.0,)),
        *_both("#19721 average leaves pads out of an oblong window", oblong),
        *_both("#18452 average leaves pads out, channels_first", oblong.but(data_format=FIRST)),
        Named("gradient of an average over more than the input, compiled", "gradient", wide),
    ]


def _special_inputs() -> list[Named]:
    same = _pool("MaxPooling2D", (5, 4), (3, 2), (2, 2), padding="same")
    cell = _pool("MaxPooling1D", (8,), (1,), batch=1)
    average = _pool("AveragePooling2D", (5, 4), (3, 2), (2, 2), padding="same", data="integer")
    return [
        *_both("#16158 NaN under a maximum", same.but(data="nan")),
        *_both("minus infinity as a maximum", cell.but(data="infinite")),
        *_both("negative cells and pads under a maximum", same.but(data="negative")),
        *_both("integers under a maximum", same.but(data="integer")),
        *_both("integers under an average", average),
    ]


def _half_precision() -> list[Named]:
    first = _conv("Conv2D", (5, 4), (2, 2), filters=4, data_format=FIRST)
    dilated = _conv("Conv2DTranspose", (5, 4), (2, 2), dilation_rate=(2, 2))
    unequal = _conv("DepthwiseConv2D", (5, 4), (2, 2), strides=(1, 2))
    cases = {
        "channels_first conv": first,
        "dilated transposed conv": dilated,
        "depthwise conv with unequal strides": unequal,
        "3-D max pool": _pool("MaxPooling3D", (4, 4, 4), (2, 2, 2)),
        "3-D average pool": _pool("AveragePooling3D", (4, 4, 4), (2, 2, 2)),
    }
    return [
        Named(f"float16 {name}", "eager", case.but(dtype="float16")) for name, case in cases.items()
    ]


def _transposed() -> list[Named]:
    shifted = _conv(
        "Conv2DTranspose",
        (16, 16),
        (3, 3),
        channels=16,
        filters=32,
        batch=4,
        strides=(2, 2),
        padding="same",
    )
    refused = _conv("Conv1DTranspose", (8,), (3,), filters=16, output_padding=(1,))
    odd_pad = _conv("Conv1D", (13,), (6,), strides=(5,), padding="same")
    lengths = _conv(
        "Conv2DTranspose",
        (2, 3),
        (3, 3),
        channels=1,
        filters=1,
        batch=1,
        strides=(2, 2),
        padding="same",
        data_format=FIRST,
    )
    even = _conv("Conv1DTranspose", (3,), (2,), channels=1, filters=1, batch=1, padding="same")
    plain = shifted.but(use_bias=False, sizes=(5, 4), channels=2, filters=3)
    return [
        Named("the odd pad goes after", "compiled", odd_pad),
        *_both("#22876 transposed same with strides", shifted),
        Named("#22876 transposed same with strides, gradient", "gradient", shifted),
        *_refused("#22428 output padding reaches the strides", refused, OUTPUT_PADDING),
        Named(
            "#22428 output padding reaches the strides, operation",
            "conv_transpose",
            refused,
            refusal=OUTPUT_PADDING,
        ),
        *_both("output padding 0", lengths.but(output_padding=(0, 0))),
        *_both("output padding 1", lengths.but(output_padding=(1, 1))),
        *_both("output padding None", lengths),
        *_both("output padding 0 under an even kernel", even.but(output_padding=(0,))),
        Named("transposed conv operation, eager", "conv_transpose", plain),
        Named("transposed conv operation, symbolic", "conv_transpose_symbolic", plain),
    ]


def _adaptive() -> list[Named]:
    cases = []
    for kind in ("Average", "Max"):
        layer = f"Adaptive{kind}Pooling2D"
        for size, output in (
            (7, 7),
            (14, 7),
            (28, 7),
            (224, 7),
            (13, 13),
            (14, 14),
            (15, 15),
            (28, 28),
        ):
            case = Case(layer, (size, size), channels=1, batch=1, output_size=(output, output))
            cases += _both(f"adaptive {kind.lower()} pool of {size} to {output}", case)
        one = Case(layer, (4, 4), output_size=(1, 1))
        cases.append(
            Named(f"adaptive {kind.lower()} pool to 1, eager", "eager", one, is_risky=True)
        )
        cases.append(
            Named(f"adaptive {kind.lower()} pool to 1, compiled", "compiled", one, is_risky=True)
        )
        some = Case(layer, (5, 6), output_size=(2, 3))
        name = f"adaptive {kind.lower()} pool"
        cases.append(Named(f"{name} of unknown sizes", "layer_unknown_sizes", some))
        cases.append(
            Named(f"{name} operation, symbolic", "adaptive_pool_symbolic", some, shape=(2, 2, 3, 2))
        )
    return cases


def _calls() -> list[Named]:
    pool = _pool("MaxPooling2D", (4, 6), (2, 2))
    same = pool.but(padding="same", sizes=(5, 5))
    depthwise = _conv("DepthwiseConv2D", (6, 6), (3, 3), use_bias=False, strides=(2, 2))
    tied = "gradient_of_tied_maximum"
    probes = {"compiled": tied, "eager": f"{tied}_eager"}
    return [
        Named("max pool operation with default strides", "max_pool_with_default_strides", pool),
        Named("padding in capitals, eager", "max_pool_in_capitals", same),
        Named("padding in capitals, symbolic", "max_pool_in_capitals_symbolic", same),
        Named("depthwise operation with strides in a list", "depthwise_conv_with_lists", depthwise),
        *(
            Named(
                f"gradient of a tied {axes}-D maximum goes to one cell, {way}",
                probe,
                _pool(f"MaxPooling{axes}D", (4,) * axes, (2,) * axes, batch=1, channels=1),
                (2.0**axes,),
            )
            for axes in (1, 2, 3)
            for way, probe in probes.items()
        ),
    ]


def _memory() -> list[Named]:
    narrow = _conv(
        "Conv2D",
        (3, 1),
        (1, 2),
        channels=1,
        filters=1,
        strides=(1, 2),
        padding="same",
        use_bias=False,
    )
    empty = _conv("Conv2D", (8, 8), (3, 3), channels=3, batch=0)
    return [
        *(
            Named(
                f"conv to one column with strides 1 and {step}",
                "counting_input_through_ones",
                narrow.but(strides=(1, step)),
                (1, 2, 3, 4, 5, 6),
            )
            for step in (2, 3)
        ),
        *_both("#22564 batch of 0", empty),
        *_both("batch of 0, smaller output", empty.but(sizes=(4, 4), channels=2, filters=2)),
    ]


def _of_kcore(named: list[Named]) -> list[Named]:
    """Return the cases of layers that kcore has too, with its layers; none may fail."""
    found = [
        replace(each, name=f"kcore: {each.name}", case=each.case.but(library="kcore"))
        for each in named
        if each.case.layer in IN_KCORE and each.probe in OF_A_LAYER
    ]
    narrow = _conv("Conv2D", (8, 5), (1, 2), channels=1, use_bias=False, library="kcore")
    for step in (2, 3, 5):
        found += _both(
            f"kcore: conv to one column with strides 1 and {step}", narrow.but(strides=(1, step))
        )
    return found


OF_KERAS = [
    *_strides_and_dilation(),
    *_channels_first(),
    *_too_large(),
    *_channels(),
    *_averages(),
    *_transposed(),
    *_adaptive(),
    *_special_inputs(),
    *_half_precision(),
    *_calls(),
    *_memory(),
]
NAMED = [*OF_KERAS, *_of_kcore(OF_KERAS)]
"""All named cases."""
