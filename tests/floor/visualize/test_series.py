from types import SimpleNamespace

import pytest

from kcore.visualize.series import curves_of, describe


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
