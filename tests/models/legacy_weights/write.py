"""Write the files beside this script with tf_keras 2.21, the last Keras of the second generation.

Run it where TensorFlow and tf_keras are installed: `python tests/models/legacy_weights/write.py`.
The tests read the files, so that they need neither.
"""

from pathlib import Path

import numpy as np
import tf_keras
from tf_keras import layers

FOLDER = Path(__file__).parent


def base():
    """Build what `tests/models/test_weights_files.py` builds in Keras 3."""
    images = layers.Input((12, 12, 3))
    x = layers.Conv2D(6, 3, use_bias=False, name="first")(images)
    x = layers.BatchNormalization(scale=False, name="first_bn")(x)
    x = layers.Activation("relu")(x)
    left = layers.SeparableConv2D(4, 3, padding="same", name="separable")(x)
    right = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    right = layers.BatchNormalization(name="right_bn")(right)
    x = layers.Concatenate(name="mixed")([left, right])
    inner = tf_keras.Sequential(
        [
            layers.Input((10, 10, 10)),
            layers.Conv2D(5, 1, name="inner_conv"),
            layers.BatchNormalization(name="inner_bn"),
            layers.Conv2D(4, 2, strides=2, name="inner_last"),
        ],
        name="inner",
    )
    return tf_keras.Model(images, inner(x), name="small")


def with_top(model):
    """Put a classifier on it."""
    x = layers.GlobalAveragePooling2D()(model.output)
    return tf_keras.Model(model.input, layers.Dense(3, activation="softmax", name="predictions")(x))


def nested():
    """Build what `tests/models/test_nested_weights.py` builds in Keras 3."""
    inner = tf_keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="conv"),
            layers.BatchNormalization(name="bn_a"),
            layers.DepthwiseConv2D(3, use_bias=False, name="depthwise"),
            layers.BatchNormalization(name="bn_b"),
        ],
        name="base",
    )
    images = layers.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D()(inner(images))
    return tf_keras.Model(images, layers.Dense(3, activation="softmax", name="top")(x))


def write_nested(rng):
    """Write the same weights with all of a nested base trainable, none of it, and some."""
    model = nested()
    base = model.get_layer("base")
    for weight in model.weights:
        lowest = 0.5 if "variance" in weight.name else -0.5
        weight.assign(rng.uniform(lowest, 1.0, weight.shape))
    model.save_weights(FOLDER / "nested_trainable.h5")
    base.get_layer("conv").trainable = base.get_layer("bn_a").trainable = False
    model.save_weights(FOLDER / "nested_partly.h5")
    base.trainable = False
    model.save_weights(FOLDER / "nested_frozen.h5")
    images = rng.uniform(0, 1, (4, 8, 8, 3)).astype("float32")
    np.savez_compressed(
        FOLDER / "expected_nested.npz",
        images=images,
        probabilities=model.predict(images, verbose=0),
    )


def main():
    """Write weights alone, the same with a top, and a whole model, and what they predict."""
    rng = np.random.default_rng(7)
    bare = base()
    model = with_top(bare)
    for weight in model.weights:
        lowest = 0.5 if "variance" in weight.name else -0.5
        weight.assign(rng.uniform(lowest, 1.0, weight.shape))
    images = rng.uniform(0, 1, (4, 12, 12, 3)).astype("float32")
    bare.save_weights(FOLDER / "notop.h5")
    model.save_weights(FOLDER / "top.h5")
    bare.compile("sgd", "mse")
    bare.save(FOLDER / "whole_model.h5")
    bare.save_weights(FOLDER / "third_generation.weights.h5")
    np.savez_compressed(
        FOLDER / "expected.npz",
        images=images,
        features=bare.predict(images, verbose=0),
        probabilities=model.predict(images, verbose=0),
    )
    write_nested(np.random.default_rng(8))


if __name__ == "__main__":
    main()
