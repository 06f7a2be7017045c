"""The suite notices the mistakes that it must find; each is made on purpose here."""

import numpy as np
import pytest

from backends_tests import cases, compare, reference
from backends_tests.cases import arrays
from backends_tests.contract import promise, upstream
from backends_tests.grid import grid
from backends_tests.outcome import Outcome

CASES = [case for case in grid() if promise(case).shape and case.batch]


def noticed(found, among):
    """Count the cases in which the suite refuses the values of a mutated reference."""
    count = 0
    for case, value in zip(among, found, strict=True):
        outcome = Outcome({"output": value}, {"computed": value.shape})
        try:
            compare.check_values(case, outcome)
        except compare.BackendError:
            count += 1
    return count


def values(among):
    return [reference.evaluate(case, arrays(case).x, arrays(case).weights) for case in among]


def test_nothing_is_noticed_without_a_mistake():
    among = CASES[::7]
    assert noticed([value.astype("float32") for value in values(among)], among) == 0


def test_an_odd_pad_on_the_wrong_side_is_noticed(monkeypatch):
    layers = cases.CONVOLUTIONS + cases.DEPTHWISE + cases.SEPARABLE
    among = [case for case in CASES if case.layer in layers and case.padding == "same"]
    odd = [case for case in among if has_odd_pad(case)]
    right = reference.same_pads
    monkeypatch.setattr(reference, "same_pads", lambda *window: right(*window)[::-1])
    wrong = values(odd)
    monkeypatch.undo()
    assert len(odd) > 100
    assert noticed(wrong, odd) > 0.95 * len(odd)


def has_odd_pad(case):
    windows = zip(case.sizes, case.kernel, case.strides, case.dilation_rate, strict=True)
    for size, kernel, strides, rate in windows:
        total = max((-(-size // strides) - 1) * strides + (kernel - 1) * rate + 1 - size, 0)
        if total % 2:
            return True
    return False


def test_a_pad_included_in_an_average_is_noticed(monkeypatch):
    layers = cases.AVERAGE_POOLS
    among = [case for case in CASES if case.layer in layers and case.padding == "same"]
    padded = [case for case in among if has_pads(case)]
    right = reference.gather

    def with_pads_counted(x, tables, fill):
        return right(x, tables, 1.0 if (x == 1).all() else fill)

    monkeypatch.setattr(reference, "gather", with_pads_counted)
    wrong = values(padded)
    monkeypatch.undo()
    assert len(padded) > 50
    assert noticed(wrong, padded) > 0.9 * len(padded)


def has_pads(case):
    tables, _ = reference.tables_of(case)
    pairs = zip(tables, case.sizes, strict=True)
    return any(((table < 0) | (table >= size)).any() for table, size in pairs)


def test_a_zero_pad_in_a_maximum_of_negative_cells_is_noticed(monkeypatch):
    among = [case for case in CASES if case.layer in cases.MAX_POOLS and case.data == "negative"]
    right = reference.gather
    monkeypatch.setattr(reference, "gather", lambda x, tables, fill: right(x, tables, 0.0))
    wrong = values(among)
    monkeypatch.undo()
    assert noticed(wrong, among) >= 3


def test_a_flipped_kernel_is_noticed():
    among = [case for case in CASES if case.layer in cases.TRAINED and max(case.kernel) > 1]
    among = [case for case in among if case.data == "random"]
    wrong = []
    for case in among:
        kernel, *others = arrays(case).weights
        flipped = np.flip(kernel, axis=tuple(range(case.axes)))
        wrong.append(reference.evaluate(case, arrays(case).x, [flipped, *others]))
    assert len(among) > 500
    assert noticed(wrong, among) > 0.95 * len(among)


def test_a_bias_along_the_wrong_axis_is_noticed():
    among = [case for case in CASES if case.layer in cases.TRAINED and case.use_bias]
    among = [case for case in among if set(case.kernel) == {1} and set(case.sizes) == {4}]
    among = [case for case in among if case.data_format == "channels_first" and case.filters == 4]
    wrong = []
    for case in among:
        *kernels, bias = arrays(case).weights
        plain = reference.evaluate(case, arrays(case).x, [*kernels, np.zeros_like(bias)])
        wrong.append(plain + bias)
    assert noticed(wrong, among) == len(among) >= 8


@pytest.mark.parametrize("kind", ["nan", "infinite"])
def test_values_that_are_not_finite_must_be_the_same(kind):
    among = [case for case in CASES if case.layer in cases.MAX_POOLS and case.data == kind]
    finite = [np.nan_to_num(value, posinf=3e38, neginf=-3e38) for value in values(among)]
    assert noticed(finite, among) >= len(among) // 2 > 0


@pytest.mark.parametrize("share", [0.5, 2.0])
def test_scaled_gradients_are_noticed(share):
    case = next(case for case in CASES if case.layer == "Conv2D" and case.data == "random")
    right = reference.gradients(case, arrays(case).x, arrays(case).weights, upstream(case))
    names = ["input", "kernel", "bias"][: len(right)]
    compare.check_gradient(case, Outcome(dict(zip(names, right, strict=True))))
    wrong = [right[0], share * right[1], *right[2:]]
    with pytest.raises(compare.BackendError, match="gradient of the kernel"):
        compare.check_gradient(case, Outcome(dict(zip(names, wrong, strict=True))))


def gradients_noticed(wrong, among):
    """Count the pools for which the suite refuses a mutated gradient."""
    count = 0
    for case, value in zip(among, wrong, strict=True):
        try:
            compare.check_gradient(case, Outcome({"input": value.astype("float32")}))
        except compare.BackendError:
            count += 1
    return count


def pools_of_more_than_one_cell(*kinds):
    among = [case for case in CASES if case.layer in kinds and case.data == "random"]
    among = [case for case in among if case.dtype == "float32"]
    return [case for case in among if max(case.kernel) > 1 and min(case.sizes) > 1]


def pool_gradients(among):
    return [reference.gradients(case, arrays(case).x, (), upstream(case))[0] for case in among]


def test_a_maximum_that_sends_its_gradient_to_all_cells_is_noticed():
    among = pools_of_more_than_one_cell(*cases.MAX_POOLS)
    assert gradients_noticed(pool_gradients(among), among) == 0
    averages = [case.but(layer=case.layer.replace("Max", "Average")) for case in among]
    wrong = [
        reference.gradients(average, arrays(case).x, (), upstream(case))[0]
        for case, average in zip(among, averages, strict=True)
    ]
    assert len(among) > 100
    assert gradients_noticed(wrong, among) > 0.95 * len(among)


def test_an_average_that_shares_its_gradient_with_pads_is_noticed(monkeypatch):
    among = [case for case in pools_of_more_than_one_cell(*cases.AVERAGE_POOLS) if has_pads(case)]
    assert gradients_noticed(pool_gradients(among), among) == 0
    right = reference.gather
    monkeypatch.setattr(reference, "gather", lambda x, tables, fill: right(x, tables, 1.0))
    wrong = pool_gradients(among)
    monkeypatch.undo()
    assert len(among) > 50
    assert gradients_noticed(wrong, among) > 0.9 * len(among)


def test_a_refusal_with_another_message_is_noticed():
    case = next(case for case in grid() if promise(case).refusal)
    text = promise(case).refusal
    compare.check_refusal(case, Outcome(error=f"ValueError: {text}"))
    for outcome in (
        Outcome(),
        Outcome(error=f"TypeError: {text}"),
        Outcome(error="ValueError: something else"),
        Outcome(crashed="signal SIGFPE"),
    ):
        with pytest.raises(compare.BackendError):
            compare.check_refusal(case, outcome)
