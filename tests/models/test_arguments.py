"""What is no model, or not the kind that a function takes, and other wrong arguments."""

import keras
import numpy as np
import pytest
from keras import layers

import kcore
from kcore import explain, inspect, models
from kcore._targets import option_of

X = np.random.default_rng(0).integers(0, 256, (4, 12, 12, 3), dtype="uint8")
Y = np.array([0, 1, 0, 1], "int32")
FLOATS = X.astype("float32")


class Subclassed(keras.Model):
    """Was never called, and knows no shape."""

    def __init__(self):
        super().__init__(name="own")
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(x)


def base():
    return models.binary_cnn((12, 12, 3), filters=(2,), hidden_units=3, seed=1)


@pytest.fixture(scope="module")
def transferred():
    options = {"preprocessing": "unit", "hidden_units": 3, "seed": 1}
    return models.transfer(base(), "pool_1", 2, **options)


TAKE_ANY_MODEL = {
    "compile_regression": models.compile_regression,
    "compile_classifier": models.compile_classifier,
    "compile_binary_classifier": models.compile_binary_classifier,
    "check_trainable": models.check_trainable,
    "save": lambda model: models.save(model, "unwritten.keras"),
}
TAKE_A_GRAPH = {
    "set_class_names": lambda model: models.set_class_names(model, ["a", "b"]),
    "load_weights": lambda model: models.load_weights(model, "unread.h5"),
    "export": lambda model: models.export(model, "unwritten.onnx"),
    "trace": inspect.trace,
    "audit": inspect.audit,
    "maximize_activation": lambda model: explain.maximize_activation(model, class_index=0),
}
TAKE_A_TRANSFERRED = {
    "parameter_summary": models.parameter_summary,
    "extract_features": lambda model: models.extract_features(model, X),
    "train_head": lambda model: models.train_head(model, X, Y),
    "fine_tune": lambda model: models.fine_tune(model, X, Y, unfreeze_from=None),
}
TAKE_SAMPLES = {
    "activations": lambda model: inspect.activations(model, FLOATS),
    "class_scores": lambda model: explain.class_scores(model, FLOATS),
    "gradients": lambda model: explain.gradients(model, FLOATS),
    "saliency": lambda model: explain.saliency(model, FLOATS),
    "smooth_grad": lambda model: explain.smooth_grad(model, FLOATS),
    "occlusion": lambda model: explain.occlusion(model, FLOATS),
    "integrated_gradients": lambda model: explain.integrated_gradients(model, FLOATS),
    "grad_cam": lambda model: explain.grad_cam(model, FLOATS),
    "score_cam": lambda model: explain.score_cam(model, FLOATS),
    "deletion": lambda model: explain.deletion(model, FLOATS, FLOATS[..., 0]),
}
NO_MODELS = {
    "text": ("model.keras", "kcore.models.load loads one from a file"),
    "none": (None, "model=None"),
    "number": (3, "model=3"),
    "array": (FLOATS, "<ndarray>"),
    "layer": (layers.Dense(3, name="dense"), "<Dense 'dense'>.*keras.Sequential"),
    "class": (keras.Sequential, "Sequential must be a keras.Model: call"),
    "builder": (models.mlp, "mlp must be a keras.Model: call"),
    "tensor": (keras.Input((3,)), "<KerasTensor>"),
}


@pytest.mark.parametrize("kind", NO_MODELS)
@pytest.mark.parametrize(
    "functions",
    [TAKE_ANY_MODEL, TAKE_A_GRAPH, TAKE_A_TRANSFERRED, TAKE_SAMPLES],
    ids=["any", "graph", "transferred", "samples"],
)
def test_what_is_no_model(functions, kind):
    given, message = NO_MODELS[kind]
    for name, function in functions.items():
        with pytest.raises(TypeError, match=message) as raised:
            function(given)
        assert str(raised.value).startswith("model="), name
        assert "must be a keras.Model" in str(raised.value), name


def test_models_without_a_graph():
    unbuilt = keras.Sequential([layers.Dense(2)], name="unbuilt")
    for name, function in TAKE_A_GRAPH.items():
        for model in (unbuilt, Subclassed()):
            with pytest.raises(ValueError, match=rf"{model.name}|input_shape") as raised:
                function(model)
            assert type(raised.value) is ValueError, name


def test_models_without_a_head():
    for name, function in TAKE_A_TRANSFERRED.items():
        for model in (models.mlp(), keras.Sequential(), Subclassed()):
            with pytest.raises(ValueError, match=r"has no head made by kcore.models.transfer"):
                function(model)
            assert name


def test_no_path_and_no_model_to_classify():
    for given in (None, 3, [], layers.Dense(3)):
        with pytest.raises(TypeError, match=r"model=.* must be a keras.Model"):
            models.classify(given, ["a.png"])
    for paths in (3, None, {"a.png": 1}):
        with pytest.raises(TypeError, match=r"paths=.* must be a list of paths"):
            models.classify(base(), paths)


def test_numbers_that_no_layer_has():
    for build, name in (
        (models.mlp, "classes"),
        (models.mlp, "hidden_units"),
        (models.cnn, "classes"),
        (models.cnn, "hidden_units"),
        (models.linear, "units"),
        (models.subclassed_mlp, "hidden_units"),
    ):
        for value in (True, "3", 1.5, 0, None, np.nan, 10**30, [3]):
            with pytest.raises(ValueError, match=f"{name}="):
                build(**{name: value})
    with pytest.raises(ValueError, match=r"filters\[1\]=10.* must be at most 1,048,576"):
        models.cnn(filters=(2, 10**12))
    with pytest.raises(ValueError, match=r"hidden_units\[0\]=10.* must be at most"):
        models.functional_mlp(hidden_units=(10**12,))
    for shape in (b"ab", 3, None, (1.5, 3), ("a", "b")):
        with pytest.raises(ValueError, match="input_shape"):
            models.mlp(shape)
    with pytest.raises(ValueError, match="dropout_seed=-1 must be"):
        models.SubclassedMLP(dropout_seed=-1)


@pytest.mark.parametrize("value", [3.5, True, b"pool_1", ["pool_1"], keras.Input((3,))])
def test_what_can_not_stand_for_a_layer(transferred, value):
    with pytest.raises(TypeError, match=r"cut_at=.* must be the name of a layer.*, its index"):
        models.transfer(base(), value, preprocessing="unit")
    with pytest.raises(TypeError, match=r"unfreeze_from=.* must be the name of a layer"):
        models.fine_tune(transferred, X, Y, unfreeze_from=value)


@pytest.mark.parametrize("value", [3, b"w.h5", np.zeros((2, 2)), ["w.h5"]])
def test_weights_that_are_no_path(value):
    with pytest.raises(TypeError, match=r"weights=.* must be the path of a file"):
        models.transfer(base(), "pool_1", weights=value, preprocessing="unit")


def test_optimizers():
    for value in (None, 3, keras.optimizers.Adam, True):
        with pytest.raises(TypeError, match=r"optimizer=.* must be a keras.optimizers.Optimizer"):
            models.compile_classifier(models.mlp(), optimizer=value)
    for value in ("adams", {"a": 1}):
        with pytest.raises(ValueError, match=r"optimizer=.* is not one that Keras knows"):
            models.compile_classifier(models.mlp(), optimizer=value)
    config = keras.optimizers.serialize(keras.optimizers.SGD(0.5))
    assert float(models.compile_classifier(models.mlp(), optimizer=config).optimizer.learning_rate)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": True}, "epochs=True must be"),
        ({"batch_size": "8"}, "batch_size='8' must be"),
        ({"features_once": "no"}, "features_once='no' must be True or False"),
        ({"steps_per_execution": 1.5}, "steps_per_execution=1.5 must be"),
        ({"seed": -1}, "seed=-1 must be"),
        ({"verbose": "loud"}, "verbose='loud' must be 'auto', 0, 1 or 2"),
        ({"callbacks": "stop"}, r"callbacks='stop' must be a list of keras.callbacks.Callback"),
        ({"callbacks": [3]}, "callbacks=.* must be a list of keras.callbacks.Callback"),
        ({"optimizer": 3}, "optimizer=3 must be"),
        ({"x": 3}, r"x has shape \(\), and 'transfer' takes images of \(12, 12, 3\)"),
        ({"x": X[0]}, r"x has shape \(12, 12, 3\).*Give x\[None\] for one image"),
        ({"x": np.full(X.shape, "a")}, "x holds values of dtype <U1: they must be real numbers"),
        ({"x": [X[0], X[0, :3]]}, "x can't be read as an array"),
        ({"y": 3}, r"y has shape \(\)"),
        ({"y": [[1], [2, 3]]}, "y can't be read as an array"),
        ({"validation_data": (X[:, :3], Y)}, r"validation_data\[0\] has shape \(4, 3, 12, 3\)"),
    ],
)
def test_what_training_the_head_is_given(transferred, options, message):
    before = transferred.get_weights()
    options = {"verbose": 0, **options}
    with pytest.raises((TypeError, ValueError), match=message):
        models.train_head(transferred, options.pop("x", X), options.pop("y", Y), **options)
    for one, other in zip(transferred.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (None, None, "x=None must be images or a dataset"),
        ("x", Y, "x='x' must be images or a dataset"),
        ([], Y, r"x has shape \(0,\)"),
        (np.int64(3), Y, r"x has shape \(\)"),
        (X, None, "y must hold a label for each of the 4 images of x, and none were given"),
        (X, [0, 1], "y must hold a label for each of the 4 images of x, and 2 were given"),
        (X, [0, 1, 2, 0], r"y\[2\]=2 is not one of the 2 classes"),
        (iter([]), Y, "y must be left out if x is a dataset"),
    ],
)
def test_what_fine_tuning_is_given(transferred, x, y, message):
    with pytest.raises((TypeError, ValueError), match=message):
        models.fine_tune(transferred, x, y, unfreeze_from="pool_1", verbose=0)


def test_options_of_a_loss_are_found_in_every_release_of_keras():
    given = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    assert option_of(given, "from_logits") is True
    assert option_of(given, "ignore_class") == -1

    class InItsConfigurationAlone(keras.losses.Loss):
        def get_config(self):
            return {"from_logits": True}

    assert option_of(InItsConfigurationAlone(), "from_logits") is True
    assert option_of(InItsConfigurationAlone(), "ignore_class") is None
    assert option_of("mean_squared_error", "from_logits") is None
    assert option_of(keras.losses.mean_squared_error, "from_logits") is None


def test_images_that_are_not_finite_are_named(transferred):
    images = FLOATS.copy()
    images[2, 3, 3, 0] = np.nan
    with pytest.raises(ValueError, match=r"x\[2\] has values that are NaN or infinite"):
        models.train_head(transferred, images, Y, verbose=0)
    with pytest.raises(ValueError, match=r"images\[2\] has values that are NaN or infinite"):
        models.extract_features(transferred, images)
    with pytest.raises(ValueError, match=r"validation_data\[0\]\[2\] has values that are NaN"):
        models.train_head(transferred, X, Y, validation_data=(images, Y), verbose=0)
    for name, function in {
        "x": lambda: inspect.activations(transferred, images),
        "images": lambda: explain.grad_cam(transferred, images),
    }.items():
        with pytest.raises(ValueError, match=rf"{name}\[2\] has values that are NaN or infinite"):
            function()


def test_a_batch_may_be_larger_than_all_images(transferred):
    found = models.extract_features(transferred, X, batch_size=10**30)
    np.testing.assert_allclose(found, models.extract_features(transferred, X), rtol=1e-5)


def test_preprocessing_by_a_layer_that_was_adapted():
    normalization = layers.Normalization(name="adapted")
    normalization.adapt(FLOATS)
    own = base()
    model = models.transfer(own, "pool_1", preprocessing=normalization, hidden_units=3, seed=1)
    features = keras.Model(own.inputs, own.get_layer("pool_1").output)
    mean, deviation = FLOATS.mean(axis=(0, 1, 2)), FLOATS.std(axis=(0, 1, 2))
    expected = features.predict((FLOATS - mean) / deviation, verbose=0).reshape(4, -1)
    found = models.extract_features(model, X)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    with pytest.raises(ValueError, match=r"turns images of shape \(12, 12, 3\) into \(12, 12, 2\)"):
        models.transfer(own, "pool_1", preprocessing=layers.Dense(2, name="wrong"))


@pytest.mark.parametrize(
    ("input_shape", "message"),
    [
        (12, "input_shape=12 must be a sequence"),
        ("abc", "input_shape='abc' must be a sequence"),
        ((12.5, 12, 3), r"input_shape\[0\]=12.5 must be"),
        ((0, 12, 3), r"input_shape\[0\]=0 must be"),
        ((12, 12), r"input_shape=\(12, 12\) is not what 'binary_cnn' takes: \(12, 12, 3\)"),
    ],
)
def test_shapes_to_trace(input_shape, message):
    for function in (inspect.trace, inspect.audit):
        with pytest.raises(ValueError, match=message):
            function(base(), input_shape)


def test_a_shape_that_a_subclassed_model_can_not_take():
    model = keras.Sequential([layers.Conv2D(2, 3), layers.Flatten()], name="unbuilt")
    with pytest.raises(ValueError, match=r"input_shape=\(3,\): 'unbuilt' can't take it"):
        inspect.trace(model, (3,))
    for wanted in (1.5, "a", (1.5, 2), True, 0):
        with pytest.raises(ValueError, match=r"receptive_field.*="):
            inspect.audit(base(), receptive_field=wanted)
    assert kcore.inspect.audit(base(), receptive_field=np.int64(3)) is not None
