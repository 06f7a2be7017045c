"""What kcore compiles for one image size is given free when it has gone on to others."""

import gc
import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from kcore.explain import class_scores, gradients
from kcore.inspect import activations
from kcore.inspect._model_inputs import few_sizes

L = keras.layers
# What each backend holds a compiled function in; Keras's models are kcore's own.
COMPILED = {"jax": "MeshExecutable", "tensorflow": "FuncGraph"}


def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((None, 2)), L.GlobalAveragePooling1D(), L.Dense(2, activation="softmax")]
    )


def held():
    """Count what lives: compiled functions, and models."""
    gc.collect()
    kinds = [type(one) for one in gc.get_objects()]
    compiled = sum(kind.__name__ == COMPILED[keras.backend.backend()] for kind in kinds)
    return compiled, sum(issubclass(kind, keras.Model) for kind in kinds)


def look(model, size):
    x = np.full((1, size, 2), size, "float32")
    found = gradients(model, x, class_index=0)
    # The mean of `size` rows, so each value counts 1 / size.
    np.testing.assert_allclose(found.values * size, weights_of_class(model, 0, x), rtol=1e-5)


def score(model, size):
    class_scores(model, np.zeros((1, size, 2)))


def watch(model, size):
    activations(model, np.zeros((1, size, 2)))


def weights_of_class(model, number, x):
    return np.broadcast_to(model.layers[-1].get_weights()[0][:, number], x.shape)


FUNCTIONS = {"look": look, "score": score, "watch": watch}


def counts(name):
    """Return what lives after six sizes, two more than are kept, and after six others."""
    model, function = network(), FUNCTIONS[name]
    for size in range(1, 7):
        function(model, size)
    before = held()
    for size in range(7, 13):
        function(model, size)
    return before, held()


def all_counts():
    """Return the counts by name."""
    return {name: counts(name) for name in FUNCTIONS}


@pytest.fixture(scope="module")
def counted():
    # In a process of its own, where nothing that other tests left behind is counted.
    code = f"import json, runpy; print(json.dumps(runpy.run_path({__file__!r})['all_counts']()))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_sizes_that_are_gone_from_are_not_kept(counted, name):
    before, after = counted[name]
    assert before[0] > 0  # the backend still calls them so
    # Each of the six sizes has a function at least.
    assert after[0] <= before[0] + 2
    assert after[1] <= before[1]


def test_batches_have_few_sizes_that_are_little_larger():
    for largest in (1, 5, 32, 100):
        sizes = {count: few_sizes(count, largest) for count in range(1, largest + 1)}
        assert all(count <= size <= min(1.25 * count, largest) for count, size in sizes.items())
    assert sorted({few_sizes(count, 32) for count in range(1, 33)}) == [
        *range(1, 9),
        *(10, 12, 14, 16),
        *(20, 24, 28, 32),
    ]


@pytest.mark.parametrize("count", [1, 9, 17, 33])
def test_padding_changes_no_sample(count):
    model = network()
    x = np.random.default_rng(count).random((count, 3, 2))
    kernel, bias = model.layers[-1].get_weights()
    scores = class_scores(model, x).values
    np.testing.assert_allclose(scores, x.mean(axis=1) @ kernel + bias, rtol=1e-5, atol=1e-6)
    assert gradients(model, x, class_index=1).values.shape == x.shape


def test_what_has_no_batch_axis_is_returned_for_any_number_of_samples():
    class Positions(L.Layer):
        def call(self, x):
            return keras.ops.ones((3, 2))

    class Sum(L.Layer):
        def call(self, x, positions):
            return x + positions

    inputs = keras.Input((3, 2))
    positions = Positions(name="positions")(inputs)
    model = keras.Model(inputs, Sum(name="sum")(inputs, positions))
    found = activations(model, np.zeros((9, 3, 2)))
    assert found["positions"].shape == (3, 2)
    assert found["sum"].shape == (9, 3, 2)
