"""Make the cases of the suite: they cover each property, in combinations drawn from a seed.

The cases of a layer are drawn from all sizes, kernels, strides, dilations and paddings by a
generator seeded with the layer's name. So a case keeps its name and its numbers from run to run,
whatever happens to other layers. Each window that was drawn is run in both data formats.

In the general grid `filters` differs from the width of the output: one backend adds a bias of that
length along the wrong axis, and a known failure hides everything else that a case could find. Cases
with equal lengths are made separately (`_bias_as_long_as_the_last_axis`). For the same reason
adaptive pools to size 1, which end the process on one backend, are left to `test_named`.
"""

import random
from collections.abc import Iterator

from backends_tests import cases
from backends_tests.cases import Case
from backends_tests.contract import promise

__all__ = ["DATA_FORMATS", "cases_of", "grid"]

DATA_FORMATS = ("channels_last", "channels_first")

WINDOWS = {
    "Conv1D": 100,
    "Conv2D": 110,
    "Conv3D": 36,
    "DepthwiseConv1D": 60,
    "DepthwiseConv2D": 60,
    "SeparableConv1D": 50,
    "SeparableConv2D": 50,
    "Conv1DTranspose": 80,
    "Conv2DTranspose": 80,
    "Conv3DTranspose": 30,
    "MaxPooling1D": 60,
    "MaxPooling2D": 60,
    "MaxPooling3D": 30,
    "AveragePooling1D": 60,
    "AveragePooling2D": 60,
    "AveragePooling3D": 30,
    **dict.fromkeys(cases.GLOBAL_POOLS, 5),
    **dict.fromkeys(cases.ADAPTIVE_POOLS, 16),
}
"""Number of windows drawn for each layer in a default run."""

FULL = 2
"""A full run draws this many times as many windows."""

LARGEST = {1: 16, 2: 10, 3: 6}
"""Largest spatial size, by number of axes."""


def grid(full: bool = False) -> list[Case]:
    """Return all cases in a fixed order, without duplicates."""
    found = [case for layer in WINDOWS for case in cases_of(layer, full)]
    found += [case.but(library="kcore") for case in found if case.layer in cases.IN_KCORE]
    found += _many_pixels()
    return list({case.id: case for case in found}.values())


def cases_of(layer: str, full: bool = False) -> Iterator[Case]:
    """Yield the cases of one layer: first the windows drawn, then special inputs."""
    generator = random.Random(layer)
    count = WINDOWS[layer] * (FULL if full else 1)
    windows = [_window(layer, generator) for _ in range(count)]
    for case in windows:
        yield from (case.but(data_format=data_format) for data_format in DATA_FORMATS)
    yield from _bias_as_long_as_the_last_axis(layer)
    yield from _special(layer, [case for case in windows if _has_output(case)])


def _window(layer: str, generator: random.Random) -> Case:
    """Draw windows until one is worth a test."""
    while True:
        case = _draw(layer, generator)
        if _is_worth_it(case):
            return case


def _draw(layer: str, generator: random.Random) -> Case:
    axes = int(layer.removesuffix("Transpose")[-2])
    sizes = tuple(generator.randint(1, LARGEST[axes]) for _ in range(axes))
    case = Case(layer, sizes, channels=generator.randint(1, 4), batch=generator.randint(1, 2))
    if layer in cases.GLOBAL_POOLS:
        return case
    if layer in cases.ADAPTIVE_POOLS:
        sizes = tuple(max(size, 2) for size in sizes)
        outputs = tuple(generator.randint(2, size) for size in sizes)
        return case.but(sizes=sizes, output_size=outputs)
    case = case.but(
        kernel=tuple(generator.randint(1, 6 if axes < 3 else 3) for _ in range(axes)),
        strides=tuple(generator.choice((1, 1, 2, 3, 4, 5)) for _ in range(axes)),
        padding=generator.choice(("valid", "same")),
    )
    if layer not in cases.TRAINED:
        return case.but(strides=None) if generator.random() < 0.2 else case
    return _trained(case, generator)


def _trained(case: Case, generator: random.Random) -> Case:
    """Add the arguments that only layers with weights have."""
    if generator.random() < 0.4:
        case = case.but(dilation_rate=tuple(generator.randint(1, 3) for _ in range(case.axes)))
        if case.layer not in cases.DEPTHWISE + cases.SEPARABLE and generator.random() < 0.9:
            case = case.but(strides=(1,) * case.axes)
    else:
        case = case.but(dilation_rate=(1,) * case.axes)
    if case.layer in cases.DEPTHWISE + cases.SEPARABLE and generator.random() < 0.7:
        case = case.but(strides=(generator.randint(1, 4),) * case.axes)
    if case.layer == "Conv1D" and generator.random() < 0.2:
        case = case.but(padding="causal")
    if case.layer in cases.TRANSPOSED and generator.random() < 0.4:
        added = tuple(generator.randint(0, step - 1) for step in case.effective_strides)
        case = case.but(output_padding=added)
    if case.layer in cases.CONVOLUTIONS and generator.random() < 0.25:
        groups = generator.choice((2, 3))
        case = case.but(
            groups=groups, channels=groups * generator.randint(1, 2), filters=2 * groups
        )
    elif case.layer not in cases.DEPTHWISE:
        case = case.but(filters=generator.randint(1, 5))
    return case.but(
        depth_multiplier=1
        if case.layer not in cases.DEPTHWISE + cases.SEPARABLE
        else generator.randint(1, 2),
        use_bias=generator.random() < 0.7,
    )


def _is_worth_it(case: Case) -> bool:
    """Tell whether kcore.shapes promises something for it that few other cases show."""
    try:
        promised = promise(case)
    except ValueError:
        return False
    if case.layer in cases.GLOBAL_POOLS + cases.ADAPTIVE_POOLS:
        return True
    if promised.shape is None:
        return sum(case.sizes) % 8 == 0 and case.layer not in cases.MAX_POOLS
    spatial = promised.shape[1:-1]
    return case.output_channels not in (spatial[0], spatial[-1])


def _has_output(case: Case) -> bool:
    shape = promise(case).shape
    return shape is not None and 0 not in shape


def _bias_as_long_as_the_last_axis(layer: str) -> Iterator[Case]:
    """Yield cases in which bias, width and channels of the output have the same length."""
    if layer not in cases.TRAINED:
        return
    axes = int(layer.removesuffix("Transpose")[-2])
    case = Case(layer, (4,) * axes, (1,) * axes, (1,) * axes, (1,) * axes, channels=4, filters=4)
    yield from (case.but(data_format=data_format) for data_format in DATA_FORMATS)


def _many_pixels() -> Iterator[Case]:
    """Yield batches for which kcore computes gradients in parts, with and without a remainder."""
    case = Case("Conv2D", (12, 9), (3, 3), (1, 1), (1, 1), library="kcore")
    for data_format in DATA_FORMATS:
        yield case.but(batch=76, data_format=data_format)
        yield case.but(batch=75, padding="same", data_format=data_format)
        yield case.but(batch=75, kernel=(2, 4), padding="same", data_format=data_format)
        yield case.but(batch=81, kernel=(5, 2), use_bias=False, data_format=data_format)


def _special(layer: str, windows: list[Case]) -> Iterator[Case]:
    """Yield special inputs and dtypes, each on the first windows that fit it."""
    for index, case in enumerate(windows[:4]):
        data_format = DATA_FORMATS[index % 2]
        yield case.but(dtype=("float16", "bfloat16")[index // 2], data_format=data_format)
    for index, data in enumerate(("nan", "infinite", "integer")):
        for offset, data_format in enumerate(DATA_FORMATS):
            case = windows[(2 * index + offset) % len(windows)]
            yield case.but(data=data, data_format=data_format)
    for case, data_format in zip(windows, DATA_FORMATS, strict=False):
        yield case.but(batch=0, data_format=data_format)
    if layer in cases.MAX_POOLS:
        padded = [case for case in windows if case.padding == "same"]
        for case, data_format in zip(padded[:4], DATA_FORMATS * 2, strict=True):
            yield case.but(data="negative", data_format=data_format)
