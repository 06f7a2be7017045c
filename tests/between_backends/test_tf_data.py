"""`RandomTransform` in a map of tf.data: works on TensorFlow, elsewhere says that it can't."""

import os
import subprocess
import sys

MAP = """
import numpy as np
import tensorflow as tf
from kcore.augment import RandomTransform

layer = RandomTransform(rotation_range=40, seed=1, data_format="channels_last")
dataset = tf.data.Dataset.from_tensor_slices(np.zeros((8, 8, 8, 3), "uint8")).batch(4)
for batch in dataset:
    print("a batch in hand", np.shape(layer(batch, training=True)))
def transformed(images):
    return layer({"images": images}, training=True)["images"]
try:
    for batch in dataset.map(transformed):
        print("mapped", batch.shape)
except TypeError as error:
    print(error)
"""


def run(backend):
    result = subprocess.run(
        [sys.executable, "-c", MAP],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("a batch in hand (4, 8, 8, 3)") == 2
    return result.stdout


def test_it_works_on_tensorflow():
    assert run("tensorflow").count("mapped (4, 8, 8, 3)") == 2


def test_on_jax_it_says_that_it_cant_and_what_to_do():
    output = run("jax")
    assert "tensor of a TensorFlow graph, as in tf.data.Dataset.map" in output
    assert "while Keras runs on jax" in output
    assert "put the layer into the model" in output
