"""The reference of the suite agrees with SciPy, finite differences and cases done by hand."""

import itertools

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from backends_tests import reference
from backends_tests.cases import Case, arrays
from backends_tests.contract import promise, upstream
from backends_tests.grid import grid

CASES = [case for case in grid() if promise(case).shape and case.data == "random" and case.batch]


def every(cases, count):
    return cases[:: max(1, len(cases) // count)]


def by_layer(*names, **wanted):
    found = [case for case in CASES if case.layer in names]
    return [case for case in found if all(getattr(case, k) == v for k, v in wanted.items())]


def ids(case):
    return case.id


def channels_last(case, x):
    return np.moveaxis(x, 1, -1) if case.data_format == "channels_first" else x


def spread(kernel, rates):
    """Put zeros between the taps of a kernel."""
    sizes = [(n - 1) * rate + 1 for n, rate in zip(kernel.shape, rates, strict=True)]
    wide = np.zeros(sizes)
    wide[tuple(slice(None, None, rate) for rate in rates)] = kernel
    return wide


def scipy_correlation(x, kernel, strides, rates, padding):
    """Correlate one channel: pad as SciPy centers it, and keep every stride."""
    kernel = spread(kernel, rates)
    if padding == "valid":
        full = scipy.signal.correlate(x, kernel, mode="valid", method="direct")
        return full[tuple(slice(None, None, step) for step in strides)]
    full = scipy.signal.correlate(x, kernel, mode="full", method="direct")
    starts = []
    for size, width, step in zip(x.shape, kernel.shape, strides, strict=True):
        if padding == "causal":
            starts.append((0, step, -(-size // step)))
            continue
        last = (size - 1) // step * step + width
        starts.append((width - 1 - max(last - size, 0) // 2, step, -(-size // step)))
    return full[tuple(slice(at, at + step * (n - 1) + 1, step) for at, step, n in starts)]


@pytest.mark.parametrize("case", every(by_layer("Conv1D", "Conv2D", "Conv3D"), 120), ids=ids)
def test_convolutions_are_scipys_correlation(case):
    given_arrays = arrays(case)
    x = channels_last(case, given_arrays.x).astype("float64")
    kernel = given_arrays.weights[0].astype("float64")
    share_in, share_out = case.channels // case.groups, case.filters // case.groups
    found = channels_last(case, reference.evaluate(case, given_arrays.x, given_arrays.weights))
    for sample, filter_ in itertools.product(range(case.batch), range(case.filters)):
        first = filter_ // share_out * share_in
        parts = [
            scipy_correlation(
                x[sample, ..., first + c],
                kernel[..., c, filter_],
                case.strides,
                case.dilation_rate,
                case.padding,
            )
            for c in range(share_in)
        ]
        wanted = sum(parts) + (given_arrays.weights[1][filter_] if case.use_bias else 0)
        np.testing.assert_allclose(found[sample, ..., filter_], wanted, atol=1e-9)


DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")


@pytest.mark.parametrize("case", every(by_layer(*DEPTHWISE), 80), ids=ids)
def test_depthwise_convolutions_are_scipys_correlation_of_each_channel(case):
    given_arrays = arrays(case)
    x = channels_last(case, given_arrays.x).astype("float64")
    kernel, *others = given_arrays.weights
    planes = [
        [
            scipy_correlation(
                x[sample, ..., c], kernel[..., c, m], case.strides, case.dilation_rate, case.padding
            )
            for c in range(case.channels)
            for m in range(case.depth_multiplier)
        ]
        for sample in range(case.batch)
    ]
    wanted = np.stack([np.stack(sample, axis=-1) for sample in planes])
    if case.layer.startswith("Separable"):
        wanted = np.tensordot(wanted, others.pop(0).reshape(-1, case.filters), axes=1)
    if case.use_bias:
        wanted = wanted + others[0]
    found = channels_last(case, reference.evaluate(case, given_arrays.x, given_arrays.weights))
    np.testing.assert_allclose(found, wanted, atol=1e-9)


TRANSPOSED = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")


@pytest.mark.parametrize("case", every(by_layer(*TRANSPOSED), 80), ids=ids)
def test_transposed_convolutions_are_scipys_convolution_of_spread_cells(case):
    given_arrays = arrays(case)
    x = channels_last(case, given_arrays.x).astype("float64")
    kernel = given_arrays.weights[0].astype("float64")
    found = channels_last(case, reference.evaluate(case, given_arrays.x, given_arrays.weights))
    for sample, filter_ in itertools.product(range(case.batch), range(case.filters)):
        full = sum(
            scipy.signal.convolve(
                spread(x[sample, ..., c], case.strides),
                spread(kernel[..., filter_, c], case.dilation_rate),
                method="direct",
            )
            for c in range(case.channels)
        )
        wanted = crop(full, case, found.shape[1:-1])
        wanted = wanted + (given_arrays.weights[1][filter_] if case.use_bias else 0)
        np.testing.assert_allclose(found[sample, ..., filter_], wanted, atol=1e-9)


def crop(full, case, lengths):
    """Cut or extend the full result to its length: for valid at the end, for same on both sides."""
    for axis, length in enumerate(lengths):
        surplus = full.shape[axis] - length
        before = max(surplus, 0) // 2 if case.padding == "same" else 0
        full = np.concatenate([full, np.zeros_like(full)], axis=axis)
        full = np.take(full, range(before, before + length), axis=axis)
        assert surplus >= 0 or case.strides[axis] > 1
    return full


@pytest.mark.parametrize(
    "case", every(by_layer(*(f"MaxPooling{n}D" for n in (1, 2, 3))), 60), ids=ids
)
def test_max_pools_are_scipys_maximum_filter(case):
    x = channels_last(case, arrays(case).x).astype("float64")
    found = channels_last(case, reference.evaluate(case, arrays(case).x, ()))
    strides = case.strides or case.kernel
    for sample, channel in itertools.product(range(case.batch), range(case.channels)):
        plane = x[sample, ..., channel]
        index = []
        padded = plane
        for axis, (size, k, s) in enumerate(zip(case.sizes, case.kernel, strides, strict=True)):
            count = found.shape[1 + axis]
            total = max((count - 1) * s + k - size, 0) if case.padding == "same" else 0
            width = [(0, 0)] * plane.ndim
            width[axis] = (total // 2, k + total)
            padded = np.pad(padded, width, constant_values=-np.inf)
            index.append(slice(k // 2, k // 2 + s * (count - 1) + 1, s))
        filtered = scipy.ndimage.maximum_filter(padded, case.kernel, mode="constant", cval=-np.inf)
        np.testing.assert_array_equal(found[sample, ..., channel], filtered[tuple(index)])


AVERAGES = tuple(f"AveragePooling{n}D" for n in (1, 2, 3))


@pytest.mark.parametrize("case", every(by_layer(*AVERAGES), 60), ids=ids)
def test_average_pools_are_correlations_divided_by_the_number_of_cells(case):
    x = channels_last(case, arrays(case).x).astype("float64")
    found = channels_last(case, reference.evaluate(case, arrays(case).x, ()))
    strides, ones = case.strides or case.kernel, (1,) * case.axes
    kernel = np.ones(case.kernel)
    counted = scipy_correlation(np.ones(case.sizes), kernel, strides, ones, case.padding)
    for sample, channel in itertools.product(range(case.batch), range(case.channels)):
        total = scipy_correlation(x[sample, ..., channel], kernel, strides, ones, case.padding)
        np.testing.assert_allclose(found[sample, ..., channel], total / counted, atol=1e-9)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.layer.startswith(("Global", "Adaptive"))], ids=ids
)
def test_global_and_adaptive_pools_reduce_slices(case):
    x = channels_last(case, arrays(case).x).astype("float64")
    found = reference.evaluate(case, arrays(case).x, ())
    reduce = np.max if "Max" in case.layer else np.mean
    if case.layer.startswith("Global"):
        wanted = reduce(x, axis=tuple(range(1, 1 + case.axes)))
        np.testing.assert_allclose(found, wanted, atol=1e-12)
        return
    found = channels_last(case, found)
    for position in np.ndindex(*case.output_size):
        window = tuple(
            slice(i * n // o, -(-(i + 1) * n // o))
            for i, n, o in zip(position, case.sizes, case.output_size, strict=True)
        )
        wanted = reduce(x[(slice(None), *window)], axis=tuple(range(1, 1 + case.axes)))
        np.testing.assert_allclose(found[(slice(None), *position)], wanted, atol=1e-12)


EXACT = [case for case in CASES if case.dtype == "float32"]


@pytest.mark.parametrize("case", every(EXACT, 240), ids=ids)
def test_gradients_are_finite_differences(case):
    generator = np.random.default_rng(7)
    given_arrays, down = arrays(case), upstream(case).astype("float64")
    parts = [given_arrays.x.astype("float64"), *(w.astype("float64") for w in given_arrays.weights)]
    steps = [generator.standard_normal(part.shape) for part in parts]
    found = reference.gradients(case, parts[0], parts[1:], down)

    def loss(scale):
        moved = [part + scale * step for part, step in zip(parts, steps, strict=True)]
        return np.sum(reference.evaluate(case, moved[0], moved[1:]) * down)

    small = 1e-4
    slope = (loss(small) - loss(-small)) / (2 * small)
    wanted = sum(np.sum(one * step) for one, step in zip(found, steps, strict=True))
    np.testing.assert_allclose(wanted, slope, rtol=1e-5, atol=1e-5)


def test_same_padding_worked_out_by_hand():
    table = reference.taps(13, 6, 5, 1, "same")
    assert table.tolist() == [[-1, *range(5)], list(range(4, 10)), list(range(9, 15))]


def test_average_of_ten_and_twenty_is_fifteen():
    case = Case("AveragePooling1D", (2,), (3,), (2,), padding="same", batch=1, channels=1)
    found = reference.evaluate(case, np.array([10.0, 20.0]).reshape(1, 2, 1), ())
    assert found.ravel().tolist() == [15.0]


def test_transposed_windows_worked_out_by_hand():
    case = Case(
        "Conv1DTranspose", (2,), (3,), (2,), (1,), "same", channels=1, filters=1, use_bias=False
    )
    x = np.array([1.0, 10.0]).reshape(1, 2, 1)
    kernel = np.array([1.0, 2.0, 3.0]).reshape(3, 1, 1)
    assert reference.evaluate(case, x, [kernel]).ravel().tolist() == [1, 2, 13, 20]


@settings(max_examples=60)
@given(st.integers(1, 12), st.integers(1, 6), st.integers(1, 5), st.integers(1, 3))
def test_every_same_position_reads_a_cell(size, kernel, strides, rate):
    table = reference.taps(size, kernel, strides, 1, "same")
    assert ((table >= 0) & (table < size)).any(axis=1).all()
    assert len(reference.taps(size, kernel, strides, rate, "same")) == -(-size // strides)
