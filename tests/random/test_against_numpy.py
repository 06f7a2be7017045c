"""The draws through `keras.ops` have the bits of those in NumPy, however they are run."""

import keras
import numpy as np
import pytest

import kcore

DRAWS = {
    "bits": lambda key: kcore.random.bits(key, 7),
    "uniform": lambda key: kcore.random.uniform(key, (5, 3)),
    "uniform between limits": lambda key: kcore.random.uniform(key, 2000, -0.3, 1.7),
    "normal": lambda key: kcore.random.normal(key, 2000),
    "normal, moved and scaled": lambda key: kcore.random.normal(key, 2000, 3.3, 0.77),
    "bernoulli": lambda key: kcore.random.bernoulli(key, 50, p=0.3),
    "integers": lambda key: kcore.random.integers(key, 50, maxval=10),
    "integers, wide": lambda key: kcore.random.integers(key, 50, minval=-(2**31), maxval=2**31 - 5),
    "integers, all": lambda key: kcore.random.integers(key, 50, minval=-(2**31), maxval=2**31),
    "permutation": lambda key: kcore.random.permutation(key, 33),
    "fold_in": lambda key: kcore.random.fold_in(key, 5),
    "split": lambda key: kcore.random.split(key, 3),
}
KEYS = kcore.random.sample_keys(2**64 - 1, 3, np.arange(6))


class Draw(keras.layers.Layer):
    """Draws everything from its input."""

    def call(self, keys):
        return {name: draw(keys) for name, draw in DRAWS.items()}


def assert_same_bits(tensor, array):
    result = keras.ops.convert_to_numpy(tensor)
    assert (result.dtype, result.shape) == (array.dtype, array.shape)
    assert result.tobytes() == array.tobytes()


# All of them make 25 blocks of each key, so that an eager backend compiles few shapes.
EAGER_DRAWS = {
    "bits": lambda key: kcore.random.bits(key, 50),
    "uniform": lambda key: kcore.random.uniform(key, (10, 5), -0.3, 1.7),
    "normal": lambda key: kcore.random.normal(key, 50, 3.3, 0.77),
    "bernoulli": lambda key: kcore.random.bernoulli(key, 50, p=0.3),
    "integers": lambda key: kcore.random.integers(key, 25, minval=-(2**31), maxval=2**31 - 5),
    "permutation": lambda key: kcore.random.permutation(key, 25),
    "split": lambda key: kcore.random.split(key, 25),
}


@pytest.mark.parametrize("name", EAGER_DRAWS)
def test_eager(name):
    draw = EAGER_DRAWS[name]
    assert_same_bits(draw(keras.ops.convert_to_tensor(KEYS)), draw(KEYS))


def test_one_key():
    key = KEYS[0]
    assert_same_bits(kcore.random.bits(keras.ops.convert_to_tensor(key)), kcore.random.bits(key))


@pytest.mark.parametrize("jit_compile", [True, "auto"], ids=["by XLA", "as Keras chooses"])
def test_in_a_model(jit_compile):
    keys = keras.Input((2,), dtype="uint32")
    model = keras.Model(keys, Draw()(keys))
    model.compile(jit_compile=jit_compile)
    drawn = model.predict_on_batch(KEYS)
    for name, draw in DRAWS.items():
        assert_same_bits(drawn[name], draw(KEYS))


class Steps(keras.layers.Layer):
    """Draws from keys that come from keys, and goes on computing with what it drew."""

    def call(self, calls):
        keys = kcore.random.sample_keys(7, calls[0], keras.ops.arange(6))
        drawn = kcore.random.uniform(kcore.random.fold_in(keys, 3), 12)
        return keras.ops.minimum(keras.ops.relu(drawn - 0.5), 0.25)


# JAX 0.12 took time without end where all the rounds were in one kernel.
@pytest.mark.timeout(120, method="thread")
@pytest.mark.parametrize("jit_compile", [True, "auto"], ids=["by XLA", "as Keras chooses"])
def test_draws_that_build_on_each_other_compile_in_bounded_time(jit_compile):
    calls = keras.Input((), batch_size=1, dtype="int32")
    model = keras.Model(calls, Steps()(calls))
    model.compile(jit_compile=jit_compile)
    keys = kcore.random.fold_in(kcore.random.sample_keys(7, 5, np.arange(6)), 3)
    expected = np.clip(kcore.random.uniform(keys, 12) - np.float32(0.5), 0, np.float32(0.25))
    assert_same_bits(model.predict_on_batch(np.array([5], "int32")), expected)


class Remember(keras.layers.Layer):
    """Scales its input; keeps what it drew from the keys that come with it."""

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")
        self.noise = self.add_weight(shape=(6, 100), initializer="zeros", trainable=False)
        self.whole = self.add_weight(shape=(6, 9), dtype="int32", trainable=False)

    def call(self, x, keys):
        self.noise.assign(kcore.random.normal(keys, 100, 3.3, 0.77))
        self.whole.assign(kcore.random.integers(keys, 9, minval=-9, maxval=9**9))
        return x * self.scale


def test_in_a_layer_during_fit():
    x = keras.Input((1,), batch_size=6, name="x")
    keys = keras.Input((2,), batch_size=6, dtype="uint32", name="keys")
    layer = Remember()
    model = keras.Model({"x": x, "keys": keys}, layer(x, keys))
    model.compile("sgd", "mse")
    inputs = {"x": np.ones((6, 1)), "keys": KEYS}
    model.fit(inputs, np.zeros((6, 1)), batch_size=6, shuffle=False, verbose=0)
    assert float(layer.scale) < 1
    assert_same_bits(layer.noise.value, kcore.random.normal(KEYS, 100, 3.3, 0.77))
    assert_same_bits(layer.whole.value, kcore.random.integers(KEYS, 9, minval=-9, maxval=9**9))


def test_numbers_in_a_tensor_are_folded_in():
    indices = keras.ops.convert_to_tensor(np.array([0, 5, 2**31 - 1], "int32"))
    expected = kcore.random.sample_keys(7, 1, [0, 5, 2**31 - 1])
    assert_same_bits(kcore.random.sample_keys(7, 1, indices), expected)
    key = keras.ops.convert_to_tensor(kcore.random.key(7))
    assert_same_bits(
        kcore.random.fold_in(key, [3, 4]), kcore.random.fold_in(kcore.random.key(7), [3, 4])
    )


def test_a_symbolic_key_belongs_into_a_layer():
    with pytest.raises(TypeError, match="symbolic tensor: draw inside the `call` of a layer"):
        kcore.random.uniform(keras.Input((2,), dtype="uint32"), 3)


@pytest.mark.parametrize("dtype", ["int32", "float32", "float16", "bool"])
def test_keys_and_numbers_of_another_dtype_are_refused_as_in_numpy(dtype):
    key = keras.ops.convert_to_tensor(KEYS[0])
    with pytest.raises(TypeError, match=f"key has dtype {dtype}: keys are uint32"):
        kcore.random.bits(keras.ops.cast(key, dtype))
    if dtype != "int32":
        with pytest.raises(TypeError, match=f"data has dtype {dtype}; give integers"):
            kcore.random.fold_in(key, keras.ops.ones((3,), dtype=dtype))


def test_symbolic_numbers_belong_into_a_layer():
    with pytest.raises(TypeError, match="data is a symbolic tensor"):
        kcore.random.fold_in(KEYS[0], keras.Input((), dtype="int32"))


def test_dtypes_are_those_of_numpy_whatever_floatx_is():
    key, before = keras.ops.convert_to_tensor(KEYS[0]), keras.config.floatx()
    keras.config.set_floatx("float16")
    try:
        assert (
            keras.ops.dtype(kcore.random.uniform(key, 25, np.float64(0), np.float16(1)))
            == "float32"
        )
        assert keras.ops.dtype(kcore.random.normal(key, 50)) == "float32"
    finally:
        keras.config.set_floatx(before)
