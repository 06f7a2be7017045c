import tracemalloc

import keras
import numpy as np
import pytest
from oracles.small_network import small_network

from kcore.explain import grad_cam, grad_cam_plus_plus, layer_cam, score_cam

L = keras.layers

CLASSES = [0, 3, 1]


@pytest.fixture(scope="module")
def network():
    # With these weights each map has a positive value.
    return small_network(seed=3)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(2).normal(size=(3, 6, 7, 2))


@pytest.fixture(scope="module")
def model(network):
    base = keras.Sequential(
        [keras.Input((6, 7, 2)), L.Conv2D(3, 3, activation="relu", name="mixed7")], name="base"
    )
    model = keras.Sequential(
        [keras.Input((6, 7, 2)), base, L.Flatten(), L.Dense(4, activation="softmax")]
    )
    model.set_weights(network.weights)
    return model


def enlarged(values, height=6, width=7):
    """Interpolate between centers, cell by cell."""
    rows, columns = values.shape
    found = np.empty((height, width))
    for y in range(height):
        for x in range(width):
            row = min(max((y + 0.5) * rows / height - 0.5, 0), rows - 1)
            column = min(max((x + 0.5) * columns / width - 0.5, 0), columns - 1)
            top, left = int(row), int(column)
            bottom, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
            above = values[top, left] * (1 - column + left) + values[top, right] * (column - left)
            below = values[bottom, left] * (1 - column + left)
            below += values[bottom, right] * (column - left)
            found[y, x] = above * (1 - row + top) + below * (row - top)
    return found


def picture(raw):
    cut = enlarged(np.where(raw > 0, raw, 0))
    return cut / cut.max()


def grad_cam_by_definition(slopes, outputs, _):
    return sum(slopes[..., k].mean() * outputs[..., k] for k in range(3))


def grad_cam_plus_plus_by_definition(slopes, outputs, score):
    # The derivatives of exp(score), one position after the other.
    first, second, third = (np.exp(score) * slopes**power for power in (1, 2, 3))
    found = np.zeros(outputs.shape[:2])
    for k in range(3):
        weight = 0.0
        for position in np.ndindex(found.shape):
            below = 2 * second[*position, k] + outputs[..., k].sum() * third[*position, k]
            alpha = second[*position, k] / below if below != 0 else 0
            weight += alpha * max(first[*position, k], 0)
        found += weight * outputs[..., k]
    return found


def layer_cam_by_definition(slopes, outputs, _):
    return (np.where(slopes > 0, slopes, 0) * outputs).sum(axis=-1)


@pytest.mark.parametrize(
    ("function", "definition"),
    [
        (grad_cam, grad_cam_by_definition),
        (grad_cam_plus_plus, grad_cam_plus_plus_by_definition),
        (layer_cam, layer_cam_by_definition),
    ],
)
def test_maps_are_those_of_the_definition(network, images, model, function, definition):
    found = function(model, images, "mixed7", CLASSES)
    assert (found.shape, found.dtype) == ((3, 6, 7), np.float32)
    for number, (image, one) in enumerate(zip(images, CLASSES, strict=True)):
        slopes = network.gradient_at_feature_map(image, one)
        raw = definition(slopes, network.feature_map(image), network.scores(image)[one])
        assert found[number] == pytest.approx(picture(raw), abs=1e-4)


def test_a_channel_that_the_score_ignores_has_no_weight(network, images, model):
    weights = model.get_weights()
    weights[2][::3, 1] = 0  # from the first of three channels to class 1
    ignoring = keras.models.clone_model(model)
    ignoring.set_weights(weights)
    found = grad_cam_plus_plus(ignoring, images, "mixed7", 1)
    for number, image in enumerate(images):
        slopes = np.array(network.gradient_at_feature_map(image, 1))
        slopes[..., 0] = 0
        raw = grad_cam_plus_plus_by_definition(slopes, network.feature_map(image), 0.0)
        assert found[number] == pytest.approx(picture(raw), abs=1e-4)


def test_score_cam_is_that_of_the_definition(network, images, model):
    found = score_cam(model, images, "base/mixed7", CLASSES, batch_size=2)
    for number, (image, one) in enumerate(zip(images, CLASSES, strict=True)):
        outputs = network.feature_map(image)
        scores = []
        for k in range(3):
            mask = outputs[..., k] - outputs[..., k].min()
            masked = image * enlarged(mask / mask.max())[..., None]
            scores.append(network.scores(masked)[one])
        weights = np.exp(scores) / np.exp(scores).sum()
        assert found[number] == pytest.approx(picture(outputs @ weights), abs=1e-4)


def test_score_cam_holds_few_masked_images_at_a_time():
    model = keras.Sequential(
        [keras.Input((32, 32, 3)), L.Conv2D(256, 8, 8), L.GlobalAveragePooling2D(), L.Dense(2)]
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.random(weights.shape) for weights in model.get_weights()])
    image = rng.random((1, 32, 32, 3), dtype=np.float32)
    score_cam(model, image, class_index=1, batch_size=8)
    tracemalloc.start()
    try:
        score_cam(model, image, class_index=1, batch_size=8)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < image.nbytes * 256 / 3


def test_the_last_feature_map_and_the_predicted_class_are_the_default(network, images, model):
    classes = [network.scores(image).argmax() for image in images]
    assert grad_cam(model, images) == pytest.approx(grad_cam(model, images, "mixed7", classes))
    assert score_cam(model, images) == pytest.approx(score_cam(model, images, "mixed7", classes))


def test_a_batch_is_explained_image_by_image(images, model):
    together = grad_cam(model, images, class_index=CLASSES, batch_size=2)
    for number, one in enumerate(CLASSES):
        alone = grad_cam(model, images[number : number + 1], class_index=one)
        assert together[number] == pytest.approx(alone[0], abs=1e-5)


def test_channels_first():
    """With 1×1 filters that take one channel each, which a CPU's backends compute."""
    rows = np.array([[[1.0, 2.0, 3.0]], [[0.0, 5.0, 0.0]]])
    inputs = keras.Input((2, 1, 3))
    outputs = L.DepthwiseConv2D(1, data_format="channels_first", use_bias=False)(inputs)
    model = keras.Model(inputs, L.Dense(2, use_bias=False)(L.Flatten()(outputs)))
    weights = np.zeros((2, 3, 2))
    weights[0, :, 1], weights[1, :, 1] = 3, -3
    model.set_weights([np.ones((1, 1, 2, 1)), weights.reshape(6, 2)])
    image = rows[None]
    # The channels count for 3 and -3: [1, 2, 3] - [0, 5, 0] is positive at both ends.
    for function in (grad_cam, layer_cam):
        assert function(model, image, class_index=1).shape == (1, 1, 3)
    found = grad_cam(model, image, class_index=1)[0, 0]
    assert found == pytest.approx([1 / 3, 0, 1])
    assert score_cam(model, image, class_index=1).shape == (1, 1, 3)


class BreaksAtNine(L.Layer):
    """Makes NaN of 9, and leaves the rest."""

    def call(self, x):
        return keras.ops.where(x == 9, np.nan, x)


def scene_of(weight):
    """A model whose map is the image, times a weight for class 0."""
    model = keras.Sequential(
        [
            keras.Input((2, 2, 1)),
            BreaksAtNine(),
            L.Conv2D(1, 1, use_bias=False),
            L.GlobalAveragePooling2D(),
            L.Dense(1, use_bias=False),
        ]
    )
    model.set_weights([np.ones((1, 1, 1, 1)), np.array([[weight]])])
    return model


def test_dead_constant_negative_and_broken_maps_are_zero():
    step = np.array([[0.0, 1.0], [2.0, 3.0]])
    images = np.stack([step, np.zeros((2, 2)), np.ones((2, 2)), np.full((2, 2), 9)])[..., None]
    for function in (grad_cam, grad_cam_plus_plus, layer_cam, score_cam):
        with pytest.warns(UserWarning, match=f"{function.__name__}: the maps of these") as caught:
            found = function(scene_of(1.0), images, class_index=0)
        assert found[0] == pytest.approx(step / 3)
        assert not found[1:].any()
        assert {one.filename for one in caught} == {__file__}
        numbers = " ".join(str(one.message).split(": ")[-1].strip(".") for one in caught)
        assert sorted(numbers.replace(",", "").split()) == ["1", "2", "3"]
    with pytest.warns(UserWarning, match="they have no positive value: 0"):
        assert not grad_cam(scene_of(-1.0), images[:1], class_index=0).any()


def test_what_has_no_positions_is_refused(images, model):
    with pytest.raises(ValueError, match=r"returns \(4,\) for each image, which has no positions"):
        grad_cam(model, images, -1)
    flat = keras.Sequential([keras.Input((6, 7, 2)), L.Flatten(), L.Dense(2)])
    with pytest.raises(ValueError, match="No layer of the model returns a feature map"):
        grad_cam(flat, images)
    with pytest.raises(ValueError, match=r"For one image give image\[None\]"):
        grad_cam(model, images[0])


def test_maps_change_when_weights_are_scrambled(images, model):
    """The check by parameter randomisation: a map that stays doesn't explain the model."""
    other = keras.models.clone_model(model)
    other.set_weights(small_network(seed=9).weights)
    for function in (grad_cam, grad_cam_plus_plus, layer_cam, score_cam):
        before, after = (function(one, images, "mixed7", 2) for one in (model, other))
        assert np.abs(before - after).max(axis=(1, 2)).min() > 0.2
        assert function(model, images, "mixed7", 2) == pytest.approx(before)
