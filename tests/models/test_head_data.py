"""What the head is trained on: weights of samples and classes, augmented images, labels."""

import keras
import numpy as np
import pytest
from keras import layers

import kcore
from kcore.models import fine_tune, train_head, transfer

COUNT, CLASSES = 20, 3


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (COUNT, 8, 8, 3), dtype="uint8")
    return images, rng.integers(0, CLASSES, COUNT)


@pytest.fixture(scope="module")
def base():
    images = keras.Input((8, 8, 3))
    model = keras.Model(images, layers.Conv2D(3, 3, name="end")(images))
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(size=weight.shape) for weight in model.get_weights()])
    return model


def fresh(base, classes=CLASSES, dropout=0.0):
    return transfer(
        base, "end", classes, preprocessing="tf", hidden_units=6, dropout=dropout, seed=4
    )


def train(model, x, y=None, **options):
    options = {"epochs": 2, "batch_size": 5, "seed": 3, "verbose": 0, **options}
    return train_head(model, x, y, optimizer=keras.optimizers.SGD(0.05), **options)


def stock(base, images, labels, weights=None):
    """The same by `train_on_batch` of Keras, in the documented order."""
    model = fresh(base)
    model.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy")
    for epoch in range(2):
        key = kcore.random.fold_in(kcore.random.fold_in(kcore.random.key(3), epoch), 0)
        order = kcore.random.permutation(key, len(images))
        for start in range(0, len(images), 5):
            part = order[start : start + 5]
            weight = None if weights is None else weights[part]
            model.train_on_batch(images[part].astype("float32"), labels[part], weight)
    return model


def assert_same(model, other, atol=1e-6):
    for weight, expected in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-4, atol=atol)


def differ(model, other):
    pairs = zip(model.get_weights(), other.get_weights(), strict=True)
    return any(np.abs(one - two).max() > 1e-4 for one, two in pairs)


@pytest.fixture(scope="module")
def weighted(base, data):
    """What `train_head` is given, and a model that stock Keras trained with the same weights."""
    images, labels = data
    weights = np.random.default_rng(1).uniform(0, 2, COUNT)
    by_class = np.array([3.0, 1.0, 0.25])[labels]
    samples, classes = {"sample_weight": weights}, {"class_weight": {0: 3.0, 2: 0.25}}
    return [
        (options, stock(base, images, labels, expected))
        for options, expected in [
            ({}, None),
            (samples, weights),
            (classes, by_class),
            (samples | classes, weights * by_class),
        ]
    ]


@pytest.mark.parametrize("once", [True, False])
def test_weights_of_samples_and_classes_are_those_of_keras(base, data, weighted, once):
    (_, equal), *others = weighted
    for options, oracle in others:
        model = fresh(base)
        train(model, *data, features_once=once, **options)
        assert_same(model, oracle)
        assert differ(oracle, equal)


class Batches(keras.utils.PyDataset):
    """Batches of five in the order of the samples."""

    def __init__(self, *arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return COUNT // 5

    def __getitem__(self, position):
        part = slice(5 * position, 5 * position + 5)
        return tuple(array[part] for array in self.arrays)


def test_a_dataset_keeps_its_weights(base, data):
    weights = np.random.default_rng(1).uniform(0, 2, COUNT)
    model, other = fresh(base), fresh(base)
    history = train(model, Batches(*data, weights), validation_data=Batches(*data, weights))
    expected = train(other, *data, sample_weight=weights, validation_data=(*data, weights))
    assert_same(model, other, atol=0)
    assert history.history == expected.history
    own = model.evaluate(data[0], data[1], sample_weight=weights, batch_size=5, verbose=0)[0]
    assert history.history["val_loss"][-1] == pytest.approx(own, rel=1e-4)


def flow(data, **options):
    generator = kcore.augment.ImageDataGenerator(**options)
    return generator.flow(*data, batch_size=5, shuffle=False, seed=7)


@pytest.mark.parametrize("options", [{"horizontal_flip": True}, {"rotation_range": 30}])
def test_an_augmenting_flow_is_not_frozen(base, data, options):
    with pytest.raises(ValueError, match=r"x and y: .* other images in each epoch.*=False"):
        train(fresh(base), flow(data, **options))
    with pytest.raises(ValueError, match="validation_data: the dataset gives other images"):
        train(fresh(base), *data, validation_data=flow(data, **options))
    model = fresh(base)
    history = train(model, flow(data, **options), features_once=False, epochs=3)
    assert len(history.epoch) == 3
    oracle = fresh(base)
    oracle.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy")
    same = flow(data, **options)
    for epoch in range(3):
        for start in range(0, COUNT, 5):
            images = np.stack([same.image(index, epoch) for index in range(start, start + 5)])
            oracle.train_on_batch(images, data[1][start : start + 5])
    assert_same(model, oracle)


def test_a_flow_that_only_rescales_is_taken_once(base, data):
    model, other = fresh(base), fresh(base)
    train(model, flow(data, rescale=0.5))
    train(other, data[0] * np.float32(0.5), data[1])
    assert_same(model, other)


class Noisy(Batches):
    """A dataset of a user that draws anew whenever it is asked."""

    def __getitem__(self, position):
        images, *others = super().__getitem__(position)
        return (images + np.random.default_rng().normal(size=images.shape), *others)


def test_a_dataset_of_a_user_that_draws_anew(base, data):
    with pytest.raises(ValueError, match="other images in each epoch"):
        train(fresh(base), Noisy(*data))
    assert len(train(fresh(base), Noisy(*data), features_once=False).epoch) == 2


def test_dropout_of_a_dataset_in_the_loop_depends_on_the_seed_alone(base, data):
    models = [fresh(base, dropout=0.5) for _ in range(3)]
    for model, seed in zip(models, (1, 1, 2), strict=True):
        train(model, Batches(*data), features_once=False, seed=seed)
    assert_same(models[0], models[1], atol=0)
    assert differ(models[0], models[2])


@pytest.mark.parametrize(
    ("label", "classes", "message"),
    [
        (7, 3, r"y\[4\]=7 is not one of the 3 classes"),
        (-1, 3, r"y\[4\]=-1 is not one of the 3 classes"),
        (0.5, 3, r"y\[4\]=0.5 is not one of the 3 classes"),
        (np.nan, 3, r"y\[4\]=nan is not one of the 3 classes"),
        (
            2,
            1,
            r"y\[4\]=2 is not one of the 2 classes: labels must be 0 or 1, as for every sigmoid",
        ),
    ],
)
def test_labels_that_are_no_classes(base, data, label, classes, message):
    images = data[0]
    labels = np.zeros(COUNT)
    labels[4] = label
    labels = labels.astype("int64") if float(label).is_integer() else labels
    model = fresh(base, classes)
    for once in (True, False):
        with pytest.raises(ValueError, match=message):
            train(model, images, labels, features_once=once)
        with pytest.raises(ValueError, match=f"labels of x{message[1:]}"):
            train(model, Batches(images, labels), features_once=once)
    good = np.zeros(COUNT, "int64")
    with pytest.raises(ValueError, match=f"validation_data.1.{message[1:]}"):
        train(model, images, good, validation_data=(images, labels))
    train(model, images, good, epochs=1)
    with pytest.raises(ValueError, match=message):
        fine_tune(model, images, labels, unfreeze_from="end", verbose=0)


def test_one_hot_rows_are_told_apart(base, data):
    rows = np.eye(CLASSES)[data[1]]
    with pytest.raises(ValueError, match=r"one-hot rows: give the integers, y\.argmax"):
        train(fresh(base), data[0], rows)
    with pytest.raises(ValueError, match=r"label_mode='int' gives"):
        train(fresh(base), Batches(data[0], rows))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_weight": {3: 1.0}}, "class_weight has 3, which is not one of the 3 classes"),
        ({"class_weight": {0: -1.0}}, r"class_weight\[0\]=-1.0 must be 0 or greater"),
        ({"class_weight": [1, 2, 3]}, "must be a dictionary"),
        ({"sample_weight": np.ones(3)}, r"shape \(3,\) and dtype float64: one number for each of"),
        ({"sample_weight": np.full(COUNT, np.nan)}, "negative or infinite values, or NaN"),
        ({"validation_data": 3}, "validation_data must be"),
    ],
)
def test_weights_that_are_refused(base, data, options, message):
    with pytest.raises(ValueError, match=message):
        train(fresh(base), *data, **options)


def test_a_dataset_brings_its_labels_along(base, data):
    with pytest.raises(ValueError, match="a dataset has its own labels and weights"):
        train(fresh(base), Batches(*data), data[1])
    with pytest.raises(ValueError, match="must give batches"):
        train(fresh(base), Batches(data[0]))
