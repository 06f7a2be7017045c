"""What a base may be: nested, random in training, of several outputs, with channels first."""

import warnings

import keras
import numpy as np
import pytest
from keras import layers

import kcore
from kcore.models import fine_tune, train_head, transfer

X = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype="uint8")
Y = np.arange(12) % 3


def fill(model):
    rng = np.random.default_rng(3)
    model.set_weights(
        [
            rng.normal(0, 0.3, weight.shape)
            if weight.ndim > 1
            else rng.uniform(0.1, 0.5, weight.shape)
            for weight in model.get_weights()
        ]
    )
    return model


def nested_base():
    """outer_conv, then `middle`, which holds conv, bn and `inner`, which holds deep; then last."""
    inner = keras.Sequential(
        [keras.Input((4, 4, 4)), layers.Conv2D(3, 2, name="deep"), layers.ReLU(name="end")],
        name="inner",
    )
    entry = keras.Input((6, 6, 4))
    x = layers.BatchNormalization(name="bn")(layers.Conv2D(4, 3, name="conv")(entry))
    middle = keras.Model(entry, layers.ReLU(name="relu")(inner(x)), name="middle")
    images = keras.Input((8, 8, 3))
    x = middle(layers.Conv2D(4, 3, name="outer_conv")(images))
    return fill(keras.Model(images, layers.Conv2D(2, 2, name="last")(x), name="outer"))


def by_hand(base, x, *names):
    """Run layers of the base one after the other."""
    for name in names:
        layer = base
        for part in name.split("/"):
            layer = layer.get_layer(part)
        x = layer(x)
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize(
    ("cut_at", "names"),
    [
        ("middle/conv", ["outer_conv", "middle/conv"]),
        ("middle/bn", ["outer_conv", "middle/conv", "middle/bn"]),
        ("middle/inner/deep", ["outer_conv", "middle/conv", "middle/bn", "middle/inner/deep"]),
        ("middle/inner", ["outer_conv", "middle/conv", "middle/bn", "middle/inner"]),
        ("middle", ["outer_conv", "middle"]),
    ],
)
def test_cutting_inside_of_a_nested_model(cut_at, names):
    base = nested_base()
    model = transfer(base, cut_at, 3, preprocessing="unit", hidden_units=2)
    expected = by_hand(base, X / np.float32(255), *names)
    features = kcore.models.extract_features(model, X)
    np.testing.assert_allclose(features, expected.reshape(12, -1), rtol=1e-4, atol=1e-6)
    assert base.get_layer("outer_conv").output is not None  # called once, as before


def test_names_inside_of_nested_models_are_known():
    with pytest.raises(ValueError, match=r"no such layer\. Similar names: .*'middle/conv'"):
        transfer(nested_base(), "midle/conv", preprocessing="unit")


@pytest.mark.parametrize(
    ("unfreeze_from", "trained"),
    [
        ("middle/inner/deep", {"middle/inner/deep", "last"}),
        ("middle/bn", {"middle/inner/deep", "last"}),
        ("middle/conv", {"middle/conv", "middle/inner/deep", "last"}),
        ("middle", {"middle/conv", "middle/inner/deep", "last"}),
        ("last", {"last"}),
    ],
)
def test_unfreezing_from_inside_of_a_nested_model(unfreeze_from, trained):
    model = transfer(nested_base(), None, 3, preprocessing="unit", hidden_units=16, seed=1)
    train_head(model, X, Y, optimizer="adam", verbose=0)
    names = ["outer_conv", "middle/conv", "middle/bn", "middle/inner/deep", "last"]

    def kernels():
        found = {}
        for name in names:
            layer = model
            for part in name.split("/"):
                layer = layer.get_layer(part)
            found[name] = np.array(layer.get_weights()[0])
        return found

    before = kernels()
    fine_tune(model, X, Y, unfreeze_from=unfreeze_from, learning_rate=5e-4, verbose=0)
    after = kernels()
    assert {name for name in names if not np.array_equal(before[name], after[name])} == trained


def test_a_base_with_two_outputs_wants_a_name():
    images = keras.Input((8, 8, 3))
    first = layers.Conv2D(2, 3, name="first")(images)
    base = keras.Model(images, [first, layers.Conv2D(3, 3, name="second")(first)], name="two")
    with pytest.raises(ValueError, match=r"base='two' has 2 outputs: give cut_at"):
        transfer(base, None, preprocessing="unit")
    model = transfer(base, "second", preprocessing="unit", pooling="avg", hidden_units=2)
    assert model.get_layer("head_hidden").kernel.shape == (3, 2)


def test_channels_first_is_refused():
    images = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, data_format="channels_first", padding="same", name="odd")(images)
    base = keras.Model(images, layers.ReLU(name="end")(x), name="turned")
    with pytest.raises(ValueError, match=r"base='turned' has 'odd' with data_format='channels_f"):
        transfer(base, "end", preprocessing="unit")


def test_avg_is_what_keras_says():
    base = nested_base()
    models = [
        transfer(base, "middle", preprocessing="unit", pooling=pooling, hidden_units=2, seed=1)
        for pooling in ("avg", "average")
    ]
    one, other = (kcore.models.extract_features(model, X) for model in models)
    np.testing.assert_array_equal(one, other)
    expected = by_hand(base, X / np.float32(255), "outer_conv", "middle").mean(axis=(1, 2))
    np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-6)


# Randomness


@keras.saving.register_keras_serializable("kcore_tests")
class DropPath(layers.Layer):
    """A user's layer: drops all of a sample; `strength` is its rate."""

    def __init__(self, strength=0.5, argument="strength", **options):
        super().__init__(**options)
        self.strength, self.argument = strength, argument
        self.seed_generator = keras.random.SeedGenerator(1)

    def call(self, x, training=False):
        if not training or not self.strength:
            return x
        shape = (keras.ops.shape(x)[0], 1, 1, 1)
        kept = keras.random.uniform(shape, seed=self.seed_generator) >= self.strength
        return x * keras.ops.cast(kept, x.dtype)

    def get_config(self):
        return {**super().get_config(), "strength": self.strength}


@keras.saving.register_keras_serializable("kcore_tests")
class NamedDropPath(DropPath):
    """The same with an argument of a usual name."""

    def __init__(self, drop_prob=0.5, **options):
        super().__init__(drop_prob, **options)

    def get_config(self):
        config = super().get_config()
        config["drop_prob"] = config.pop("strength")
        return config


def attention(x):
    tokens = layers.Reshape((36, 4))(x)
    tokens = layers.MultiHeadAttention(2, 3, dropout=0.5)(tokens, tokens)
    return layers.Reshape((6, 6, 4))(tokens)


def recurrent(x):
    rows = layers.Reshape((6, 24))(x)
    rows = layers.LSTM(4, dropout=0.5, recurrent_dropout=0.5, return_sequences=True)(rows)
    return layers.Reshape((6, 4, 1))(rows)


RANDOM = {
    "flip": layers.RandomFlip(),
    "rotation": layers.RandomRotation(0.3),
    "zoom": layers.RandomZoom(0.4),
    "contrast": layers.RandomContrast(0.5),
    "translation": layers.RandomTranslation(0.3, 0.3),
    "erasing": layers.RandomErasing(),
    "pipeline": layers.Pipeline([layers.RandomFlip(), layers.RandomRotation(0.2)]),
    "dropout": layers.SpatialDropout2D(0.5),
    "noise": layers.GaussianNoise(1.0),
    "gaussian": layers.GaussianDropout(0.5),
    "attention": attention,
    "recurrent": recurrent,
    "drop path": NamedDropPath(),
}


@pytest.mark.parametrize("name", RANDOM)
def test_training_changes_nothing_in_the_base(name):
    images = keras.Input((8, 8, 3))
    on_images = name in ("flip", "rotation", "zoom", "contrast", "translation", "erasing")
    x = RANDOM[name](images) if on_images else images
    x = layers.Conv2D(4, 3, name="conv")(x)
    x = x if on_images else RANDOM[name](x)
    base = fill(keras.Model(images, layers.Activation("relu", name="end")(x)))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model = transfer(base, "end", preprocessing="unit", hidden_units=2)
    features = keras.Model(model.inputs[0], model.get_layer("end").output)
    given = keras.ops.convert_to_tensor(X, "float32")
    expected = keras.ops.convert_to_numpy(features(given, training=False))
    np.testing.assert_array_equal(features(given, training=True), expected)
    inference = base(given / 255, training=False)
    np.testing.assert_allclose(expected, inference, rtol=1e-4, atol=1e-5)


@keras.saving.register_keras_serializable("kcore_tests")
class Noise(layers.Layer):
    """A user's layer that draws without a generator that could be found, and has no weights."""

    def __init__(self, stddev=1.0, **options):
        super().__init__(**options)
        self.stddev = stddev

    def call(self, x, training=False):
        if not training or not self.stddev:
            return x
        return x + self.stddev * keras.random.normal(keras.ops.shape(x), seed=1)

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev}


@keras.saving.register_keras_serializable("kcore_tests")
class Learning(layers.Layer):
    """A user's layer with weights, whose `rate` is no strength of chance but always counts."""

    def __init__(self, rate=2.0, **options):
        super().__init__(**options)
        self.rate = rate

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones")

    def call(self, x, training=False):
        return x * self.scale * self.rate

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}


def test_a_rate_of_a_layer_with_weights_stays_and_that_of_one_without_does_not():
    images = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="conv")(images)
    x = Noise(name="noise")(Learning(name="learning")(x))
    base = fill(keras.Model(images, x))
    model = transfer(base, None, preprocessing="unit", hidden_units=2)
    assert model.get_layer("learning").rate == 2.0
    assert model.get_layer("noise").stddev == 0.0
    features = keras.Model(model.inputs[0], model.get_layer("noise").output)
    expected = base(X / np.float32(255), training=False)
    for training in (False, True):
        found = features(X.astype("float32"), training=training)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_fine_tuning_keeps_a_batch_normalization_inside_of_a_wrapper_frozen():
    images = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="conv")(images)
    x = layers.TimeDistributed(layers.BatchNormalization(), name="rows")(x)
    model = transfer(
        fill(keras.Model(images, x)), None, 3, preprocessing="unit", hidden_units=2, seed=1
    )
    train_head(model, X, Y, verbose=0, seed=1)
    normalization = model.get_layer("rows").layer
    before = normalization.get_weights()
    kernel = model.get_layer("conv").get_weights()[0]
    fine_tune(model, X, Y, unfreeze_from="conv", learning_rate=5e-5, verbose=0)
    for weight, expected in zip(normalization.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, expected)
    assert (model.get_layer("conv").get_weights()[0] != kernel).any()
    fine_tune(
        model, X, Y, unfreeze_from="conv", learning_rate=2e-5, verbose=0, train_batch_norm=True
    )
    changed = [(a != b).any() for a, b in zip(normalization.get_weights(), before, strict=True)]
    assert all(changed)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_random_layer_of_unknown_arguments_is_named():
    images = keras.Input((8, 8, 3))
    base = keras.Model(images, DropPath(name="path")(layers.Conv2D(4, 3)(images)), name="own")
    with pytest.warns(
        UserWarning, match=r"base='own' has layers that may act.*'path' \(DropPath\)"
    ):
        transfer(base, None, preprocessing="unit", hidden_units=2)


def test_a_random_crop_is_refused():
    images = keras.Input((8, 8, 3))
    base = keras.Model(images, layers.RandomCrop(6, 6, name="crop")(images))
    with pytest.raises(ValueError, match="'crop', a RandomCrop, which can't be kept"):
        transfer(base, None, preprocessing="unit", input_shape=(8, 8, 3))


# Precision


@pytest.mark.parametrize("policy", ["mixed_float16", "wrapped"])
def test_fine_tuning_with_an_optimizer_that_wraps_another(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32" if policy == "wrapped" else policy)
    try:
        model = transfer(nested_base(), None, 3, preprocessing="unit", hidden_units=4, seed=1)
        optimizer = keras.optimizers.SGD(0.01, momentum=0.5)
        if policy == "wrapped":
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        train_head(model, X, Y, optimizer=optimizer, verbose=0)
        assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        with pytest.raises(ValueError, match=r"smaller than that of the first phase, 0\.01"):
            fine_tune(model, X, Y, unfreeze_from="last", learning_rate=0.1, verbose=0)
        history = fine_tune(model, X, Y, unfreeze_from="last", learning_rate=1e-3, verbose=0)
    finally:
        keras.config.set_dtype_policy(before)
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    inner = model.optimizer.inner_optimizer
    assert isinstance(inner, keras.optimizers.SGD)
    assert (float(inner.learning_rate), inner.momentum) == (pytest.approx(1e-3), 0.5)
    assert np.isfinite(history.history["loss"]).all()
