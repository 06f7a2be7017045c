"""What layers derive from their weights follows every restore, also in what was compiled before."""

import keras
import numpy as np
import pytest
from keras import layers

import kcore
from kcore.models import WeightsFileError, load_weights


def adapted(values, classes=2):
    """Return a model whose output is (x - mean) / deviation of `values`, in a nested model too."""
    own = layers.Normalization(axis=-1, name="own")
    inputs = keras.Input((2,))
    inner = keras.Sequential([keras.Input((2,)), own], name="inner")
    outputs = layers.Activation("linear")(inner(inputs))
    if classes != 2:
        outputs = layers.Dense(classes, name="more")(outputs)
    model = keras.Model(inputs, outputs)
    own.adapt(values)
    return model


RNG = np.random.default_rng(0)
OLD, NEW = (RNG.normal(mean, 2, (50, 2)).astype("float32") for mean in (0, 30))
X = np.array([[1.0, 2.0]], "float32")


def normalized(x, values):
    return (x - values.mean(axis=0)) / values.std(axis=0)


@pytest.mark.parametrize("name", ["new.keras", "new.weights.h5", "new.h5"])
def test_a_load_reaches_what_predict_has_compiled(name, tmp_path):
    source = adapted(NEW)
    (source.save_weights if name.endswith(".weights.h5") else source.save)(tmp_path / name)
    model = adapted(OLD)
    np.testing.assert_allclose(model.predict(X, verbose=0), normalized(X, OLD), rtol=1e-4)
    load_weights(model, tmp_path / name)
    np.testing.assert_allclose(model.predict(X, verbose=0), normalized(X, NEW), rtol=1e-4)
    np.testing.assert_allclose(model(X), normalized(X, NEW), rtol=1e-4)


@pytest.mark.parametrize("damage", ["too many layers", "not finite", "broken off"])
def test_a_refused_load_leaves_the_constants(damage, tmp_path):
    source = adapted(NEW, classes=3 if damage == "too many layers" else 2)
    if damage == "not finite":
        source.get_layer("inner").get_layer("own").adapt_variance.assign([np.nan, 1])
    path = tmp_path / "new.weights.h5"
    source.save_weights(path)
    model = adapted(OLD) if damage != "broken off" else adapted(OLD, classes=4)
    before = model.predict(X, verbose=0)
    with pytest.raises(WeightsFileError):
        load_weights(model, path)
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)
    np.testing.assert_allclose(model(X), before, rtol=1e-5)


def test_class_scores_follow_a_new_adapt_and_a_load(tmp_path):
    model = adapted(OLD)
    np.testing.assert_allclose(scores(model), normalized(X, OLD), rtol=1e-4)
    model.get_layer("inner").get_layer("own").adapt(NEW)
    np.testing.assert_allclose(scores(model), normalized(X, NEW), rtol=1e-4)
    adapted(OLD).save_weights(tmp_path / "old.weights.h5")
    load_weights(model, tmp_path / "old.weights.h5")
    np.testing.assert_allclose(scores(model), normalized(X, OLD), rtol=1e-4)


def test_class_scores_follow_constants_that_come_after_weights():
    model, other = adapted(OLD), adapted(NEW)
    scores(model)
    model.set_weights(other.get_weights())
    scores(model)  # as Keras leaves it: the old constants
    model.get_layer("inner").get_layer("own").finalize_state()
    np.testing.assert_allclose(scores(model), normalized(X, NEW), rtol=1e-4)


def scores(model):
    return kcore.explain.class_scores(model, X).values


@keras.saving.register_keras_serializable("kcore_tests")
class Doubling(layers.Layer):
    """A user's layer that derives a constant as `Normalization` does, inside of another layer."""

    def build(self, input_shape):
        self.factor = self.add_weight(shape=(), initializer="ones", trainable=False)
        self.built = True
        self.finalize_state()

    def finalize_state(self):
        self.twice = keras.ops.convert_to_tensor(2 * keras.ops.convert_to_numpy(self.factor))

    def call(self, x):
        return x * self.twice


@keras.saving.register_keras_serializable("kcore_tests")
class Holding(layers.Layer):
    """A layer that holds one as an attribute."""

    def __init__(self, **options):
        super().__init__(**options)
        self.held = Doubling()

    def build(self, input_shape):
        self.held.build(input_shape)
        self.built = True

    def call(self, x):
        return self.held(x)


def test_a_layer_like_it_inside_of_another(tmp_path):
    def build(factor):
        inputs = keras.Input((2,))
        model = keras.Model(inputs, Holding()(inputs))
        model.layers[1].held.factor.assign(factor)
        model.layers[1].held.finalize_state()
        return model

    build(5.0).save_weights(tmp_path / "five.weights.h5")
    model = build(3.0)
    np.testing.assert_allclose(model.predict(X, verbose=0), 6 * X)
    load_weights(model, tmp_path / "five.weights.h5")
    np.testing.assert_allclose(model.predict(X, verbose=0), 10 * X)
