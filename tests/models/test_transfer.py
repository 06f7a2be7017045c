"""Cutting, freezing and preparing a base. Training is in the tests of the two phases."""

import types
import zipfile

import keras
import numpy as np
import pytest
from keras import layers
from oracles import markup

import kcore
from kcore.models._transfer.applications import application_preprocessing

MODULES = [
    member for member in vars(keras.applications).values() if isinstance(member, types.ModuleType)
]
NAMES = [name for name, member in vars(keras.applications).items() if name[0].isupper()]


def trained_base(shape=(16, 16, 3)):
    """A base with all that makes trouble: branches, BatchNormalization, dropout, a nested model."""
    images = keras.Input(shape)
    x = layers.Conv2D(6, 3, padding="same", name="conv")(images)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.Dropout(0.5, name="drop")(x)
    x = layers.SpatialDropout2D(0.5, name="spatial")(layers.Activation("relu", name="relu")(x))
    inner = keras.Sequential(
        [layers.Conv2D(4, 3, strides=2, name="in1"), layers.BatchNormalization(name="in2")],
        name="inner",
    )
    x = layers.GaussianNoise(1.0, name="noise")(layers.Add(name="sum")([x, layers.ReLU()(x)]))
    x = layers.Conv2D(5, 3, name="last")(inner(x))
    model = keras.Model(images, layers.Dense(7, name="top")(layers.Flatten(name="flat")(x)))
    rng = np.random.default_rng(3)
    model.set_weights([rng.uniform(0.1, 0.6, weight.shape) for weight in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def base():
    return trained_base()


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype="uint8")


def up_to(model, name):
    return keras.Model(model.inputs[0], model.get_layer(name).output)


@pytest.mark.parametrize("name", NAMES)
def test_every_application_is_prepared_for_as_keras_does(name):
    """The oracle is the function `preprocess_input` of the module that has the application."""
    module_of_v3 = getattr(keras.applications, "mobilenet_v3", None)
    module = next((m for m in MODULES if hasattr(m, name)), module_of_v3)
    image = np.random.default_rng(1).integers(0, 256, (1, 2, 2, 3)).astype("float32")
    expected = module.preprocess_input(image.copy(), data_format="channels_last")
    mode = application_preprocessing(name)
    inputs = keras.Input((2, 2, 3))
    identity = keras.Model(inputs, layers.Activation("linear", name="end")(inputs))
    model = kcore.models.transfer(identity, "end", preprocessing=mode, hidden_units=1)
    np.testing.assert_allclose(
        up_to(model, "end")(image.astype("uint8")), expected, rtol=1e-5, atol=1e-4
    )


def test_features_are_those_of_the_base(base, images):
    model = kcore.models.transfer(base, "last", 4, preprocessing="unit", hidden_units=3, seed=1)
    expected = up_to(base, "last").predict(images / np.float32(255), verbose=0)
    features = up_to(model, "last").predict(images, verbose=0)
    np.testing.assert_allclose(features, expected, rtol=1e-5)
    np.testing.assert_allclose(
        kcore.models.extract_features(model, images, batch_size=2),
        expected.reshape(3, -1),
        rtol=1e-5,
    )


def test_a_base_that_was_adapted_to_its_images(images):
    """As EfficientNet's: Normalization whose mean and variance are weights."""
    own = layers.Normalization()
    own.adapt(images.astype("float32"))
    inputs = keras.Input((16, 16, 3))
    adapted = keras.Model(inputs, layers.Activation("linear", name="end")(own(inputs)))
    model = kcore.models.transfer(adapted, "end", preprocessing="raw", hidden_units=1)
    got = up_to(model, "end").predict_on_batch(images)
    np.testing.assert_allclose(got, own(images.astype("float32")), rtol=1e-5, atol=1e-6)
    assert abs(got.mean()) < 1e-5


def test_training_mode_changes_nothing_in_the_base(base, images):
    model = kcore.models.transfer(base, "last", preprocessing="unit", hidden_units=3, dropout=0)
    np.testing.assert_array_equal(
        up_to(model, "last")(images, training=True), up_to(model, "last")(images, training=False)
    )


def test_the_graph_is_flat_and_keeps_names(base):
    model = kcore.models.transfer(base, "last", preprocessing="unit", hidden_units=3)
    names = [layer.name for layer in model.layers]
    assert [name for name in names if name in ("conv", "bn", "sum", "inner", "last")] == [
        "conv",
        "bn",
        "sum",
        "inner",
        "last",
    ]
    assert names[:2] == ["images", "prepare_images"]
    assert names[-4:] == ["head_pooling", "head_hidden", "head_dropout", "head_predictions"]
    assert "top" not in names


def test_only_the_head_is_trainable(base):
    model = kcore.models.transfer(base, "last", 4, preprocessing="raw", hidden_units=3)
    shapes = [tuple(variable.shape) for variable in model.trainable_variables]
    assert shapes == [(125, 3), (3,), (3, 4), (4,)]
    summary = kcore.models.parameter_summary(model)
    assert (summary.base_trainable, summary.head_trainable, summary.head_frozen) == (0, 394, 0)
    assert summary.base_frozen == up_to(base, "last").count_params()
    page = markup.Page(summary._repr_html_())
    frozen = f"{summary.base_frozen:,}"
    cells = ["trainable", "frozen", "base", "0", frozen, "head", "394", "0"]
    assert [text.strip() for text in page.texts if text.strip()] == cells


def test_the_base_that_was_given_stays_as_it_is():
    base = trained_base()
    before = [np.array(weight) for weight in base.get_weights()]
    kcore.models.transfer(base, "last", preprocessing="unit", hidden_units=3, seed=2)
    for weight, original in zip(base.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, original)
    assert all(layer.trainable for layer in base.layers)
    assert base.get_layer("drop").rate == 0.5


@pytest.mark.parametrize(("classes", "activation"), [(1, "sigmoid"), (2, "softmax")])
def test_the_head(base, classes, activation):
    model = kcore.models.transfer(base, "last", classes, preprocessing="raw")
    pooling, hidden, dropout, predictions = model.layers[-4:]
    assert isinstance(pooling, layers.Flatten)
    assert (hidden.units, hidden.activation.__name__, dropout.rate) == (1024, "relu", 0.2)
    assert (predictions.units, predictions.activation.__name__) == (classes, activation)
    assert model.output_shape == (None, classes)


def test_average_pooling(base, images):
    model = kcore.models.transfer(
        base, "last", preprocessing="unit", pooling="average", hidden_units=3
    )
    expected = up_to(base, "last").predict(images / np.float32(255), verbose=0).mean(axis=(1, 2))
    got = kcore.models.extract_features(model, images)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_the_whole_base_may_be_kept(base):
    model = kcore.models.transfer(base, -1, preprocessing="raw", hidden_units=3)
    assert model.get_layer("head_hidden").kernel.shape == (7, 3)


def test_a_layer_as_preprocessing(base, images):
    layer = layers.Rescaling(1 / 255)
    model = kcore.models.transfer(base, "conv", preprocessing=layer, hidden_units=3)
    same = kcore.models.transfer(base, "conv", preprocessing="unit", hidden_units=3)
    np.testing.assert_allclose(up_to(model, "conv")(images), up_to(same, "conv")(images), rtol=1e-5)


def test_one_seed_one_head(base):
    def head(seed):
        model = kcore.models.transfer(base, "last", preprocessing="raw", hidden_units=3, seed=seed)
        return model.get_layer("head_hidden").get_weights()[0]

    np.testing.assert_array_equal(head(1), head(1))
    assert not np.array_equal(head(1), head(2))


def test_a_saved_model_needs_no_kcore(base, images, tmp_path):
    model = kcore.models.transfer(base, "last", preprocessing="caffe", hidden_units=3, seed=1)
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert b"kcore" not in archive.read("config.json")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        loaded.predict(images, verbose=0), model.predict(images, verbose=0)
    )
    assert len(loaded.trainable_variables) == 4


def test_weights_of_a_file_for_a_model(base, images, tmp_path):
    base.save_weights(tmp_path / "base.weights.h5")
    blank = keras.models.clone_model(base)
    before = [np.array(weight) for weight in blank.get_weights()]
    model = kcore.models.transfer(
        blank, "last", weights=tmp_path / "base.weights.h5", preprocessing="unit", hidden_units=3
    )
    np.testing.assert_allclose(
        up_to(model, "last").predict(images, verbose=0),
        up_to(base, "last").predict(images / np.float32(255), verbose=0),
        rtol=1e-5,
    )
    for weight, original in zip(blank.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, original)


def test_mixed_precision_keeps_probabilities_in_float32(base, images):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        copy = trained_base()
        model = kcore.models.transfer(copy, "last", 3, preprocessing="torch", hidden_units=3)
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("last").compute_dtype == "bfloat16"
    assert model.get_layer("prepare_images").compute_dtype == "float32"
    probabilities = model.predict(images, verbose=0)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-5)


def refused(error, message, *arguments, **options):
    with pytest.raises(error) as caught:
        kcore.models.transfer(*arguments, **options)
    assert message in str(caught.value)


def test_unknown_names_list_near_ones(base):
    options = {"preprocessing": "raw"}
    refused(ValueError, "no such layer. Similar names: 'last'", base, "lats", **options)
    refused(
        ValueError, "Among its names: 'inner/in1', 'inner/in2', 'last'", base, "mixed7", **options
    )
    refused(ValueError, "Similar names: 'InceptionV3'", "InceptionV", input_shape=(75, 75, 3))


def test_a_shape_that_is_too_small_says_the_least(base):
    message = "input_shape=(74, 80, 3) is too small for InceptionV3, which needs a height and width"
    refused(ValueError, message, "InceptionV3", input_shape=(74, 80, 3))
    refused(ValueError, "at least 75", "InceptionV3", input_shape=(74, 80, 3))
    refused(
        ValueError,
        "at least 32",
        keras.applications.VGG16,
        "block5_pool",
        input_shape=(31, 31, 3),
    )


@pytest.mark.parametrize("shape", [(21, 21, 3), (8, 40, 3), (40, 21, 3)])
def test_a_base_of_open_sizes_says_the_least_too(shape):
    inputs = x = keras.Input((None, None, 3))
    for _ in range(3):
        x = layers.MaxPooling2D()(layers.Conv2D(2, 3)(x))
    base = keras.Model(inputs, x, name="any_size")
    message = "is too small for base='any_size', which needs a height and width of at least 22."
    refused(ValueError, message, base, None, preprocessing="raw", input_shape=shape)
    model = kcore.models.transfer(
        base, None, preprocessing="raw", input_shape=(22, 22, 3), hidden_units=1
    )
    assert model.input_shape == (None, 22, 22, 3)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"preprocessing": None},
            ValueError,
            "can't be inferred from it: give preprocessing='raw'",
        ),
        ({"preprocessing": "imagenet"}, ValueError, "'unit', 'tf', 'caffe', 'torch', or a Keras"),
        ({"classes": 0}, ValueError, "classes=0 must be an integer of at least 1"),
        ({"pooling": "max"}, ValueError, "pooling='max' is unknown"),
        ({"dropout": 20}, ValueError, "must be a fraction"),
        ({"seed": -1}, ValueError, "seed=-1"),
        ({"weights": "imagenet"}, ValueError, "is for models of keras.applications"),
        ({"weights": "gone.h5"}, FileNotFoundError, "there is no such file"),
        ({"input_shape": (17, 17, 3)}, ValueError, "is not what base="),
        ({"class_names": ["a"]}, ValueError, "class_names has 1 names; a sigmoid output needs 2"),
        ({"cut_at": "flat", "pooling": "average"}, ValueError, "needs a feature map"),
    ],
)
def test_wrong_arguments(base, options, error, message):
    refused(error, message, base, **{"cut_at": "last", "preprocessing": "raw", **options})


def test_what_is_no_base():
    refused(TypeError, "must be a built keras.Model, or a model of keras.applications", 3)
    refused(ValueError, "input_shape is missing", "InceptionV3")
    refused(TypeError, "without a graph", kcore.models.subclassed_mlp(), preprocessing="raw")
    refused(ValueError, "images (height, width, channels)", kcore.models.mlp(), preprocessing="raw")


def test_gray_images_for_a_base_of_color():
    inputs = keras.Input((8, 8, 1))
    gray = keras.Model(inputs, layers.Conv2D(2, 3, name="conv")(inputs))
    refused(ValueError, "is for RGB images with 3 channels", gray, "conv", preprocessing="caffe")


def test_a_failed_download_says_what_to_do(monkeypatch):
    def fail(**_):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications, "VGG16", fail)
    refused(
        kcore.models.WeightsFileError,
        "can't be downloaded (URL fetch failure). Give the path of a file",
        "VGG16",
        weights="imagenet",
        input_shape=(32, 32, 3),
    )
