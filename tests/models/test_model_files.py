"""Whole models in files of any version of Keras, sound, foreign and damaged."""

import contextlib
import json
import shutil
import warnings
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import kcore
from kcore.models import ModelFileError, load

LEGACY = Path(__file__).parent / "legacy_weights"
X = np.random.default_rng(0).random((3, 6, 6, 1), dtype="float32")


@pytest.fixture
def model():
    """Made for each test: saving as HDF5 takes the optimizer out of what `.keras` gets then."""
    model = kcore.models.cnn((6, 6, 1), 2, filters=(2,), hidden_units=3, seed=1)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, np.array([0, 1, 1]), verbose=0)
    return model


@pytest.fixture
def saved(model, tmp_path):
    kcore.models.save(kcore.models.set_class_names(model, ["a", "b"]), tmp_path / "good.keras")
    return tmp_path / "good.keras"


def refused(path, *words):
    with pytest.raises(ModelFileError, match=path.name) as caught:
        load(path)
    for word in words:
        assert word in str(caught.value)


def test_hdf5_that_keras_3_saved_as_the_course_does(model, tmp_path):
    model.save(tmp_path / "course.h5")
    shutil.copy(tmp_path / "course.h5", tmp_path / "renamed.model")
    for name in ("course.h5", "renamed.model"):
        loaded = load(tmp_path / name)
        np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
        assert int(loaded.optimizer.iterations) == 1


def test_an_archive_of_another_name(model, saved, tmp_path):
    shutil.copy(saved, tmp_path / "model.zip")
    loaded = load(tmp_path / "model.zip")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert loaded.class_names == ("a", "b")


def test_a_whole_model_of_tf_keras_that_keras_3_can_not_build():
    refused(
        LEGACY / "whole_model.h5",
        "Unrecognized keyword arguments passed to DepthwiseConv2D: {'groups': 1}. The file was",
        "written by Keras 2.21.0. Build the model in code, and load its weights with kcore.models",
    )


def test_an_unknown_loss_leaves_the_model_uncompiled(model, tmp_path):
    model.save(tmp_path / "course.h5")
    with h5py.File(tmp_path / "course.h5", "r+") as file:
        config = json.loads(file.attrs["training_config"])
        config["loss"] = "loss_of_somebody"
        file.attrs["training_config"] = json.dumps(config)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loaded = load(tmp_path / "course.h5")
    (message,) = [str(one.message) for one in caught if one.category is UserWarning]
    assert message.startswith("course.h5 is loaded without its loss and optimizer")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert not loaded.compiled


def test_weights_alone_are_no_model(model, tmp_path):
    refused(LEGACY / "notop.h5", "it holds only weights. Build the model in code")
    model.save_weights(tmp_path / "alone.weights.h5")
    refused(tmp_path / "alone.weights.h5", "kcore.models.load_weights")


def test_a_folder_and_no_file(tmp_path):
    (tmp_path / "saved_model").mkdir()
    refused(tmp_path / "saved_model", "is not a file", "TFSMLayer")
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        load(tmp_path / "gone.keras")


def rewritten(saved, changes):
    """Write the archive again with members changed; None leaves one out."""
    path = saved.with_name("changed.keras")
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = changes.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"config.json": None}, ["is an archive without config.json", "load_weights"]),
        ({"config.json": None, "model.weights.h5": None}, ["is damaged, or of another kind"]),
        ({"config.json": b"{"}, ["can't be loaded: JSONDecodeError"]),
        ({"config.json": b"[]"}, ["can't be loaded"]),
        ({"config.json": b"null"}, ["changed.keras"]),
        ({"config.json": b"[" * 100_000}, ["can't be loaded: RecursionError"]),
        ({"config.json": b'{"class_name": "Sequential"}'}, ["can't be loaded"]),
        ({"model.weights.h5": b""}, ["can't be loaded"]),
        ({"model.weights.h5": None}, ["can't be loaded"]),
        (
            {"kcore/class_names.json": b'["one"]'},
            ["The names of classes in changed.keras are damaged"],
        ),
        (
            {"kcore/class_names.json": b"\xff"},
            ["The names of classes in changed.keras are damaged"],
        ),
    ],
)
def test_archives_with_wrong_members(saved, changes, words):
    refused(rewritten(saved, changes), *words)


def test_unknown_classes_say_how_to_make_them_known(saved):
    with zipfile.ZipFile(saved) as archive:
        config = json.loads(archive.read("config.json"))
    layer = config["config"]["layers"][1]
    layer.update(class_name="Mine", module="my_module", registered_name="mine>Mine")
    path = rewritten(saved, {"config.json": json.dumps(config)})
    refused(path, "'Mine', which this process doesn't know", "register_keras_serializable")


def test_a_file_of_keras_2_says_so(saved):
    with zipfile.ZipFile(saved) as archive:
        config = json.loads(archive.read("config.json"))
    gone = {"class_name": "Gone", "module": "keras.layers", "registered_name": None}
    config["config"]["layers"][1].update(gone)
    metadata = json.dumps({"keras_version": "2.15.0"})
    path = rewritten(saved, {"config.json": json.dumps(config), "metadata.json": metadata})
    refused(path, "The file was written by Keras 2.15.0. Build the model in code")


def test_flipped_and_missing_bytes(saved, tmp_path):
    content = saved.read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / "bad.keras"
    for size in (0, 10, len(content) // 2, len(content) - 5):
        path.write_bytes(content[:size])
        refused(path)
    expected = load(saved).get_weights()
    for place in rng.integers(0, len(content), 40):
        changed = bytearray(content)
        changed[place] ^= 1 << rng.integers(8)
        path.write_bytes(bytes(changed))
        with contextlib.suppress(ModelFileError):  # and nothing else
            # Bits that mean nothing, such as those of a time.
            for weight, old in zip(load(path).get_weights(), expected, strict=True):
                np.testing.assert_array_equal(weight, old)


def test_values_that_are_not_finite(model, tmp_path):
    odd = keras.models.clone_model(model)
    odd.set_weights([np.full(weight.shape, np.nan) for weight in model.get_weights()])
    odd.save(tmp_path / "odd.keras")
    odd.save(tmp_path / "odd.h5")
    for name in ("odd.keras", "odd.h5"):
        refused(tmp_path / name, "values that are NaN or infinite")


def test_the_error_is_a_value_error():
    assert issubclass(ModelFileError, ValueError)
