"""Masks in `fit`, in `predict`, and after saving and loading."""

import keras
import numpy as np
import pytest
from oracles import element_words
from oracles.always_training import AlwaysTraining
from oracles.random_layers import RANDOM_LAYERS

from kcore import layers

FEATURES, STEPS = 6, 6


def mean_output(targets, outputs):
    return keras.ops.mean(outputs)


def trained(steps_per_execution, **compiled):
    """Train a model whose kernel adds up the masks of its steps, with a factor of -2."""
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            layers.Dropout(0.5, seed=3),
            keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros"),
        ]
    )
    model.compile(
        keras.optimizers.SGD(1.0),
        mean_output,
        steps_per_execution=steps_per_execution,
        **compiled,
    )
    x = np.ones((STEPS, FEATURES), "float32")
    model.fit(x, x[:, :1], batch_size=1, verbose=0)
    return model


def sum_of_masks(steps):
    return sum(element_words.is_kept(3, step, (1, FEATURES), 0.5)[0] for step in steps)


@pytest.mark.parametrize(
    ("steps_per_execution", "compiled"),
    [
        (1, {"jit_compile": True}),
        (3, {"jit_compile": False}),
        (3, {"jit_compile": True}),
        (1, {"run_eagerly": True}),
    ],
)
def test_each_step_of_fit_has_the_mask_of_its_number(steps_per_execution, compiled):
    model = trained(steps_per_execution, **compiled)
    expected = -2.0 * sum_of_masks(range(STEPS))
    np.testing.assert_array_equal(model.get_weights()[0][:, 0], expected)


def test_a_loaded_model_counts_from_zero_again_as_with_keras(tmp_path):
    model = trained(2)
    model.evaluate(np.ones((2, FEATURES)), np.ones((2, 1)), verbose=0)  # counts nothing
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(
        tmp_path / "model.keras", custom_objects={"mean_output": mean_output}
    )
    assert type(loaded.layers[0]) is layers.Dropout
    assert loaded.layers[0].get_config() == model.layers[0].get_config()
    x = np.ones((2, FEATURES), "float32")
    loaded.fit(x, x[:, :1], batch_size=1, verbose=0)
    expected = -2.0 * (sum_of_masks(range(STEPS)) + sum_of_masks(range(2)))
    np.testing.assert_array_equal(loaded.get_weights()[0][:, 0], expected)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_batches_of_unknown_size_and_images_of_unknown_size(jit_compile):
    inputs = keras.Input((None, None, 3))
    outputs = AlwaysTraining(layers.SpatialDropout2D(0.5, seed=1))(inputs)
    outputs = AlwaysTraining(layers.Dropout(0.5, seed=2))(outputs)
    model = keras.Model(inputs, outputs)
    model.compile(jit_compile=jit_compile)
    found = model.predict(np.ones((5, 2, 4, 3), "float32"), batch_size=3, verbose=0)
    for counter, size in enumerate((3, 2)):
        channels = element_words.is_kept(1, counter, (size, 1, 1, 3), 0.5)
        elements = element_words.is_kept(2, counter, (size, 2, 4, 3), 0.5)
        batch = found[counter * 3 : counter * 3 + size]
        np.testing.assert_array_equal(batch, 4.0 * (channels & elements))


@pytest.mark.parametrize("name", RANDOM_LAYERS)
def test_layers_are_those_of_keras_with_the_same_configuration(name):
    ours, theirs = (getattr(each, name)(0.25, seed=5, name="x") for each in (layers, keras.layers))
    assert isinstance(ours, type(theirs))
    assert ours.get_config() == theirs.get_config()
    saved = keras.saving.serialize_keras_object(ours)
    assert saved["registered_name"] == f"kcore>{name}"
    again = keras.saving.deserialize_keras_object(saved)
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()
