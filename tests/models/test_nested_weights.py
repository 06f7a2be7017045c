"""Legacy files of models with a nested base, whatever of it was trainable when they were written.

`legacy_weights/write.py` made the files with tf_keras, and the probabilities that are expected.
"""

import shutil
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers
from oracles import needs

from kcore.models import WeightsFileError, load_weights

LEGACY = Path(__file__).parent / "legacy_weights"
NAMES = {"conv": "conv", "a": "bn_a", "depthwise": "depthwise", "b": "bn_b"}
FILES = ["nested_trainable.h5", "nested_partly.h5", "nested_frozen.h5"]


def nested(names=NAMES):
    """Build in Keras 3 what `write.py` builds; None lets Keras name a layer."""
    base = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name=names["conv"]),
            layers.BatchNormalization(name=names["a"]),
            layers.DepthwiseConv2D(3, use_bias=False, name=names["depthwise"]),
            layers.BatchNormalization(name=names["b"]),
        ],
        name="base",
    )
    images = keras.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D()(base(images))
    return keras.Model(images, layers.Dense(3, activation="softmax", name="top")(x), name="whole")


@pytest.fixture(scope="module")
def expected():
    with np.load(LEGACY / "expected_nested.npz") as file:
        return dict(file)


def assert_right(model, expected):
    found = model.predict(expected["images"], verbose=0)
    np.testing.assert_allclose(found, expected["probabilities"], rtol=1e-4, atol=1e-5)


def freeze(model, frozen):
    for name in frozen:
        layer = model.get_layer("base")
        (layer if name == "base" else layer.get_layer(name)).trainable = False


@pytest.mark.parametrize("frozen", [(), ("base",), ("bn_a",), ("conv", "depthwise")])
@pytest.mark.parametrize("name", FILES)
def test_trainable_makes_no_difference(name, frozen, expected):
    model = nested()
    freeze(model, frozen)
    before = [layer.trainable for layer in model.get_layer("base").layers]
    assert_right(load_weights(model, LEGACY / name), expected)
    assert [layer.trainable for layer in model.get_layer("base").layers] == before


def renamed(path, names):
    """Rename the layers of the base inside of a file, as another session would have."""
    with h5py.File(path, "r+") as file:
        base = file["base"]
        listed = list(base.attrs["weight_names"])
        given = []
        for name in listed:
            owner, role = name.split("/")
            given.append(f"{names[owner]}/{role}")
            base[given[-1]] = base[name][()]
            del base[name]
        base.attrs["weight_names"] = [name.encode() for name in given]


@pytest.mark.parametrize("name", FILES)
def test_names_that_keras_numbered_anew(name, expected, tmp_path):
    shutil.copy(LEGACY / name, tmp_path / name)
    numbered = {
        "conv": "conv2d_9",
        "bn_a": "batch_normalization_9",
        "depthwise": "depthwise_conv2d",
        "bn_b": "batch_normalization_10",
    }
    renamed(tmp_path / name, numbered)
    for _ in range(2):  # so that Keras's own numbers differ too
        model = nested(dict.fromkeys(NAMES))
    assert_right(load_weights(model, tmp_path / name), expected)


@pytest.mark.parametrize("name", ["nested_trainable.h5", "nested_frozen.h5"])
def test_names_that_say_nothing_but_an_order_that_fits(name, expected, tmp_path):
    shutil.copy(LEGACY / name, tmp_path / name)
    renamed(tmp_path / name, {"conv": "w", "bn_a": "x", "depthwise": "y", "bn_b": "z"})
    assert_right(load_weights(nested(), tmp_path / name), expected)


def test_an_order_that_can_not_be_told_is_refused(tmp_path):
    shutil.copy(LEGACY / "nested_partly.h5", tmp_path / "odd.h5")
    renamed(tmp_path / "odd.h5", {"conv": "w", "bn_a": "x", "depthwise": "y", "bn_b": "z"})
    model = nested()
    before = model.get_weights()
    with pytest.raises(WeightsFileError, match=r"'base' has weights such as .* it is unclear"):
        load_weights(model, tmp_path / "odd.h5")
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_layers_of_one_shape_are_matched_by_name(tmp_path):
    """Two branches of which the file lists the second first, as another version of Keras may."""

    def branches(first, second):
        images = keras.Input((4,))
        one = layers.Dense(4, name=first)(images)
        other = layers.Dense(4, name=second)(images)
        return keras.Model(images, layers.Concatenate()([one, other]))

    source, model = branches("right", "left"), branches("left", "right")
    source.save(tmp_path / "source.h5")
    load_weights(model, tmp_path / "source.h5")
    for name in ("left", "right"):
        kernel = model.get_layer(name).get_weights()[0]
        np.testing.assert_array_equal(kernel, source.get_layer(name).get_weights()[0])


@needs.tf_keras
def test_mobilenet_as_a_base_of_tf_keras(tmp_path):
    """With tf_keras itself."""
    import tf_keras

    options = {"alpha": 0.35, "include_top": False, "weights": None}
    theirs = tf_keras.applications.MobileNetV2((32, 32, 3), **options)
    theirs.trainable = False
    stack = [theirs, tf_keras.layers.GlobalAveragePooling2D(), tf_keras.layers.Dense(2)]
    whole = tf_keras.Sequential(stack)
    whole.build((None, 32, 32, 3))
    rng = np.random.default_rng(0)
    for weight in whole.weights:
        weight.assign(rng.uniform(0.1, 0.4, weight.shape))
    whole.save_weights(tmp_path / "whole.h5")
    base = keras.applications.MobileNetV2((32, 32, 3), **options)
    model = keras.Sequential([base, layers.GlobalAveragePooling2D(), layers.Dense(2)])
    model.build((None, 32, 32, 3))
    load_weights(model, tmp_path / "whole.h5")
    images = rng.uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    expected = whole.predict(images, verbose=0)
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, rtol=1e-3)


def test_another_shape_inside_a_base_is_one_line(tmp_path):
    shutil.copy(LEGACY / "nested_frozen.h5", tmp_path / "odd.h5")
    with h5py.File(tmp_path / "odd.h5", "r+") as file:
        del file["base/bn_b/gamma:0"]
        file["base/bn_b/gamma:0"] = np.ones(7)
    message = (
        r"expects shape \(4,\) for 'base/bn_b/gamma', the file has shape \(7,\) in 'bn_b/gamma'"
    )
    with pytest.raises(WeightsFileError, match=message):
        load_weights(nested(), tmp_path / "odd.h5")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            np.array([1, np.nan, 2, np.inf]),
            "has 2 values that are NaN or infinite in 'base/bn_b",
        ),
        (np.array([b"a", b"b", b"c", b"d"]), "values of dtype |S1 for 'base/bn_b/gamma'"),
        (np.ones(4, "complex64"), "values of dtype complex64 for 'base/bn_b/gamma'"),
    ],
)
def test_what_are_no_weights_is_refused(value, message, tmp_path):
    shutil.copy(LEGACY / "nested_frozen.h5", tmp_path / "odd.h5")
    with h5py.File(tmp_path / "odd.h5", "r+") as file:
        del file["base/bn_b/gamma:0"]
        file["base/bn_b/gamma:0"] = value
    with pytest.raises(WeightsFileError, match=r"odd\.h5 has") as caught:
        load_weights(nested(), tmp_path / "odd.h5")
    assert message in str(caught.value)
