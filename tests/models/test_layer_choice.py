"""A layer by its name, its index or itself, and where `transfer` cuts when it is told none."""

import keras
import numpy as np
import pytest
from keras import layers

import kcore
from kcore.models import extract_features, fine_tune, train_head, transfer

X = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype="uint8")
Y = np.arange(6) % 2


@pytest.fixture(scope="module")
def base():
    """`first`, then `middle` with `deep` and `end` inside, then `last`."""
    entry = keras.Input((6, 6, 2))
    end = layers.ReLU(name="end")(layers.Conv2D(3, 3, name="deep")(entry))
    middle = keras.Model(entry, end, name="middle")
    images = keras.Input((8, 8, 3), name="pictures")
    x = middle(layers.Conv2D(2, 3, name="first")(images))
    return keras.Model(images, layers.Conv2D(4, 2, name="last")(x), name="nested")


def cut(base, cut_at, **options):
    return transfer(base, cut_at, 2, preprocessing="unit", hidden_units=3, seed=1, **options)


def test_name_index_and_layer_are_the_same(base):
    deep = base.get_layer("middle").get_layer("deep")
    ways = {
        "first": [1, -3, np.int64(1), base.layers[1]],
        "middle": [2, -2, base.get_layer("middle")],
        "middle/deep": [deep],
        "last": [-1, 3, base.layers[-1], None],
    }
    for name, others in ways.items():
        expected = extract_features(cut(base, name), X)
        for other in others:
            np.testing.assert_array_equal(extract_features(cut(base, other), X), expected)


def test_a_layer_of_the_base_stands_for_its_copy_with_other_weights(base, tmp_path):
    base.save_weights(tmp_path / "base.weights.h5")
    weights = {"weights": tmp_path / "base.weights.h5"}
    blank = keras.models.clone_model(base)
    found = extract_features(cut(blank, blank.layers[2], **weights), X)
    np.testing.assert_array_equal(found, extract_features(cut(base, 2), X))


@pytest.mark.parametrize(
    ("cut_at", "message"),
    [
        (4, r"cut_at=4: 'nested' has 4 layers, so its indices are -4 to 3\."),
        (-5, r"cut_at=-5: 'nested' has 4 layers"),
        ("frist", r"cut_at='frist': 'nested' has no such layer\. Similar names: 'first'"),
        ("middle/dep", r"no such layer\. Similar names: 'middle/deep'"),
        (
            layers.Dense(1, name="firts"),
            r"<Dense 'firts'> is not a layer of 'nested'\. Similar names: '",
        ),
        (layers.Dense(1, name="deep"), r"another of the same name: give cut_at='middle/deep'"),
        (0, r"cut_at='pictures' is the input of 'nested': cut at a later layer"),
        ("pictures", r"is the input of 'nested'"),
    ],
)
def test_layers_that_a_base_can_not_be_cut_at(base, cut_at, message):
    with pytest.raises(ValueError, match=message):
        cut(base, cut_at)


@pytest.fixture(scope="module")
def trained(base):
    model = cut(base, None)
    train_head(model, X, Y, optimizer=keras.optimizers.SGD(0.1), verbose=0, seed=1)
    return model


def test_unfreezing_from_a_name_an_index_or_a_layer(trained):
    weights, names = trained.get_weights(), [layer.name for layer in trained.layers]
    ways = (
        "last",
        names.index("last"),
        names.index("last") - len(names),
        trained.get_layer("last"),
    )
    for number, way in enumerate(ways):
        trained.set_weights(weights)
        rate = 0.01 / (number + 1)
        fine_tune(trained, X, Y, unfreeze_from=way, learning_rate=rate, verbose=0)
        kernels = [layer for layer in trained.layers if layer.name in ("first", "last")]
        assert [layer.trainable for layer in kernels] == [False, True]


def test_a_layer_of_the_base_is_none_of_the_transferred_model(base, trained):
    message = (
        r"<Conv2D 'last'> is not a layer of 'transfer'. It has another of the same name: give "
    )
    with pytest.raises(ValueError, match=message + "unfreeze_from='last'"):
        fine_tune(trained, X, Y, unfreeze_from=base.get_layer("last"), verbose=0)
    with pytest.raises(ValueError, match=r"unfreeze_from=99: 'transfer' has \d+ layers"):
        fine_tune(trained, X, Y, unfreeze_from=99, verbose=0)


# Where no layer is named

# Of each kind of top: Dense, and a convolution of 1x1 on one pixel before a Reshape or a Flatten.
WITH_A_TOP = {
    "VGG16": "block5_pool",
    "MobileNet": "conv_pw_13_relu",
    "MobileNetV3Small": "activation",
}
SHAPE = (64, 64, 3)


@pytest.fixture
def no_initial_weights(monkeypatch):
    """Leave the initial weights at zero, since drawing them takes most of the time."""
    initializer = keras.initializers.VarianceScaling
    monkeypatch.setattr(initializer, "__call__", lambda self, shape, dtype=None: np.zeros(shape))


@pytest.mark.usefixtures("no_initial_weights")
@pytest.mark.parametrize("activation", ["softmax", None])
@pytest.mark.parametrize("name", WITH_A_TOP)
def test_a_head_is_not_put_on_the_classes_of_an_application(name, activation):
    options = {"weights": None, "input_shape": SHAPE, "classes": 10}
    whole = getattr(keras.applications, name)(classifier_activation=activation, **options)
    with pytest.raises(ValueError, match=r"gives 10 values for each image, as a class") as error:
        transfer(whole, preprocessing="raw", classes=3)
    last = str(error.value).split("its last feature map, cut_at='")[1].split("'")[0]
    assert last.startswith(WITH_A_TOP[name])
    if activation is None:
        return
    model = transfer(whole, last, preprocessing="raw", classes=3, hidden_units=2)
    assert model.get_layer("head_pooling").input.shape[:3] == (None, 2, 2)


@pytest.mark.usefixtures("no_initial_weights")
@pytest.mark.parametrize("name", ["VGG16", "MobileNetV3Small"])
def test_an_application_is_cut_below_its_top(name):
    build = getattr(keras.applications, name)
    bare = build(weights=None, input_shape=SHAPE, include_top=False)
    model = transfer(name, classes=3, input_shape=SHAPE, hidden_units=2)
    assert model.get_layer("head_pooling").input.shape == bare.output_shape


@pytest.mark.usefixtures("no_initial_weights")
def test_an_index_into_the_layers_of_an_application():
    model = transfer("MobileNet", 6, input_shape=SHAPE, hidden_units=2)
    assert model.layers[-5].name == "conv_dw_1_relu"


@pytest.mark.usefixtures("no_initial_weights")
def test_an_application_that_pools_keeps_its_features():
    pooled = keras.applications.MobileNet(
        weights=None, input_shape=SHAPE, include_top=False, pooling="avg"
    )
    model = transfer(pooled, preprocessing="tf", hidden_units=2)
    assert model.get_layer("head_pooling").input.shape == pooled.output_shape == (None, 1024)


def test_models_that_end_in_a_classifier():
    ends = {
        "cnn": kcore.models.cnn((12, 12, 3), 4, filters=(2,), hidden_units=3),
        "binary": kcore.models.binary_cnn((12, 12, 3), filters=(2,), hidden_units=3),
    }
    inside = keras.Sequential([keras.Input((12, 12, 3)), layers.Rescaling(1.0), ends["cnn"]])
    logits = keras.Sequential([keras.Input((12, 12, 3)), *ends["binary"].layers[:-1]])
    logits.add(layers.Dense(4))
    logits.add(layers.Softmax())
    for model in (*ends.values(), inside, logits):
        with pytest.raises(ValueError, match=r"its last feature map, cut_at='(cnn/)?pool_1', or"):
            transfer(model, preprocessing="unit")
    kept = transfer(ends["cnn"], -1, preprocessing="unit", hidden_units=2)
    assert kept.get_layer("head_pooling").input.shape == (None, 4)
    images = keras.Input((12, 12, 3))
    flat = layers.Dense(2)(layers.Flatten()(images))
    with pytest.raises(ValueError, match=r"needs features\. Give a layer\. cut_at=-1"):
        transfer(keras.Model(images, flat), preprocessing="unit")


def test_features_that_are_no_classes_are_taken():
    images = keras.Input((3, 3, 3))
    maps = layers.Conv2D(5, 3)(images)
    pixels = layers.Flatten()(layers.Dense(5)(layers.MaxPooling2D(1)(images)))
    for output, size in (
        (layers.Flatten()(maps), 5),
        (layers.GlobalAveragePooling2D()(maps), 5),
        (pixels, 45),
    ):
        model = transfer(keras.Model(images, output), preprocessing="unit", hidden_units=2)
        assert model.get_layer("head_pooling").input.shape == (None, size)
