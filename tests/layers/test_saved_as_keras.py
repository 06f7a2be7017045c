"""Models with kcore's convolutions and pools are files of Keras."""

import copy
import json
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest

from kcore import layers

ONLY_KERAS = """
import sys
import keras, numpy as np
model = keras.saving.load_model(sys.argv[1])
assert "kcore" not in sys.modules
for layer in model.layers:
    assert type(layer) is getattr(keras.layers, type(layer).__name__), type(layer)
np.save(sys.argv[2], model(np.load(sys.argv[3])))
"""


def stack():
    inputs = keras.Input((13, 12, 3), name="images")
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    x = layers.AveragePooling2D(2, name="mean")(layers.MaxPooling2D(2, name="pool")(x))
    return keras.Model(inputs, keras.layers.Flatten()(x))


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(2, 13, 12, 3)).astype("float32")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_a_process_without_kcore_loads_plain_layers(suffix, images, tmp_path):
    model, path = stack(), tmp_path / f"model.{suffix}"
    model.save(path)
    np.save(tmp_path / "images.npy", images)
    arguments = [str(path), str(tmp_path / "found.npy"), str(tmp_path / "images.npy")]
    subprocess.run([sys.executable, "-c", ONLY_KERAS, *arguments], check=True, cwd=tmp_path)
    found = np.load(tmp_path / "found.npy")
    np.testing.assert_allclose(found, np.asarray(model(images)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_with_kcore_the_layers_come_back(suffix, images, tmp_path):
    model, path = stack(), tmp_path / f"model.{suffix}"
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert [type(layer) for layer in loaded.layers] == [type(layer) for layer in model.layers]
    np.testing.assert_array_equal(loaded(images), model(images))


def test_a_file_names_no_class_of_kcore(tmp_path):
    stack().save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        config = archive.read("config.json").decode()
    assert "kcore" not in config
    entries = json.loads(config)["config"]["layers"]
    assert {entry["module"] for entry in entries} == {"keras.layers"}


def test_files_of_keras_keep_its_layers(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3)])
    model.save(tmp_path / "model.keras")
    assert type(keras.saving.load_model(tmp_path / "model.keras").layers[0]) is keras.layers.Conv2D


def test_copies_and_text_keep_the_layers(images):
    model = stack()
    for same in (
        keras.models.clone_model(model),
        copy.deepcopy(model),
        keras.models.model_from_json(model.to_json()),
    ):
        assert [type(layer) for layer in same.layers] == [type(layer) for layer in model.layers]
        same.set_weights(model.get_weights())
        np.testing.assert_array_equal(same(images), model(images))


def test_weights_files_fit_keras_and_kcore(images, tmp_path):
    ours = stack()
    theirs = keras.models.clone_model(ours, clone_function=as_keras)
    ours.save_weights(tmp_path / "model.weights.h5")
    theirs.load_weights(tmp_path / "model.weights.h5")
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def as_keras(layer):
    return getattr(keras.layers, type(layer).__name__).from_config(layer.get_config())
