"""Targets and weights of 64 bits are handed out in 32, which is what JAX computes with."""

import warnings

import keras
import numpy as np
import pytest

import kcore

IMAGES = np.zeros((6, 4, 4, 1), "float32")
BIG = 2**31


def handed_out(y, **options):
    dataset = kcore.data.from_arrays(IMAGES, y, batch_size=6, shuffle=False, **options)
    return dataset[0][1:]


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (np.array([0, 1, 2, -BIG, BIG - 1, 5], "int64"), "int32"),
        (np.arange(6, dtype="uint64"), "int32"),
        (np.array([0, 1, 2, 3, 4, BIG], "int64"), "int64"),
        (np.array([0, 1, 2, 3, 4, -BIG - 1], "int64"), "int64"),
        (np.array([0, 1, 2, 3, 4, 2**63], "uint64"), "uint64"),
        (np.arange(6) / 8, "float32"),
        (np.arange(6, dtype="uint8"), "uint8"),
        (np.arange(6, dtype="float16"), "float16"),
        (np.arange(6, dtype="uint32"), "uint32"),
    ],
    ids=str,
)
def test_numbers_keep_their_values(given, dtype):
    (y,) = handed_out(given)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, given)


def test_weights_and_lists():
    y, weights = handed_out([0, 1, 0, 1, 0, 1], sample_weight=[0.5] * 6)
    assert (y.dtype, weights.dtype) == ("int32", "float32")


def test_float64_stays_where_keras_computes_in_it(monkeypatch):
    monkeypatch.setattr(keras.config, "floatx", lambda: "float64")
    assert handed_out(np.arange(6) / 8)[0].dtype == "float64"


def test_several_outputs_of_a_table(tmp_path):
    for index in range(6):
        kcore.images.save_img(tmp_path / f"{index}.png", IMAGES[index])
    table = {"filename": [f"{i}.png" for i in range(6)], "n": list(range(6)), "r": [0.5] * 6}
    batches = kcore.augment.ImageDataGenerator().flow_from_dataframe(
        table, tmp_path, y_col=["n", "r"], class_mode="multi_output", shuffle=False, seed=1
    )
    _, (n, r) = batches[0]
    assert (n.dtype, r.dtype) == ("int32", "float32")


def test_fit_warns_of_nothing():
    inputs = keras.Input((4, 4, 1))
    outputs = keras.layers.Dense(6, "softmax")(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "sparse_categorical_crossentropy")
    dataset = kcore.data.from_arrays(IMAGES, np.arange(6), sample_weight=np.ones(6), batch_size=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model.fit(dataset, verbose=0)
