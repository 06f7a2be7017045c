"""Maps from tokens, as of a vision transformer: by their grid, and never by accident."""

import warnings

import keras
import numpy as np
import pytest

from kcore.explain import grad_cam, grad_cam_plus_plus, gradients, layer_cam, saliency, score_cam
from kcore.inspect._model_runner import ModelRunner

L = keras.layers
ROWS, COLUMNS = 3, 4


class WithClassToken(L.Layer):
    """Puts a token of zeros before the others."""

    def call(self, tokens):
        return keras.ops.pad(tokens, [[0, 0], [1, 0], [0, 0]])


def transformer(attention=True, class_token=False):
    keras.utils.set_random_seed(1)
    inputs = keras.Input((2 * ROWS, 2 * COLUMNS, 1))
    y = L.Conv2D(8, 2, strides=2, name="patches")(inputs)
    y = L.Reshape((ROWS * COLUMNS, 8), name="tokens")(y)
    if class_token:
        y = WithClassToken(name="with_class")(y)
    if attention:
        attended, _ = L.MultiHeadAttention(2, 4, name="attention")(
            y, y, return_attention_scores=True
        )
        y = L.Add(name="added")([y, attended])
    y = L.Dense(6, activation="relu", name="last")(y)
    y = L.Dense(3)(L.GlobalAveragePooling1D()(y))
    return keras.Model(inputs, L.Softmax()(y))


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(5).normal(size=(2, 2 * ROWS, 2 * COLUMNS, 1))


@pytest.mark.parametrize("attention", [True, False])
def test_no_feature_map_is_taken_by_accident(images, attention):
    with pytest.raises(ValueError, match=r"continues with tokens, .*'last'.*reshape"):
        grad_cam(transformer(attention), images)


def test_a_layer_of_a_feature_map_may_still_be_given(images):
    assert grad_cam(transformer(), images, "patches", 1).shape == images.shape[:3]


@pytest.mark.parametrize("class_token", [False, True])
def test_maps_from_tokens_are_those_of_the_definition(images, class_token):
    model = transformer(class_token=class_token)
    classes = [0, 2]
    found = gradients(model, images, "last", classes)
    slopes, outputs = (
        one[:, -ROWS * COLUMNS :].reshape(2, ROWS, COLUMNS, 6).astype("float64")
        for one in (found.values, found.outputs)
    )
    raw = np.einsum("nhwc,nc->nhw", outputs, slopes.mean(axis=(1, 2)))
    maps = grad_cam(model, images, "last", classes, reshape=(ROWS, COLUMNS))
    by_function = grad_cam(
        model,
        images,
        "last",
        classes,
        reshape=lambda tokens: tokens[:, -ROWS * COLUMNS :].reshape(-1, ROWS, COLUMNS, 6),
    )
    assert by_function == pytest.approx(maps)
    for image in range(2):
        # The image is twice as large: its pixels lie a quarter of a cell off the centers.
        large = np.clip((np.arange(2 * ROWS) + 0.5) / 2 - 0.5, 0, ROWS - 1)
        wide = np.clip((np.arange(2 * COLUMNS) + 0.5) / 2 - 0.5, 0, COLUMNS - 1)
        cut = np.maximum(raw[image], 0)
        rows = np.stack([np.interp(wide, np.arange(COLUMNS), row) for row in cut])
        whole = np.stack([np.interp(large, np.arange(ROWS), column) for column in rows.T], axis=1)
        assert maps[image] == pytest.approx(whole / whole.max(), abs=1e-4)


@pytest.mark.parametrize("cam", [grad_cam_plus_plus, layer_cam, score_cam])
def test_the_other_maps_take_tokens_too(images, cam):
    maps = cam(transformer(), images, "last", 1, reshape=(ROWS, COLUMNS))
    assert maps.shape == images.shape[:3]
    assert maps.max(axis=(1, 2)) == pytest.approx([1, 1])


@pytest.mark.parametrize(
    ("layer", "reshape", "message"),
    [
        ("last", None, r"no positions.*For tokens, give reshape, the \(rows, columns\)"),
        ("last", (5, 4), r"reshape=\(5, 4\) makes 20 positions.*returns 12 tokens"),
        ("last", (2, 5), r"makes 10 positions"),
        ("last", (12,), r"must be \(rows, columns\), or a function"),
        ("last", 12, r"reshape=12 must be a sequence"),
        ("last", (12,), r"reshape=\(12,\) must be \(rows, columns\), or a function"),
        ("last", (2, 3, 2), r"reshape=\(2, 3, 2\) must be \(rows, columns\), or a function"),
        ("last", lambda tokens: tokens, r"reshape returned shape \(2, 12, 6\)"),
        ("patches", (3, 4), r"is for tokens.*returns \(3, 4, 8\)"),
        (None, (3, 4), r"reshape=\(3, 4\) is for the tokens of a layer: give layer too"),
    ],
)
def test_what_is_wrong_with_a_grid(images, layer, reshape, message):
    with pytest.raises(ValueError, match=message):
        grad_cam(transformer(), images, layer, 1, reshape=reshape)


def test_the_last_map_of_a_convolution_before_a_recurrent_head(images):
    inputs = keras.Input(images.shape[1:])
    y = L.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    y = L.LSTM(3, return_sequences=True)(L.Reshape((4, -1))(y))
    model = keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling1D()(y)))
    assert ModelRunner(model, images.astype("float32"), 2).last_feature_map().name == "conv"


def test_a_convolution_after_attention_is_a_map_again(images):
    inputs = keras.Input(images.shape[1:])
    y = L.Reshape((12, 4))(L.Conv2D(4, 2, strides=2)(inputs))
    y = L.MultiHeadAttention(2, 2)(y, y)
    y = L.Conv2D(5, 1, name="conv")(L.Reshape((3, 4, 4))(y))
    model = keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling2D()(y)))
    assert ModelRunner(model, images.astype("float32"), 2).last_feature_map().name == "conv"


def test_integers_have_no_gradient():
    inputs = keras.Input((4, 4, 1), dtype="uint8")
    y = L.Conv2D(2, 2, name="conv")(L.Rescaling(1 / 255)(inputs))
    model = keras.Model(inputs, L.Dense(3)(L.Flatten()(y)))
    images = np.arange(32, dtype="uint8").reshape(2, 4, 4, 1)
    for explained in (saliency, gradients):
        with pytest.raises(ValueError, match=r"takes uint8.*have no gradient.*occlusion"):
            explained(model, images)
    assert gradients(model, images, "conv").values.any()


def test_a_gradient_of_zero_is_not_passed_over_in_silence():
    model = keras.Sequential([keras.Input((2, 2, 1)), L.ReLU(), L.Flatten(), L.Dense(2)])
    x = np.stack([np.full((2, 2, 1), -1.0), np.ones((2, 2, 1))])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gradients(model, x, class_index=1)
    (message,) = [str(one.message) for one in caught if one.category is UserWarning]
    assert message.startswith("gradients: the gradients of these samples are all zero")
    assert message.endswith(": 0.")
