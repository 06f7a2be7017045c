from types import SimpleNamespace

import numpy as np
import pytest

from kcore.visualize._series import curves_of, describe


def only(history, **arguments):
    (curve,) = curves_of(history, **arguments)
    return curve


def test_training_and_validation_of_a_metric_belong_together():
    curves = curves_of({"loss": [3, 2], "acc": [0, 1], "val_loss": [4, 3], "lr": [1, 1]})
    assert [curve.metric for curve in curves] == ["loss", "acc", "lr"]
    assert curves[0].training == ((1, 3.0), (2, 2.0))
    assert curves[0].validation == ((1, 4.0), (2, 3.0))
    assert curves[2].validation == ()


def test_what_fit_returned_knows_its_epochs():
    resumed = SimpleNamespace(epoch=[5, 6], history={"loss": [3, 2]})
    assert only(resumed).training == ((6, 3.0), (7, 2.0))


def test_none_stands_for_an_epoch_without_a_value():
    curve = only({"loss": [3, 2, 1], "val_loss": [None, 4, None]})
    assert curve.validation == ((2, 4.0),)
    assert curve.gap == (2, 2.0)


@pytest.mark.parametrize(
    ("frequency", "values", "epochs"),
    [(2, [4, 3], [2, 4]), ([1, 4], [4, 3], [1, 4]), (5, [9], [5])],
)
def test_rare_validation(frequency, values, epochs):
    history = {"loss": [5, 4, 3, 2, 1], "val_loss": values}
    curve = only(history, validation_freq=frequency)
    assert curve.validation == tuple(zip(epochs, map(float, values), strict=True))


def test_the_gap_is_that_of_the_last_epoch_with_both():
    curve = only({"loss": [3, 2, float("nan")], "val_loss": [3, 2.5, 1]})
    assert curve.gap == (2, 0.5)
    assert only({"loss": [1]}).gap is None


def test_it_is_described_in_words():
    curve = only({"accuracy": [0.5, 0.75], "val_accuracy": [0.5, 0.625]})
    assert describe(curve) == (
        "accuracy: training 0.75 in epoch 2, validation 0.625 in epoch 2; "
        "validation 0.125 below training in epoch 2"
    )


@pytest.mark.parametrize(
    ("history", "arguments", "message"),
    [
        ([1, 2], {}, r"history=\[1, 2\] must be what fit returned"),
        ({}, {}, "history holds no epoch; train first"),
        ({"loss": []}, {}, "history holds no epoch"),
        ({"loss": [1]}, {"metrics": ["acc"]}, "metrics holds 'acc', but history has: loss"),
        ({"loss": [1, 2, 3], "val_loss": [1]}, {}, "1 values of 'val_loss' for 3 epochs"),
        ({"loss": [1], "acc": [1, 2]}, {}, "1 values of 'loss' for 2 epochs"),
        ({"loss": [1, 2], "val_loss": [1]}, {"validation_freq": 0}, "validation_freq=0 must be"),
    ],
)
def test_what_does_not_fit_is_named(history, arguments, message):
    with pytest.raises(ValueError, match=message):
        curves_of(history, **arguments)


SCORES = [np.array([0.1, 0.2, 0.3], "float32"), np.array([0.4, 0.5, 0.6], "float32")]


def test_a_metric_of_several_numbers_has_a_curve_for_each():
    curves = curves_of({"loss": [1, 2], "f1_score": SCORES, "val_f1_score": SCORES[::-1]})
    assert [curve.metric for curve in curves] == ["loss", *(f"f1_score[{n}]" for n in range(3))]
    for index, curve in enumerate(curves[1:]):
        np.testing.assert_array_equal(
            [value for _, value in curve.training], np.array(SCORES, "float64")[:, index]
        )
        np.testing.assert_array_equal(
            [value for _, value in curve.validation], np.array(SCORES, "float64")[::-1, index]
        )


def test_none_stands_for_an_epoch_without_a_vector():
    curves = curves_of({"loss": [3, 2], "val_f1": [None, [0.25, 0.75]]})
    assert [curve.validation for curve in curves[1:]] == [((2, 0.25),), ((2, 0.75),)]


@pytest.mark.parametrize("one", [np.array([0.5]), [[0.5]], np.float16(0.5), True, 0.5])
def test_arrays_of_one_number_are_numbers(one):
    curve = only({"metric": [one]})
    assert (curve.metric, curve.training) == ("metric", ((1, float(np.ravel(one)[0])),))


def test_a_metric_of_several_numbers_is_chosen_by_its_name_or_by_entry():
    history = {"loss": [1, 2], "f1": SCORES, "f1_macro": [1, 2]}
    chosen = curves_of(history, metrics=["f1", "loss"])
    assert [curve.metric for curve in chosen] == ["f1[0]", "f1[1]", "f1[2]", "loss"]
    assert [curve.metric for curve in curves_of(history, metrics=["f1[1]"])] == ["f1[1]"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["best", "worse"], "holds 'best'"),
        ([1.0, "worse"], "holds 'worse'"),
        ([np.ones((2, 2))] * 2, "holds numbers of shape (2, 2)"),
        ([np.zeros(11)] * 2, "holds 11 numbers, more than 10"),
        ([[1, 2], [1, 2, 3]], "holds values of several shapes"),
        ([[], []], "holds 0 numbers"),
        ([[1, [2]], 3], "holds [1, [2]]"),
        ([1j, 2j], "holds 1j"),
    ],
    ids=["text", "late text", "matrix", "many", "ragged", "empty", "nested", "complex"],
)
def test_what_can_not_be_drawn_is_left_out_with_one_warning(values, reason):
    history = {"loss": [3, 2], "odd": values, "val_loss": [4, 3]}
    with pytest.warns(UserWarning, match="Left out of the curves") as caught:
        curve = only(history)
    assert curve == only({"loss": [3, 2], "val_loss": [4, 3]})
    assert [str(one.message) for one in caught] == [f"Left out of the curves: 'odd' {reason}."]
    assert caught[0].filename == __file__
    assert only(history, metrics=["loss"]) == curve  # not asked for, so not warned of
    with pytest.raises(ValueError, match="metrics holds 'odd', but 'odd' holds "):
        curves_of(history, metrics=["odd"])


def test_without_a_number_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match="no numbers to draw: 'note' holds 'a'"):
        curves_of({"note": ["a"]})
    with pytest.raises(ValueError, match="no numbers to draw: each value is None"):
        curves_of({"loss": [None, None]})
