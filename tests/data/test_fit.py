"""Training, evaluating and predicting from a folder, on the backend of this environment."""

import random
import re
import tracemalloc

import keras
import numpy as np
import pytest
from oracles.image_trees import write_tree

from kcore.data import from_arrays, from_directory

SIZE = (8, 8)


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "tree", {"cat": 13, "dog": 9})


def model():
    layers = [keras.Input((*SIZE, 3)), keras.layers.Flatten(), keras.layers.Dense(1)]
    built = keras.Sequential(layers)
    built.compile("sgd", "mse")
    built.set_weights([np.zeros((192, 1)), np.zeros(1)])
    return built


def load(tree, **options):
    defaults = {"image_size": SIZE, "label_mode": "binary", "batch_size": 4, "verbose": False}
    return from_directory(tree, **defaults | options)


class Recorder:
    """A transform that notes its arguments."""

    def __init__(self):
        self.epochs = {}

    def __call__(self, images, indices, epoch):
        self.epochs.setdefault(epoch, []).append(tuple(indices.tolist()))
        return images / np.float32(255)


class Seen(keras.layers.Layer):
    """Keeps the sums of the batches that the model received, in their order."""

    def __init__(self):
        super().__init__()
        self.sums = self.add_weight(shape=(64,), initializer="zeros", trainable=False)
        self.count = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False)

    def call(self, x, training=None):
        if training:
            place = keras.ops.one_hot(self.count, 64, dtype="float32")
            self.sums.assign(self.sums + place * keras.ops.sum(x))
            self.count.assign(self.count + 1)
        return x


@pytest.mark.parametrize("python_seed", [0, 1])
def test_fit_receives_each_epoch_in_the_order_of_the_seed(tree, python_seed):
    random.seed(python_seed)  # which shuffles the numbers that fit asks for
    seen = Seen()
    net = keras.Sequential([keras.Input((*SIZE, 3)), seen, *model().layers])
    net.compile("sgd", "mse")
    dataset = load(tree, seed=3, transform=Recorder())
    net.fit(dataset, epochs=2, verbose=0)
    expected = [
        sum(dataset.image(index, epoch).sum() for index in dataset.indices(number, epoch))
        for epoch in range(2)
        for number in range(6)
    ]
    np.testing.assert_allclose(seen.sums[:12], expected, rtol=1e-4)
    assert int(seen.count) == 12
    assert dataset.epoch == 2


def test_every_sample_is_made_once_an_epoch(tree):
    recorder = Recorder()
    dataset = load(tree, seed=3, transform=recorder)
    model().fit(dataset, epochs=3, verbose=0)
    for epoch in range(3):
        made = set(recorder.epochs[epoch])
        assert made == {tuple(dataset.indices(n, epoch).tolist()) for n in range(6)}
        assert sorted(sum(made, ())) == list(range(22))
    assert len(recorder.epochs[1]) == len(recorder.epochs[2]) == 6


@pytest.mark.parametrize("is_built", [False, True])
def test_a_dataset_of_one_batch_starts_with_epoch_0(is_built):
    seen = []

    def transform(images, _, epoch):
        seen.append(epoch)
        return images

    x, y = np.zeros((3, 4), "float32"), np.zeros((3, 1), "float32")
    dataset = from_arrays(x, y, transform=transform, seed=1)
    net = keras.Sequential([keras.Input((4,))] * is_built + [keras.layers.Dense(1)])
    net.compile("sgd", "mse", metrics=["mae"])
    for last in (2, 4):
        net.fit(dataset, epochs=2, verbose=0)
        assert dataset.epoch == last
    assert list(dict.fromkeys(seen)) == [0, 1, 2, 3]


def test_the_progress_bar_shows_totals(tree, capsys):
    model().fit(load(tree), epochs=1, verbose=2)
    assert re.search(r"\b6/6\b", capsys.readouterr().out)


def test_evaluate_and_predict_keep_the_order_of_the_files(tree):
    dataset = load(tree, shuffle=False)
    net = model()
    net.set_weights([np.random.default_rng(0).normal(size=(192, 1)) / 2000, np.zeros(1)])
    images = np.concatenate([x for x, _ in dataset])
    labels = np.concatenate([y for _, y in dataset])
    np.testing.assert_array_equal(labels[:, 0], dataset.classes)
    predicted = net.predict(dataset, verbose=0)
    np.testing.assert_allclose(predicted, net.predict(images, verbose=0), rtol=1e-4, atol=1e-5)
    loss = net.evaluate(dataset, verbose=0)
    np.testing.assert_allclose(loss, np.mean((predicted - labels) ** 2), rtol=1e-3)


def test_validation_data(tree):
    training, validation = load(tree, validation_split=0.3, subset="both", seed=2)
    history = model().fit(training, validation_data=validation, epochs=2, verbose=0)
    assert len(history.history["val_loss"]) == 2
    assert (training.epoch, validation.epoch) == (2, 0)


def test_other_label_modes_train(tree):
    outputs = {
        "categorical": (keras.layers.Dense(2, "softmax"), "categorical_crossentropy"),
        "int": (keras.layers.Dense(2, "softmax"), "sparse_categorical_crossentropy"),
        "input": (keras.layers.Conv2D(3, 1, kernel_initializer="zeros"), "mse"),
    }
    for label_mode, (head, loss) in outputs.items():
        body = [] if label_mode == "input" else [keras.layers.Flatten()]
        net = keras.Sequential([keras.Input((*SIZE, 3)), *body, head])
        net.compile("sgd", loss)
        history = net.fit(load(tree, label_mode=label_mode), epochs=1, verbose=0)
        assert np.isfinite(history.history["loss"][0])


def test_prediction_without_targets(tree):
    dataset = load(tree, label_mode=None, shuffle=False)
    assert model().predict(dataset, verbose=0).shape == (22, 1)


@pytest.mark.timeout(120)
def test_a_bad_file_ends_fit_with_its_name(tree):
    """However many there are, and then fit can go on."""
    names = ["cat/003.png", "dog/001.png", "dog/002.png"]
    content = {name: (tree / name).read_bytes() for name in names}
    for name in names:
        (tree / name).write_bytes(b"")
    dataset = load(tree, seed=1)
    net = model()
    with pytest.raises(Exception, match=r"/00[123]\.png \(class '\w+'\): the file is"):
        net.fit(dataset, epochs=1, verbose=0)
    for name in names:
        (tree / name).write_bytes(content[name])
    net.fit(dataset, epochs=1, verbose=0)


@pytest.mark.timeout(120)
def test_an_error_of_a_transform_ends_fit(tree):
    def transform(images, indices, epoch):
        raise RuntimeError("the transform failed")

    with pytest.raises(Exception, match="the transform failed"):
        model().fit(load(tree, transform=transform), verbose=0)


def test_skipped_files_make_smaller_batches(tree):
    (tree / "cat" / "003.png").write_bytes(b"")
    dataset = load(tree, shuffle=False, bad_files="skip")
    with pytest.warns(UserWarning, match=r"003\.png"):
        assert model().predict(dataset, verbose=0).shape == (21, 1)
    assert [finding.reason for finding in dataset.audit.bad] == ["the file is empty (0 bytes)"]


def test_memory_does_not_grow_with_epochs(tree):
    dataset = load(tree, seed=1, cache="memory", image_size=(64, 64))

    def epochs(count):
        for _ in range(count):
            for _ in dataset:
                pass

    epochs(3)
    tracemalloc.start()
    epochs(1)
    before, _ = tracemalloc.get_traced_memory()
    epochs(20)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 4 * dataset[0][0].nbytes
