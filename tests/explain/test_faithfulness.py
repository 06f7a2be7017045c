import keras
import numpy as np
import pytest

from kcore.explain import deletion, insertion

L = keras.layers

KERNEL = np.array([[4.0, 1.0], [3.0, 2.0]])


@pytest.fixture(scope="module")
def model():
    """The probability of class 1 is the sigmoid of a weighted sum of four pixels."""
    layers = [L.Flatten(), L.Dense(1, activation="sigmoid", use_bias=False)]
    model = keras.Sequential([keras.Input((2, 2, 1)), *layers])
    model.set_weights([KERNEL.reshape(4, 1)])
    return model


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x)))


IMAGE = np.ones((1, 2, 2, 1))


def test_deletion_takes_the_highest_pixels_first(model):
    course = deletion(model, IMAGE, KERNEL[None], 1, steps=4)
    assert course.fractions == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert course.probabilities[0] == pytest.approx(sigmoid([10, 6, 3, 1, 0]), abs=1e-6)
    p = sigmoid([10, 6, 3, 1, 0])
    assert course.area[0] == pytest.approx((p[0] / 2 + p[1] + p[2] + p[3] + p[4] / 2) / 4)


def test_insertion_puts_the_highest_pixels_in_first(model):
    course = insertion(model, IMAGE, KERNEL[None], 1, steps=2, value=-1)
    assert course.probabilities[0] == pytest.approx(sigmoid([-10, 4, 10]), abs=1e-6)


def test_there_are_20_steps_unless_another_number_is_given(model):
    for function in (deletion, insertion):
        assert function(model, IMAGE, KERNEL[None]).probabilities.shape == (1, 21)


def test_class_0_has_the_other_probability(model):
    course = insertion(model, IMAGE, KERNEL[None], 0, steps=1)
    assert course.probabilities[0] == pytest.approx(1 - sigmoid([0, 10]), abs=1e-6)
    assert list(insertion(model, IMAGE, KERNEL[None]).class_index) == [1]


def test_equal_values_go_in_the_order_of_reading(model):
    course = deletion(model, IMAGE, np.zeros((1, 2, 2)), 1, steps=4)
    assert course.probabilities[0] == pytest.approx(sigmoid([10, 6, 5, 2, 0]), abs=1e-6)


def test_a_right_map_does_better_than_a_wrong_one(model):
    images = np.repeat(IMAGE, 2, axis=0)
    maps = np.stack([KERNEL, -KERNEL])
    out, into = (function(model, images, maps, 1, steps=4) for function in (deletion, insertion))
    assert out.area[0] < out.area[1]
    assert into.area[0] > into.area[1]


def test_maps_that_do_not_fit_are_refused(model):
    with pytest.raises(ValueError, match=r"maps with shape \(2, 2\) must be \(1, 2, 2\)"):
        deletion(model, IMAGE, KERNEL)
    with pytest.raises(ValueError, match="maps holds NaN"):
        deletion(model, IMAGE, KERNEL[None] * np.nan)
