"""What export refuses, and the model that it hands to the converters. (Files: tests/export.)"""

import importlib.util

import keras
import numpy as np
import pytest
from keras import layers

import kcore
from kcore.models import ExportError, export
from kcore.models._exporting.exportable import exportable


@pytest.fixture(scope="module")
def model():
    return kcore.models.cnn((6, 6, 1), 2, filters=(2,), hidden_units=2, seed=1)


@pytest.mark.parametrize(
    ("path", "form", "message"),
    [
        ("model.onnx", "pb", "format='pb' is unknown: use one of 'onnx', 'tf_saved_model', 'open"),
        ("model.pb", "onnx", r"must end in \.onnx for format='onnx'"),
        ("model.onnx", "openvino", r"must end in \.xml for format='openvino'"),
        ("nowhere/model.onnx", "onnx", "there is no folder"),
        ("taken.onnx", "onnx", "is a folder: give the name of a file"),
        ("taken.onnx", "tf_saved_model", "is not a SavedModel: give the name of a new folder"),
    ],
)
def test_wrong_paths(model, tmp_path, path, form, message):
    (tmp_path / "taken.onnx").mkdir()
    (tmp_path / "taken.onnx/notes.txt").write_text("mine")
    with pytest.raises(ValueError, match=message):
        export(model, tmp_path / path, form)
    assert (tmp_path / "taken.onnx/notes.txt").read_text() == "mine"


def test_models_that_can_not_be_exported(tmp_path):
    path = tmp_path / "model.onnx"
    with pytest.raises(ValueError, match="has no graph of layers"):
        export(kcore.models.subclassed_mlp((9,), seed=1), path)
    with pytest.raises(TypeError, match="must be a keras"):
        export("model.keras", path)
    inputs = [keras.Input((2,)), keras.Input((2,))]
    with pytest.raises(ValueError, match="has 2 inputs and 1 outputs: one of each"):
        export(keras.Model(inputs, layers.Add()(inputs)), path)


def test_missing_packages_are_named(model, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    backend = keras.backend.backend()
    converter = {"tensorflow": "tf2onnx", "jax": "jax2onnx"}[backend]
    with pytest.raises(
        ExportError,
        match=rf"needs {converter} and onnxruntime: pip install 'kcore\[export-{backend}\]'",
    ):
        export(model, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("pool_size", "strides", "padding"),
    [(2, None, "valid"), (3, 2, "same"), ((3, 2), 1, "same"), ((1, 3), (3, 2), "valid")],
)
def test_pools_become_what_they_were(pool_size, strides, padding):
    images = keras.Input((7, 8, 2))
    pool = layers.MaxPooling2D(pool_size, strides, padding)
    model = keras.Model(images, pool(images))
    x = np.random.default_rng(0).normal(size=(2, 7, 8, 2)).astype("float32") - 5
    np.testing.assert_array_equal(exportable(model)(x), pool(x))


def test_normalization_and_gelu_become_what_they_were():
    images = keras.Input((4, 4, 3))
    adapted = layers.Normalization()
    x = np.random.default_rng(0).normal(5, 3, (4, 4, 4, 3)).astype("float32")
    adapted.adapt(x)
    inverse = layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 9.0, 1.0], invert=True)
    model = keras.Model(images, layers.Activation("gelu")(inverse(adapted(images))))
    np.testing.assert_allclose(exportable(model)(x), model(x), rtol=1e-5, atol=1e-6)


def test_shared_layers_stay_shared():
    images = keras.Input((5, 5, 2))
    shared = layers.Conv2D(2, 3, padding="same")
    model = keras.Model(images, shared(shared(images)))
    x = np.random.default_rng(0).normal(size=(2, 5, 5, 2)).astype("float32")
    copy = exportable(model)
    np.testing.assert_allclose(copy(x), model(x), rtol=1e-6)
    assert len(copy.weights) == 2


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(3, 2, activation="gelu"),
        layers.Dense(3, activation="gelu"),
        layers.EinsumDense("abcd,de->abce", output_shape=(None, 5, 3), activation="gelu"),
    ],
)
def test_gelu_as_an_argument_becomes_what_it_was(layer):
    images = keras.Input((5, 5, 3))
    model = keras.Model(images, layers.Conv2D(2, 1, activation="gelu")(layer(layer(images))))
    x = np.random.default_rng(0).normal(0, 2, (4, 5, 5, 3)).astype("float32")
    copy = exportable(model)
    np.testing.assert_allclose(copy(x), model(x), rtol=1e-5, atol=1e-6)
    left = [getattr(one, "activation", None) for one in copy.layers]
    assert keras.activations.gelu not in left
    assert layer.activation is keras.activations.gelu  # of the model that was given


def test_random_layers_are_left_out():
    images = keras.Input((5, 5, 3))
    x = layers.RandomRotation(0.3)(layers.RandomFlip()(images))
    x = layers.Pipeline([layers.RandomZoom(0.3), layers.Rescaling(0.5)])(x)
    x = keras.Sequential([layers.Conv2D(2, 2), layers.RandomContrast(0.5), layers.Dropout(0.5)])(x)
    model = keras.Model(images, layers.GaussianNoise(1.0)(x))
    x = np.random.default_rng(0).uniform(0, 255, (4, 5, 5, 3)).astype("float32")
    copy = exportable(model)
    np.testing.assert_allclose(copy(x, training=True), model(x, training=False), rtol=1e-5)
    assert not any(isinstance(one, layers.Dropout) for one in copy.layers)
