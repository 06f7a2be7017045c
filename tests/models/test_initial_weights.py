import hashlib
import math

import keras
import numpy as np
import pytest
from keras import layers
from oracles import threefry

import kcore
from kcore.initializers._paths import variable_paths
from kcore.models._initial_weights import seed_weights

BUILDERS = {
    "linear": lambda seed: kcore.models.linear((4,), seed=seed),
    "mlp": lambda seed: kcore.models.mlp((5, 5), hidden_units=6, seed=seed),
    "cnn": lambda seed: kcore.models.cnn((12, 12, 1), filters=(3, 4), hidden_units=5, seed=seed),
    "binary_cnn": lambda seed: kcore.models.binary_cnn((22, 22, 3), filters=(2, 2, 2), seed=seed),
    "functional_mlp": lambda seed: kcore.models.functional_mlp((9,), seed=seed),
    "subclassed_mlp": lambda seed: kcore.models.subclassed_mlp((9,), seed=seed),
}


@pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)
def test_one_seed_gives_the_same_weights_and_another_seed_others(build):
    first, again, other = (build(seed).get_weights() for seed in (7, 7, 8))
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        if a.ndim > 1:
            assert not np.any(a == c)
        else:
            np.testing.assert_array_equal(a, 0)


def by_definition(seed, path, shape):
    """Glorot-uniform numbers of the key of a path, by exact fractions."""
    digest = hashlib.sha256(path.encode()).digest()
    key = threefry.key_of(seed, *(int.from_bytes(digest[i : i + 4], "big") for i in (0, 4)))
    window = math.prod(shape[:-2])
    limit = math.sqrt(6 / (window * shape[-2] + window * shape[-1]))
    drawn = threefry.uniform(key, math.prod(shape), -limit, limit)
    return np.array([float(number) for number in drawn]).reshape(shape)


@pytest.mark.parametrize("seed", [0, 7, 2**64 - 1])
def test_kernels_are_the_glorot_uniform_numbers_of_their_paths(seed):
    model = kcore.models.cnn((12, 12, 1), filters=(3, 4), hidden_units=5, seed=seed)
    paths = {"conv_1": "conv", "conv_2": "conv_1", "hidden": "hidden"}  # numbers count anew
    for name, path in paths.items():
        kernel = model.get_layer(name).get_weights()[0]
        expected = by_definition(seed, f"{path}/kernel", kernel.shape)
        np.testing.assert_allclose(kernel, expected, rtol=0, atol=1e-7)


GOLDEN_MLP_SEED_7 = [
    [-0.029967859387397766, -0.07634749263525009, -0.07261501252651215],
    [0.038795433938503265, 0.04394274204969406, -0.0011518746614456177],
]


def test_the_bits_do_not_depend_on_the_backend():
    kernel = kcore.models.mlp(seed=7).get_weights()[0]
    golden = np.array(GOLDEN_MLP_SEED_7, dtype=np.float32)
    np.testing.assert_array_equal(kernel[:2, :3], golden)


def test_kernels_are_glorot_uniform():
    kernel = kcore.models.cnn(seed=3).get_weights()[2]  # 3 x 3 x 64 x 64
    limit = np.sqrt(6 / (9 * 64 + 9 * 64))
    assert np.abs(kernel).max() <= limit
    assert np.abs(kernel).max() > 0.999 * limit
    # A uniform variable on (-a, a) has mean 0 and variance a^2 / 3; 36,864 draws.
    assert abs(kernel.mean()) < 4 * limit / np.sqrt(3 * kernel.size)
    assert kernel.var() == pytest.approx(limit**2 / 3, rel=0.03)


def test_neighboring_seeds_and_layers_share_no_stream():
    model = kcore.models.functional_mlp((64,), hidden_units=(64, 64), seed=1)
    first, second = model.get_weights()[0], model.get_weights()[2]
    neighbor = kcore.models.functional_mlp((64,), hidden_units=(64, 64), seed=2).get_weights()[0]
    for other in (second, neighbor):
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.07


def unnamed():
    """A model whose layers Keras numbers, two of them inside of another model."""
    images = keras.Input((9, 9, 3))
    inner = keras.Sequential(
        [keras.Input((7, 7, 3)), layers.Conv2D(3, 3), layers.Conv2D(3, 3), layers.Flatten()],
        name="inner",
    )
    return keras.Model(images, layers.Dense(2)(inner(layers.Conv2D(3, 3)(images))))


def test_the_numbers_that_keras_gives_to_layers_do_not_count():
    first = unnamed()
    layers.Conv2D(1, 1)
    again = unnamed()
    assert first.layers[1].name != again.layers[1].name
    expected = ["conv2d", "inner/conv2d", "inner/conv2d_1", "dense"]
    for model in (first, again):
        paths = variable_paths(model)
        assert [paths[id(variable)] for variable in model.weights] == [
            f"{path}/{name}" for path in expected for name in ("kernel", "bias")
        ]
        seed_weights(model, 3)
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    kernels = first.get_weights()[0:6:2]
    assert not (kernels[0] == kernels[1]).any()
    assert not (kernels[1] == kernels[2]).any()


class Twins(layers.Layer):
    """Holds two layers of one name."""

    def __init__(self):
        super().__init__(name="twins")
        self.pair = [layers.Dense(3, name="same"), layers.Dense(3, name="same")]

    def build(self, input_shape):
        for layer in self.pair:
            layer.build(input_shape)

    def call(self, x):
        return self.pair[1](self.pair[0](x))


def test_layers_of_one_name_get_different_weights():
    model = seed_weights(keras.Sequential([keras.Input((3,)), Twins()]), 3)
    one, _, other, _ = model.get_weights()
    assert not (one == other).any()


def test_one_layer_more_leaves_the_initial_weights_of_the_others():
    narrow = kcore.models.functional_mlp((9,), hidden_units=(4,), seed=1)
    deep = kcore.models.functional_mlp((9,), hidden_units=(4, 7), seed=1)
    np.testing.assert_array_equal(narrow.get_weights()[0], deep.get_weights()[0])


def test_without_a_seed_the_weights_stay_those_of_keras():
    model = kcore.models.linear((3,))
    before = model.get_weights()[0]
    assert seed_weights(model, None) is model
    np.testing.assert_array_equal(model.get_weights()[0], before)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, True])
def test_wrong_seeds(seed):
    with pytest.raises(ValueError, match=r"seed=.* must be an integer"):
        kcore.models.linear(seed=seed)


def test_the_global_random_state_is_left_alone():
    before = np.random.get_state()  # noqa: NPY002 -- the legacy state is what this is about
    kcore.models.mlp(seed=3)
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]
