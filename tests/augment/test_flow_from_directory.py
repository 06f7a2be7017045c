"""`flow_from_directory` against the legacy class, and what only kcore promises."""

import keras
import numpy as np
import pytest
from keras.src.legacy.preprocessing.image import ImageDataGenerator as LegacyGenerator
from PIL import Image

import kcore
from kcore.augment import ImageDataGenerator

FILES = {"cats": 7, "dogs": 5, "owls": 4}
ARGUMENTS = {"target_size": (9, 8), "seed": 7, "batch_size": 5}
CLASS_MODES = ["categorical", "sparse", "input", None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("animals")
    rng = np.random.default_rng(0)
    for name, count in FILES.items():
        (root / name / "nested").mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 256, (11 + number, 10, 3)).astype("uint8")
            inner = "nested" if number % 3 == 2 else "."
            Image.fromarray(pixels).save(root / name / inner / f"{number}.png")
    return root


def generator(**options):
    return ImageDataGenerator(rescale=1 / 255, data_format="channels_last", **options)


def legacy_generator(**options):
    return LegacyGenerator(rescale=1 / 255, data_format="channels_last", **options)


@pytest.mark.parametrize("class_mode", CLASS_MODES)
@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
def test_without_transformations_it_is_the_legacy_flow(folder, class_mode, color_mode):
    arguments = {"class_mode": class_mode, "color_mode": color_mode, "shuffle": False, **ARGUMENTS}
    legacy = legacy_generator().flow_from_directory(str(folder), **arguments)
    ours = generator().flow_from_directory(folder, **arguments)
    assert ours.class_indices == legacy.class_indices
    assert ours.filenames == legacy.filenames
    assert (len(ours), ours.samples, ours.n) == (len(legacy), legacy.samples, legacy.n)
    assert ours.image_shape == legacy.image_shape
    np.testing.assert_array_equal(ours.classes, legacy.classes)
    for number in range(len(legacy)):
        assert_same_batch(ours[number], legacy[number])


def assert_same_batch(batch, expected):
    batch, expected = (b if isinstance(b, tuple) else (b,) for b in (batch, expected))
    assert len(batch) == len(expected)
    for values, wanted in zip(batch, expected, strict=True):
        np.testing.assert_allclose(values, wanted, rtol=1e-6)


@pytest.mark.parametrize("subset", ["training", "validation"])
def test_the_subsets_are_those_of_the_legacy_class(folder, subset):
    options, arguments = {"validation_split": 0.3}, {"subset": subset, "shuffle": False}
    legacy = legacy_generator(**options).flow_from_directory(str(folder), **arguments, **ARGUMENTS)
    ours = generator(**options).flow_from_directory(folder, **arguments, **ARGUMENTS)
    assert ours.filenames == legacy.filenames
    np.testing.assert_array_equal(ours.classes, legacy.classes)


def test_the_subsets_part_the_files_whatever_the_seeds(folder):
    split = generator(validation_split=0.3)
    parts = [
        split.flow_from_directory(folder, subset=subset, seed=seed).filenames
        for subset, seed in (("training", 1), ("validation", 2))
    ]
    assert sorted(parts[0] + parts[1]) == sorted(generator().flow_from_directory(folder).filenames)


def test_channels_first(folder):
    arguments = {"shuffle": False, "class_mode": None, **ARGUMENTS}
    options = {"rotation_range": 40, "rescale": 1 / 255}
    last = ImageDataGenerator(data_format="channels_last", **options)
    first = ImageDataGenerator(data_format="channels_first", **options)
    last, first = (flow.flow_from_directory(folder, **arguments) for flow in (last, first))
    assert first.image_shape == (3, 9, 8)
    np.testing.assert_allclose(np.moveaxis(first[1], 1, -1), last[1], atol=1e-6)
    assert first.parameters(3, 2) == last.parameters(3, 2)


def test_chosen_classes(folder):
    flow = generator().flow_from_directory(
        folder, classes=["owls", "cats"], class_mode="binary", shuffle=False, **ARGUMENTS
    )
    assert flow.class_indices == {"owls": 0, "cats": 1}
    assert np.concatenate([y for _, y in flow]).tolist() == [0.0] * 4 + [1.0] * 7


def test_counts_a_drawn_seed_and_the_size_of_a_cache_are_printed(folder, capsys):
    flow = generator().flow_from_directory(folder, target_size=(100, 100), cache="memory")
    printed = capsys.readouterr().out
    assert "The cache of decoded images takes 0.5 MB." in printed
    assert "Found 16 images, 3 classes" in printed
    assert f"seed={flow.seed} repeats this run" in printed


def test_batch_size_threads_and_shuffling_change_no_image(folder):
    course = generator(rotation_range=40, zoom_range=0.2, horizontal_flip=True)

    def by_index(**arguments):
        flow = course.flow_from_directory(folder, class_mode=None, **{**ARGUMENTS, **arguments})
        flow.epoch = 2
        images = np.zeros((16, 9, 8, 3), "float32")
        for number, batch in enumerate(flow):
            images[flow.indices(number)] = batch
        return images

    expected = by_index()
    for arguments in (
        {"num_threads": 1},
        {"num_threads": 4, "batch_size": 3},
        {"shuffle": False, "batch_size": 16},
        {"cache": "memory"},
    ):
        np.testing.assert_allclose(by_index(**arguments), expected, atol=1e-2 / 255)


def test_replay_by_the_index_of_the_file(folder):
    flow = generator(rotation_range=40).flow_from_directory(folder, class_mode=None, **ARGUMENTS)
    flow.epoch = 1
    batch, indices = flow[2], flow.indices(2)
    for image, index in zip(batch, indices, strict=True):
        replayed, parameters = flow.replay(int(index), epoch=1)
        np.testing.assert_array_equal(replayed, image)
        loaded = kcore.images.load_img(folder / flow.filenames[index], target_size=(9, 8))
        transformed = generator().apply_transform(np.asarray(loaded), parameters)
        np.testing.assert_allclose(image, transformed / 255, atol=1e-6)


def test_fit_evaluate_and_predict(folder):
    training = generator(horizontal_flip=True).flow_from_directory(folder, **ARGUMENTS)
    fixed = generator().flow_from_directory(folder, shuffle=False, **ARGUMENTS)
    model = keras.Sequential(
        [keras.Input((9, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(training, validation_data=fixed, epochs=2, verbose=0)
    assert len(history.history["val_accuracy"]) == 2
    assert training.epoch == 2
    predicted = model.predict(fixed, verbose=0)
    accuracy = np.mean(predicted.argmax(axis=-1) == fixed.classes)
    assert model.evaluate(fixed, verbose=0)[1] == pytest.approx(accuracy)


def test_bad_files(folder, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "broken.png").write_bytes(b"no image")
    Image.new("RGB", (4, 4)).save(tmp_path / "a" / "whole.png")
    arguments = {"class_mode": None, "target_size": (4, 4), "seed": 1}
    with pytest.raises(kcore.data.BadFileError, match=r"broken\.png"):
        generator().flow_from_directory(tmp_path, **arguments)[0]
    with pytest.warns(UserWarning, match="1 of 2 images are bad and left out"):
        flow = generator().flow_from_directory(tmp_path, bad_files="quarantine", **arguments)
    assert flow[0].shape == (1, 4, 4, 3)
    assert [finding.path.rpartition("/")[2] for finding in flow.audit.bad] == ["broken.png"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"class_mode": "other"}, ValueError, "class_mode='other' is unknown"),
        ({"class_mode": "binary"}, ValueError, "class_mode='binary' needs two classes"),
        ({"color_mode": "cmyk"}, ValueError, "color_mode='cmyk' is unknown"),
        ({"interpolation": "cubic"}, ValueError, "interpolation='cubic' is unknown"),
        ({"target_size": 32}, ValueError, "target_size=32 must be"),
        ({"subset": "validation"}, ValueError, "needs a generator with a validation_split"),
        ({"classes": ["bats"]}, FileNotFoundError, "there is no directory"),
        ({"worker": 3}, TypeError, "worker"),
    ],
)
def test_arguments_that_are_refused(folder, arguments, error, message):
    with pytest.raises(error, match=message):
        generator().flow_from_directory(folder, seed=1, **arguments)


def test_a_subset_without_images(folder):
    with pytest.raises(ValueError, match=r"validation_split=0\.01 takes none of the 16 images"):
        generator(validation_split=0.01).flow_from_directory(folder, subset="validation")
