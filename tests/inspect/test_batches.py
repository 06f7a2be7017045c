import keras
import numpy as np
import pytest

from kcore.explain import class_scores, grad_cam, occlusion, saliency
from kcore.inspect import activations

L = keras.layers


@pytest.fixture(scope="module")
def model():
    return keras.Sequential(
        [keras.Input((8, 6, 1)), L.Conv2D(2, 3), L.Flatten(), L.Dense(2)], name="small"
    )


@pytest.fixture(scope="module")
def two_inputs():
    inputs = [keras.Input((3,), name="left"), keras.Input((2,), name="right")]
    return keras.Model(inputs, L.Dense(2)(L.Concatenate()(inputs)), name="pair")


@pytest.mark.parametrize("function", [activations, class_scores, saliency, grad_cam, occlusion])
def test_images_of_another_shape_are_named_with_the_shape_that_is_wanted(model, function):
    wanted, given = r"\(samples, 8, 6, 1\)", r"\(2, 8, 8, 1\)"
    message = f"'small' takes arrays {wanted}, but (x|images) has one with shape {given}"
    with pytest.raises(ValueError, match=message):
        function(model, np.zeros((2, 8, 8, 1)))


def test_one_sample_gets_the_hint_to_make_it_a_batch(model):
    message = r"shape \(8, 6, 1\). It has the shape of one sample: give x\[None\]"
    for function in (activations, class_scores):
        with pytest.raises(ValueError, match=message):
            function(model, np.zeros((8, 6, 1)))


def test_any_size_stays_any_size():
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, L.GlobalAveragePooling2D()(inputs), name="free")
    with pytest.raises(
        ValueError, match=r"takes arrays \(samples, any, any, 3\), but x has one with"
    ):
        class_scores(model, np.zeros((2, 4, 4, 1)))
    assert class_scores(model, np.ones((2, 4, 5, 3))).values.shape == (2, 3)


def test_an_axis_of_one_may_be_left_out_as_in_predict(model):
    images = np.random.default_rng(0).random((2, 8, 6, 1))
    with_axis, without = (class_scores(model, x).values for x in (images, images[..., 0]))
    np.testing.assert_array_equal(with_axis, without)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (
            [np.zeros((8, 6, 1))] * 2,
            ValueError,
            "takes 1 input, but 2 arrays were given as x. .*stack",
        ),
        ([[1.0, 2.0]], TypeError, "x must hold arrays or tensors, but a float was given"),
        (np.array([["a"]]), TypeError, "x is an array of <U1, but its values must be real numbers"),
        (
            np.array([[None]]),
            TypeError,
            "x is an array of object, but its values must be real numbers",
        ),
        (np.zeros((0, 8, 6, 1)), ValueError, "x holds no sample"),
    ],
)
def test_what_is_no_batch_is_refused(model, x, error, message):
    with pytest.raises(error, match=message):
        activations(model, x)


def test_a_list_of_images_gets_the_hint_to_stack_them(model):
    with pytest.raises(TypeError, match=r"images is a list: .* numpy.stack"):
        saliency(model, [np.zeros((8, 6, 1))] * 2)


def test_each_of_several_inputs_is_checked(two_inputs):
    left, right = np.zeros((4, 3)), np.zeros((4, 2))
    for x in ([left, right], {"left": left, "right": right}):
        assert list(activations(two_inputs, x).values())[-1].shape == (4, 2)
    for x in ([right, left], {"left": right, "right": left}):
        with pytest.raises(
            ValueError, match=r"takes arrays \(samples, 3\) for 'left', but x has one"
        ):
            activations(two_inputs, x)
    with pytest.raises(ValueError, match="takes 2 inputs, but 1 array was given"):
        activations(two_inputs, left)
    with pytest.raises(ValueError, match="'pair' takes 'left', 'right', but 'right' is not among"):
        activations(two_inputs, {"left": left, "up": right})
