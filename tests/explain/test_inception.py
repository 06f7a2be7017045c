"""InceptionV3 as the course uses it: cut, frozen, and with a head, explained at `mixed7`."""

import keras
import numpy as np
import pytest

from kcore.explain import grad_cam, gradients
from kcore.inspect import activations

L = keras.layers


@pytest.fixture(scope="module")
def base():
    keras.utils.set_random_seed(0)
    base = keras.applications.InceptionV3(
        weights=None, include_top=False, input_shape=(75, 75, 3), name="base"
    )
    base.trainable = False
    return base


@pytest.fixture(scope="module")
def model(base):
    head = [L.GlobalAveragePooling2D(name="pool"), L.Dense(3, activation="softmax", name="dense")]
    model = keras.Sequential([keras.Input((75, 75, 3)), base, *head])
    # Each channel of the last layer supports each class, so that maps have a positive value.
    kernel = np.random.default_rng(1).random((2048, 3))
    model.get_layer("dense").set_weights([kernel, np.zeros(3)])
    return model


@pytest.mark.slow
def test_a_map_of_mixed7_inside_the_base_inside_the_model(base, model):
    images = np.random.default_rng(0).random((2, 75, 75, 3)).astype("float32")
    found = gradients(model, images, "mixed7", class_index=1)
    assert (found.layer, found.values.shape) == ("base/mixed7", (2, 3, 3, 768))
    (seen,) = activations(model, images, "mixed7").values()
    assert found.outputs == pytest.approx(seen, abs=1e-4)

    # The truth: the rest of the network, run from mixed7 on, moved a little along the gradient.
    # Zeros stay, because maximum pooling has no derivative where several of them meet.
    start = keras.Input((3, 3, 768))
    rest = keras.Model(base.get_layer("mixed7").output, base.output)
    outputs = L.Dense(3, name="scores")(L.GlobalAveragePooling2D()(rest(start)))
    scores = keras.Model(start, outputs)
    scores.get_layer("scores").set_weights(model.get_layer("dense").get_weights())
    direction = np.where(seen > 0, found.values, 0) / np.linalg.norm(found.values)
    step = 1e-4 * np.linalg.norm(seen)
    ahead, behind = (
        scores.predict_on_batch(seen + sign * step * direction)[:, 1] for sign in (1, -1)
    )
    expected = (found.values * direction).sum(axis=(1, 2, 3))
    assert (ahead - behind) / (2 * step) == pytest.approx(expected, rel=0.02)

    maps = grad_cam(model, images, "mixed7", class_index=1)
    weights = found.values.mean(axis=(1, 2), keepdims=True)
    coarse = np.maximum((weights * seen).sum(axis=-1), 0)
    assert maps.shape == (2, 75, 75)
    # The middle of each cell of 25 × 25 pixels shows the cell itself.
    middles = maps[:, 12::25, 12::25]
    assert middles == pytest.approx(coarse / coarse.max(axis=(1, 2), keepdims=True), abs=1e-3)
