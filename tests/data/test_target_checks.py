"""A dataset checks its labels against the loss of the model that trains on it, whoever built it."""

import tracemalloc

import keras
import numpy as np
import pytest
from oracles.legacy_names import legacy_options

import kcore
from kcore.data._target_checks import check_fit

L = keras.layers
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), "uint8")


def network(units, loss, activation="softmax"):
    model = keras.Sequential(
        [keras.Input((4, 4, 3)), L.Flatten(), L.Dense(units, activation=activation)]
    )
    model.compile(optimizer="sgd", loss=loss)
    return model


def sparse(units):
    return network(units, "sparse_categorical_crossentropy")


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        for number in range(2):
            kcore.images.save_img(tmp_path / name / f"{number}.png", IMAGES[number], scale=False)
    return tmp_path


def from_directory(folder, label_mode):
    return kcore.data.from_directory(
        folder, image_size=(4, 4), batch_size=2, label_mode=label_mode, seed=0
    )


def flow(folder, label_mode):
    generator = kcore.augment.ImageDataGenerator(horizontal_flip=True)
    options = legacy_options({"image_size": (4, 4), "label_mode": label_mode})
    return generator.flow_from_directory(folder, batch_size=2, seed=0, **options)


@pytest.mark.parametrize("make", [from_directory, flow])
def test_a_plain_keras_model_with_too_few_units(folder, make):
    model = sparse(2)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"labels of x\[4\]=2 is not one of the 2 classes"):
        model.fit(make(folder, "int"), verbose=0)
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_plain_keras_model_with_enough_units(folder):
    data = from_directory(folder, "int")
    history = sparse(3).fit(data, validation_data=data, verbose=0).history
    assert np.isfinite([*history["loss"], *history["val_loss"]]).all()


def test_a_dataset_validates_a_training_on_arrays(folder):
    # Keras asks for it after the first epoch.
    data = from_directory(folder, "int")
    with pytest.raises(ValueError, match=r"labels of validation_data\[4\]=2 is not one of the 2"):
        sparse(2).fit(IMAGES, np.zeros(6, "int32"), validation_data=data, verbose=0)


def test_labels_of_the_validation_are_checked_before_the_first_step(folder):
    right = kcore.data.from_arrays(IMAGES, np.zeros(6, "int32"), batch_size=2, seed=0)
    wrong = np.array([0, 1, 2, 3, -1, 0], "int32")
    as_dataset = kcore.data.from_arrays(IMAGES, wrong, batch_size=2, seed=0)
    for validation, name in (
        (as_dataset, "labels of validation_data"),
        ((IMAGES, wrong), r"validation_data\[1\]"),
        ((IMAGES, wrong, np.ones(6, "float32")), r"validation_data\[1\]"),
    ):
        model = sparse(5)
        before = model.get_weights()
        with pytest.raises(ValueError, match=rf"{name}\[4\]=-1 is not one of the 5 classes"):
            model.fit(right, validation_data=validation, verbose=0)
        for one, other in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(one, other)


def test_two_labels_of_a_sigmoid(folder):
    data = kcore.data.from_arrays(IMAGES, np.array([1, 2] * 3, "int32"), batch_size=2, seed=0)
    with pytest.raises(ValueError, match=r"labels of x\[1\]=2 is not one of the 2 classes"):
        network(1, "binary_crossentropy", "sigmoid").fit(data, verbose=0)


def test_one_hot_rows_for_a_sparse_loss(folder):
    with pytest.raises(ValueError, match="argmax"):
        sparse(3).fit(from_directory(folder, "categorical"), verbose=0)
    model = network(3, "categorical_crossentropy")
    history = model.fit(from_directory(folder, "categorical"), verbose=0).history
    assert np.isfinite(history["loss"]).all()


def mixed_up(images, indices, epoch, targets):
    return images, np.eye(3, dtype="float32")[targets]


def test_targets_that_a_transform_changes_are_not_checked():
    data = kcore.data.from_arrays(
        IMAGES, np.array([0, 1, 2] * 2, "int32"), batch_size=2, seed=0, transform=mixed_up
    )
    model = network(3, keras.losses.CategoricalCrossentropy())
    assert np.isfinite(model.fit(data, verbose=0).history["loss"]).all()


class Unread:
    """Targets that take long to read, so that only those of batches are read."""

    read = 0

    def __len__(self):
        return 6

    def __getitem__(self, indices):
        self.read += len(indices)
        return np.zeros(len(indices), "int32")


def test_targets_by_indices_are_left_unread(folder):
    targets = Unread()
    files = kcore.data.ImageFiles.from_paths(sorted(folder.rglob("*.png")))
    data = kcore.data.from_files(files, targets=targets, image_size=(4, 4), batch_size=2, seed=0)
    check_fit(sparse(3), data, None, None)
    assert targets.read == 0


def test_other_calls_ask_nothing(folder):
    data = from_directory(folder, "int")
    model = sparse(2)
    assert model.predict(data, verbose=0).shape == (6, 2)
    assert len(list(data)) == 3


def test_many_one_hot_rows_are_not_made(folder):
    data = from_directory(folder, "categorical")
    labels = np.resize(np.arange(1000, dtype="int32"), 1_000_000)
    data._targets = kcore.data._targets.ClassTargets(labels, 1000, "categorical")
    model = network(1000, "categorical_crossentropy")
    tracemalloc.start()
    check_fit(model, data, None, None)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100e6  # all rows would take 4 GB
