"""Initializers against the distributions that define them, and against those of Keras."""

import math

import keras
import numpy as np
import pytest
from keras import layers
from oracles import needs
from scipy import stats

import kcore
from kcore import initializers

NAMES = [name for name in initializers.__all__ if name != "reinitialize"]
SHAPE = (3, 3, 20, 200)
FAN_IN, FAN_OUT = 9 * 20, 9 * 200
TRUNCATED = stats.truncnorm(-2, 2)


def drawn(initializer, shape, dtype=None):
    return keras.ops.convert_to_numpy(initializer(shape, dtype))


def uniform(variance):
    limit = math.sqrt(3 * variance)
    return stats.uniform(-limit, 2 * limit)


def truncated(variance):
    """The truncated normal of a variance after the cut."""
    stddev = math.sqrt(variance) / TRUNCATED.std()
    return stats.truncnorm(-2, 2, scale=stddev)


DISTRIBUTIONS = [
    ("GlorotUniform", {}, uniform(2 / (FAN_IN + FAN_OUT))),
    ("GlorotNormal", {}, truncated(2 / (FAN_IN + FAN_OUT))),
    ("HeUniform", {}, uniform(2 / FAN_IN)),
    ("HeNormal", {}, truncated(2 / FAN_IN)),
    ("LecunUniform", {}, uniform(1 / FAN_IN)),
    ("LecunNormal", {}, truncated(1 / FAN_IN)),
    ("VarianceScaling", {}, truncated(1 / FAN_IN)),
    (
        "VarianceScaling",
        {"scale": 3.0, "mode": "fan_out", "distribution": "untruncated_normal"},
        stats.norm(0, math.sqrt(3 / FAN_OUT)),
    ),
    (
        "VarianceScaling",
        {"scale": 0.5, "mode": "fan_avg", "distribution": "uniform"},
        uniform(1 / (FAN_IN + FAN_OUT)),
    ),
    pytest.param(
        "VarianceScaling",
        {"distribution": "uniform", "input_axes": [2], "output_axes": [3]},
        uniform(1 / 20),
        marks=needs.initializers_by_axes,
    ),
    ("RandomUniform", {}, stats.uniform(-0.05, 0.1)),
    ("RandomUniform", {"minval": 2, "maxval": 3}, stats.uniform(2, 1)),
    ("RandomNormal", {"mean": 1.0, "stddev": 2.0}, stats.norm(1, 2)),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 2.0}, stats.truncnorm(-2, 2, loc=1, scale=2)),
]


@pytest.mark.parametrize(("name", "options", "expected"), DISTRIBUTIONS)
def test_numbers_have_the_distribution_of_the_definition(name, options, expected):
    values = drawn(getattr(initializers, name)(**options, seed=11), SHAPE).ravel()
    assert stats.kstest(values, expected.cdf).pvalue > 0.001
    low, high = expected.support()
    slack = 1e-6 * expected.std()
    assert low - slack <= values.min()
    assert values.max() <= high + slack
    assert values.mean() == pytest.approx(
        expected.mean(), abs=4 * expected.std() / math.sqrt(values.size)
    )
    assert values.std() == pytest.approx(expected.std(), rel=0.02)


@pytest.mark.parametrize("shape", [(50, 20), (20, 50), (3, 3, 4, 8), (6, 6)])
def test_orthogonal_matrices(shape):
    values = drawn(initializers.Orthogonal(gain=3.0, seed=5), shape)
    matrix = values.reshape(-1, shape[-1]).astype("float64")
    if matrix.shape[0] < matrix.shape[1]:
        matrix = matrix.T
    np.testing.assert_allclose(matrix.T @ matrix, 9 * np.eye(matrix.shape[1]), atol=1e-5)


def test_orthogonal_matrices_are_spread_evenly():
    """A column of a random orthogonal matrix of 3 rows has coordinates spread evenly over -1, 1."""
    entries = [drawn(initializers.Orthogonal(seed=seed), (3, 3))[2, 1] for seed in range(400)]
    assert stats.kstest(entries, stats.uniform(-1, 2).cdf).pvalue > 0.001


LAYERS = [
    (layers.Dense(7), (None, 40)),
    (layers.Conv1D(7, 5), (None, 9, 30)),
    (layers.Conv2D(7, (3, 4)), (None, 9, 9, 30)),
    (layers.Conv3D(7, (3, 2, 2)), (None, 9, 9, 9, 30)),
    (layers.DepthwiseConv2D(3, depth_multiplier=4), (None, 9, 9, 50)),
    (layers.Conv2DTranspose(7, 3), (None, 9, 9, 30)),
    (layers.Embedding(90, 7), (None, 4)),
]


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=[type(one).__name__ for one, _ in LAYERS])
def test_fans_are_counted_as_keras_does(layer, shape, mode):
    if not layer.built:
        layer.build(shape)
    shape = tuple(layer.weights[0].shape)
    options = {"mode": mode, "distribution": "uniform"}
    ours = drawn(initializers.VarianceScaling(**options, seed=1), shape)
    stock = drawn(keras.initializers.VarianceScaling(**options, seed=1), shape)
    # With hundreds of numbers, the largest is within a few percent of the limit.
    assert np.abs(ours).max() == pytest.approx(np.abs(stock).max(), rel=0.04)


GOLDEN = {
    "GlorotNormal": [0.6841192245483398, 0.4306958317756653, 0.2105206549167633],
    "GlorotUniform": [-0.5092296004295349, -0.08589881658554077, 0.4001312255859375],
    "HeNormal": [0.905004620552063, 0.5697570443153381, 0.27849265933036804],
    "HeUniform": [-0.6736474633216858, -0.11363339424133301, 0.529323935508728],
    "LecunNormal": [0.6399348974227905, 0.4028790593147278, 0.19692404568195343],
    "LecunUniform": [-0.476340651512146, -0.08035099506378174, 0.37428849935531616],
    "RandomNormal": [0.06066901609301567, 0.03747060149908066, 0.0181841142475605],
    "RandomUniform": [-0.02750154212117195, -0.004639066755771637, 0.021609555929899216],
    "TruncatedNormal": [0.056290317326784134, 0.03543827682733536, 0.01732194423675537],
    "VarianceScaling": [0.6399348974227905, 0.4028790593147278, 0.19692404568195343],
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_bits_do_not_depend_on_the_backend(name):
    values = drawn(getattr(initializers, name)(seed=7), (4, 3)).ravel()[:3]
    np.testing.assert_array_equal(values, np.array(GOLDEN[name], "float32"))


def test_orthogonal_floats_do_not_depend_on_the_backend():
    values = drawn(initializers.Orthogonal(seed=7), (4, 3)).ravel()[:3]
    golden = [0.6006188988685608, -0.09027671813964844, -0.3919539451599121]
    np.testing.assert_allclose(values, golden, rtol=1e-6)  # another LAPACK may round otherwise


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_keeps_its_initializer_in_its_configuration(name):
    initializer = getattr(initializers, name)(seed=7)
    assert isinstance(initializer, getattr(keras.initializers, name))
    layer = layers.Dense(3, kernel_initializer=initializer)
    copied = layers.Dense.from_config(layer.get_config())
    layer.build((None, 4))
    copied.build((None, 4))
    assert type(copied.kernel_initializer) is type(initializer)
    np.testing.assert_array_equal(layer.get_weights()[0], drawn(initializer, (4, 3)))
    np.testing.assert_array_equal(copied.get_weights()[0], layer.get_weights()[0])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_other_dtypes_are_casts_of_the_same_numbers(dtype):
    initializer = initializers.HeNormal(seed=7)
    tensor = initializer((5, 6), dtype)
    assert keras.backend.standardize_dtype(tensor.dtype) == dtype
    bits = {"float16": 2.0**-11, "bfloat16": 2.0**-8}[dtype]
    values = keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))
    np.testing.assert_allclose(values, drawn(initializer, (5, 6)), rtol=bits, atol=1e-7)
    with pytest.raises(ValueError, match=r"dtype='int32' can't hold the numbers of HeNormal"):
        initializer((5, 6), "int32")


def test_seeds_work_as_in_keras():
    once = initializers.GlorotUniform(seed=3)
    np.testing.assert_array_equal(drawn(once, (4, 5)), drawn(once, (4, 5)))
    keras.utils.set_random_seed(5)
    first, second = initializers.GlorotUniform(), initializers.GlorotUniform()
    np.testing.assert_array_equal(drawn(first, (4, 5)), drawn(first, (4, 5)))
    assert not (drawn(first, (4, 5)) == drawn(second, (4, 5))).any()
    keras.utils.set_random_seed(5)
    np.testing.assert_array_equal(drawn(initializers.GlorotUniform(), (4, 5)), drawn(first, (4, 5)))
    generated = initializers.GlorotUniform(seed=keras.random.SeedGenerator(5))
    values = [drawn(generated, (4, 5)) for _ in range(2)]
    assert not (values[0] == values[1]).any()
    np.testing.assert_array_equal(
        values[0], drawn(initializers.GlorotUniform(seed=keras.random.SeedGenerator(5)), (4, 5))
    )


def test_integers_of_numpy_are_seeds():
    found = drawn(initializers.HeNormal(seed=np.int64(7)), (4, 3)).ravel()[:3]
    np.testing.assert_array_equal(found, np.array(GOLDEN["HeNormal"], "float32"))
    assert type(initializers.HeNormal(seed=np.uint8(7)).get_config()["seed"]) is int


class Draws(layers.Layer):
    def call(self, x):
        return x + initializers.HeNormal(seed=keras.random.SeedGenerator(5))((3, 3))


def test_a_seed_generator_in_a_compiled_function_is_refused():
    with pytest.raises(ValueError, match=r"seed=<.*SeedGenerator.*can't be read in a compiled"):
        keras.Sequential([keras.Input((3,)), Draws()])


@pytest.mark.parametrize("seed", [-1, 2**64, True, 1.5, "1"])
def test_a_wrong_seed_is_refused_at_once(seed):
    with pytest.raises(ValueError, match=r"seed=.* must be an integer, 0 <= seed < 2\*\*64"):
        initializers.HeUniform(seed=seed)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match=r"shape=\(4,\) has 1 axes"):
        initializers.Orthogonal(seed=1)((4,))
    with pytest.raises(ValueError, match=r"stddev=-1.0 must not be negative"):
        initializers.TruncatedNormal(stddev=-1, seed=1)((4,))


def test_an_empty_kernel():
    assert drawn(initializers.LecunNormal(seed=1), (0, 4)).shape == (0, 4)


def test_the_numbers_are_those_of_the_key():
    limit = math.sqrt(6 / 9)
    expected = kcore.random.uniform(kcore.random.key(7), (4, 5), -limit, limit)
    np.testing.assert_array_equal(drawn(initializers.GlorotUniform(seed=7), (4, 5)), expected)
