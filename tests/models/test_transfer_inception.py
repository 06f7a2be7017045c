"""The course's network itself, with images as small as it takes."""

import keras
import numpy as np
import pytest

import kcore


@pytest.fixture(scope="module")
def model():
    with pytest.MonkeyPatch.context() as patch:
        # The seed's initial weights take the place of Keras's, which take most of the time.
        initializer = keras.initializers.VarianceScaling
        patch.setattr(initializer, "__call__", lambda self, shape, dtype=None: np.zeros(shape))
        return build()


def build():
    return kcore.models.transfer(
        "InceptionV3", "mixed7", input_shape=(75, 75, 3), classes=1, hidden_units=8, seed=1
    )


@pytest.fixture(scope="module")
def data():
    images = np.random.default_rng(0).integers(0, 256, (4, 75, 75, 3), dtype="uint8")
    return images, np.array([0, 1, 1, 0])


def test_the_course_cuts_at_mixed7_with_7_by_7_by_768(model):
    base = keras.Model(model.inputs[0], model.get_layer("mixed7").output)
    assert base.output_shape == (None, 3, 3, 768)
    larger = keras.models.clone_model(
        base, input_tensors=keras.Input((150, 150, 3)), clone_function=lambda layer: layer
    )
    assert larger.output_shape == (None, 7, 7, 768)
    assert "mixed8" not in [layer.name for layer in model.layers]


def test_it_is_frozen_but_for_the_head(model):
    summary = kcore.models.parameter_summary(model)
    # The 8,975,264 parameters of InceptionV3 up to mixed7 that the course's summary counts.
    assert (summary.base_trainable, summary.base_frozen) == (0, 8_975_264)
    assert summary.head_trainable == (3 * 3 * 768 + 1) * 8 + 9


@pytest.mark.slow
def test_it_trains_a_few_steps_is_saved_and_loaded(model, data, tmp_path):
    images, labels = data
    convolution = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)][10]
    frozen = [np.array(weight) for weight in convolution.get_weights()]
    history = kcore.models.train_head(
        model, images, labels, epochs=3, batch_size=4, seed=2, verbose=0
    )
    assert len(history.history["loss"]) == 3
    assert np.isfinite(history.history["loss"]).all()
    for weight, before in zip(convolution.get_weights(), frozen, strict=True):
        np.testing.assert_array_equal(weight, before)
    kcore.models.save(model, tmp_path / "course.keras")
    loaded = keras.saving.load_model(tmp_path / "course.keras")
    assert int(loaded.optimizer.iterations) == 3
    np.testing.assert_allclose(
        loaded.predict_on_batch(images), model.predict_on_batch(images), rtol=1e-5, atol=1e-6
    )
