"""Weights files of every generation of Keras; `legacy_weights/write.py` made some of them."""

import os
import shutil
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers

import kcore
from kcore.models import WeightsFileError, load_weights

LEGACY = Path(__file__).parent / "legacy_weights"


def small(filters=6):
    """Build in Keras 3 what `write.py` builds, without its top."""
    images = keras.Input((12, 12, 3))
    x = layers.Conv2D(filters, 3, use_bias=False, name="first")(images)
    x = layers.BatchNormalization(scale=False, name="first_bn")(x)
    x = layers.Activation("relu")(x)
    left = layers.SeparableConv2D(4, 3, padding="same", name="separable")(x)
    right = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    right = layers.BatchNormalization(name="right_bn")(right)
    x = layers.Concatenate(name="mixed")([left, right])
    inner = keras.Sequential(
        [
            keras.Input((10, 10, 4 + filters)),
            layers.Conv2D(5, 1, name="inner_conv"),
            layers.BatchNormalization(name="inner_bn"),
            layers.Conv2D(4, 2, strides=2, name="inner_last"),
        ],
        name="inner",
    )
    return keras.Model(images, inner(x), name="small")


def with_top(model, classes=3):
    x = layers.GlobalAveragePooling2D()(model.output)
    return keras.Model(model.input, layers.Dense(classes, activation="softmax", name="top")(x))


@pytest.fixture(scope="module")
def expected():
    with np.load(LEGACY / "expected.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def model():
    return small()


@pytest.mark.parametrize("name", ["notop.h5", "whole_model.h5", "third_generation.weights.h5"])
def test_predictions_equal_those_of_tf_keras(model, name, expected):
    model.set_weights([np.zeros(weight.shape) for weight in model.weights])
    assert load_weights(model, LEGACY / name) is model
    np.testing.assert_allclose(
        model.predict(expected["images"], verbose=0), expected["features"], rtol=1e-4, atol=1e-5
    )


def test_a_file_with_a_top_fits_a_model_with_one(expected):
    whole = load_weights(with_top(small()), LEGACY / "top.h5")
    np.testing.assert_allclose(
        whole.predict(expected["images"], verbose=0), expected["probabilities"], atol=1e-5
    )


@pytest.mark.parametrize(
    ("original", "name"),
    [
        ("notop.h5", "notop.weights.h5"),
        ("notop.h5", "downloaded"),
        ("third_generation.weights.h5", "third.h5"),
        ("third_generation.weights.h5", "third.hdf5"),
    ],
)
def test_the_content_counts_and_not_the_name(model, original, name, tmp_path, expected):
    shutil.copy(LEGACY / original, tmp_path / name)
    load_weights(model, str(tmp_path / name))
    np.testing.assert_allclose(
        model.predict(expected["images"], verbose=0), expected["features"], rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("name", ["saved.keras", "saved.weights.h5"])
def test_keras_3_files_give_the_same_bits(model, name, tmp_path):
    if name.endswith(".keras"):
        model.save(tmp_path / name)
    else:
        model.save_weights(tmp_path / name)
    other = load_weights(small(), tmp_path / name)
    for weight, original in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, original)


def assert_refused(model, path, *words):
    """Assert that loading fails with these words, and that the model keeps its weights."""
    before = [np.array(weight) for weight in model.get_weights()]
    with pytest.raises(WeightsFileError) as caught:
        load_weights(model, path)
    for word in words:
        assert word in str(caught.value)
    for weight, original in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, original)


def test_a_legacy_file_with_a_top_is_named_as_such(model):
    assert_refused(
        model,
        LEGACY / "top.h5",
        "don't fit the model 'small'",
        "6 layers with weights are expected, the file has 7",
        "'predictions' with shapes (4, 3), (3,)",
        "The file has a top",
        "often named 'notop'",
    )


def test_other_legacy_shapes_name_the_layer_and_both_shapes():
    assert_refused(
        small(filters=5),
        LEGACY / "notop.h5",
        "legacy HDF5",
        "first differ at layer 1",
        "'first' expects shape (3, 3, 3, 5), the file has shape (3, 3, 3, 6) in 'first'",
        "The file has no top",
    )


def test_a_legacy_file_without_the_top_that_the_model_has():
    assert_refused(
        with_top(small()), LEGACY / "notop.h5", "only the model has is 'top'", "has no top"
    )


@pytest.mark.parametrize("name", ["saved.keras", "saved.weights.h5"])
def test_other_keras_3_shapes_name_the_weight_and_both_shapes(model, name, tmp_path):
    other = with_top(small(filters=5))
    if name.endswith(".keras"):
        other.save(tmp_path / name)
    else:
        other.save_weights(tmp_path / name)
    assert_refused(
        model,
        tmp_path / name,
        "Keras 3",
        "They first differ at layer 'first' ('layers/conv2d/vars/0')",
        "shape (3, 3, 3, 6) is expected, the file has shape (3, 3, 3, 5)",
        "The file has a top",
    )


def test_a_keras_3_file_of_too_few_layers(model, tmp_path):
    model.save_weights(tmp_path / "base.weights.h5")
    assert_refused(
        with_top(small()), tmp_path / "base.weights.h5", "'top'", "has nothing there", "has no top"
    )


@pytest.mark.parametrize("name", ["top.keras", "top.weights.h5"])
def test_a_keras_3_file_of_too_many_layers(model, name, tmp_path):
    whole = with_top(small())
    (whole.save if name.endswith(".keras") else whole.save_weights)(tmp_path / name)
    assert_refused(
        model,
        tmp_path / name,
        "The model has 21 weights, the file 23. The first that only the file has is of layer 'top'",
        "The file has a top ('layers/dense/vars/0'), the model has none: load it into the whole",
    )


@pytest.mark.parametrize("name", ["trained.keras", "trained.weights.h5"])
def test_what_a_trained_model_keeps_beside_its_weights_is_no_layer(name, tmp_path):
    def build():
        model = keras.Sequential([keras.Input((3,)), layers.Dropout(0.5), layers.Dense(2)])
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
        return model

    source, model = build(), build()
    (source.save if name.endswith(".keras") else source.save_weights)(tmp_path / name)
    bare = keras.Sequential([keras.Input((3,)), layers.Dense(2)])  # without dropout's state
    for other in (model, bare):
        load_weights(other, tmp_path / name)
        np.testing.assert_array_equal(other.get_weights()[0], source.get_weights()[0])


@pytest.mark.parametrize("name", ["odd.keras", "odd.weights.h5", "odd.h5"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(model, name, value, tmp_path):
    odd = small()
    kernel = np.array(odd.get_weights()[0])
    kernel[0, 0, 0, 1] = value
    odd.get_layer("first").kernel.assign(kernel)
    (odd.save_weights if name.endswith(".weights.h5") else odd.save)(tmp_path / name)
    assert_refused(model, tmp_path / name, name, "has 1 values that are NaN or infinite in 'first")


@pytest.mark.parametrize("value", [b"text", 1j])
def test_values_that_are_no_real_numbers(model, value, tmp_path):
    path = tmp_path / "odd.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "r+") as file:
        del file["layers/conv2d/vars/0"]
        file["layers/conv2d/vars/0"] = np.full((3, 3, 3, 6), value)
    assert_refused(model, path, "odd.weights.h5 has values of dtype", "weights are real numbers")


def test_no_file(model, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        load_weights(model, tmp_path / "gone.h5")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "is empty"),
        (b"<html>404</html>", "begins with b'<html>40'"),
        (b"PK\x05\x06", "begins"),
    ],
)
def test_files_of_another_kind(model, tmp_path, content, word):
    (tmp_path / "file.h5").write_bytes(content)
    assert_refused(model, tmp_path / "file.h5", word, "neither HDF5 (.h5) nor a Keras model")


@pytest.mark.parametrize("name", ["notop.h5", "third_generation.weights.h5"])
@pytest.mark.parametrize("kept", [9, 400, 0.5, 0.95])
def test_a_cut_off_file(model, tmp_path, name, kept):
    content = (LEGACY / name).read_bytes()
    size = kept if isinstance(kept, int) else int(kept * len(content))
    (tmp_path / name).write_bytes(content[:size])
    assert_refused(model, tmp_path / name, name)


def test_a_damaged_archive(model, tmp_path):
    model.save(tmp_path / "good.keras")
    with (
        zipfile.ZipFile(tmp_path / "good.keras") as good,
        zipfile.ZipFile(tmp_path / "bad.keras", "w") as bad,
    ):
        bad.writestr("model.weights.h5", good.read("model.weights.h5")[:3000])
    assert_refused(model, tmp_path / "bad.keras", "bad.keras")


def test_hdf5_of_something_else(model, tmp_path):
    with h5py.File(tmp_path / "table.h5", "w") as file:
        file["prices"] = [1, 2, 3]
    assert_refused(model, tmp_path / "table.h5", "holds no weights", "its top has 'prices'")


def replace_first_kernel(path, link):
    """Put a link in the place of a dataset that the file lists."""
    with h5py.File(path, "r+") as file:
        layer = file["first"]
        name = layer.attrs["weight_names"][0]
        del layer[name]
        layer[name] = link


@pytest.mark.parametrize(
    "link",
    [h5py.ExternalLink("other.h5", "/kernel"), h5py.SoftLink("/right_bn"), h5py.SoftLink("/gone")],
    ids=["external", "soft", "dangling"],
)
def test_links_to_other_places_are_not_followed(model, tmp_path, link):
    path = tmp_path / "hostile.h5"
    shutil.copy(LEGACY / "notop.h5", path)
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["kernel"] = np.zeros((3, 3, 3, 6))
    replace_first_kernel(path, link)
    assert_refused(model, path, "damaged, or links to other files")


@pytest.mark.parametrize("kind", ["raw", "virtual"])
def test_values_in_other_files_are_not_read(model, tmp_path, kind):
    path = tmp_path / "hostile.h5"
    shutil.copy(LEGACY / "notop.h5", path)
    (tmp_path / "other").write_bytes(bytes(4 * 3 * 3 * 3 * 6))
    with h5py.File(path, "r+") as file:
        layer = file["first"]
        name = layer.attrs["weight_names"][0]
        shape = layer[name].shape
        del layer[name]
        if kind == "raw":
            other = [(str(tmp_path / "other"), 0, h5py.h5f.UNLIMITED)]
            layer.create_dataset(name, shape, "float32", external=other)
        else:
            layout = h5py.VirtualLayout(shape, "float32")
            layout[...] = h5py.VirtualSource(str(tmp_path / "other.h5"), "a", shape)
            layer.create_virtual_dataset(name, layout)
    assert_refused(model, path, "hostile.h5 has the values of", "in another file")


def test_a_listed_layer_that_is_a_number(model, tmp_path):
    path = tmp_path / "odd.h5"
    shutil.copy(LEGACY / "notop.h5", path)
    with h5py.File(path, "r+") as file:
        del file["first"]
        file["first"] = 3
    assert_refused(model, path)


def test_a_dataset_that_unpacks_to_far_more_than_is_stored(model, tmp_path):
    path = tmp_path / "bomb.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "r+") as file:
        place = "layers/conv2d/vars/0"
        del file[place]
        shape = (1 << 20, 1 << 20)
        file.create_dataset(place, shape, "float32", chunks=(1024, 1024), compression="gzip")
    assert_refused(model, path, "(1048576, 1048576)")


def test_a_pickle_is_not_opened(model, tmp_path):
    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    np.save(tmp_path / "weights.npy", np.array([Attack()]), allow_pickle=True)
    shutil.copy(tmp_path / "weights.npy", tmp_path / "weights.h5")
    assert_refused(model, tmp_path / "weights.h5", "neither HDF5")
    assert not (tmp_path / "ran").exists()


def test_the_error_is_a_value_error():
    assert issubclass(kcore.models.WeightsFileError, ValueError)
