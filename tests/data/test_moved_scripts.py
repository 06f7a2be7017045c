"""Scripts for `keras.utils.image_dataset_from_directory` move over by changing the import."""

import keras
import numpy as np
import pytest
from oracles.image_trees import write_tree
from PIL import Image

import kcore

KERAS_IMPORT = "from keras.utils import image_dataset_from_directory"
KCORE_IMPORT = "from kcore.data import from_directory as image_dataset_from_directory"

# As tutorials have it. `label_mode`, `directory` and `show` are set by the test.
SCRIPT = """
import keras
import numpy as np
from keras import layers
from keras.utils import image_dataset_from_directory

image_size, batch_size = (16, 12), 12
keras.utils.set_random_seed(3)
train = image_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode=label_mode,
    validation_split=0.25,
    subset="training",
    seed=123,
    image_size=image_size,
    batch_size=batch_size,
)
validation = image_dataset_from_directory(
    directory, "inferred", label_mode, validation_split=0.25, subset="validation", seed=123,
    image_size=image_size, batch_size=batch_size,
)
class_names = train.class_names
print("classes:", ", ".join(class_names))
for images, labels in train:
    show(images[0], class_names[int(np.ravel(labels)[0])])
    break

is_binary = label_mode == "binary"
model = keras.Sequential([
    layers.Input(shape=image_size + (3,)),
    layers.Rescaling(1.0 / 255),
    layers.Conv2D(8, 3, strides=2, activation="relu"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(1, activation="sigmoid") if is_binary else layers.Dense(len(class_names)),
])
model.compile(
    optimizer=keras.optimizers.Adam(0.1),
    loss="binary_crossentropy"
    if is_binary
    else keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
history = model.fit(train, validation_data=validation, epochs=8, verbose=0)
loss, accuracy = model.evaluate(validation, verbose=0)
predictions = model.predict(validation, verbose=0)
"""


@pytest.fixture(scope="module")
def colors(tmp_path_factory):
    """Classes that their colors tell apart."""
    root = tmp_path_factory.mktemp("colors")
    rng = np.random.default_rng(0)
    for name, color in {
        "blue": (40, 60, 200),
        "green": (40, 200, 60),
        "red": (200, 60, 40),
    }.items():
        (root / "three" / name).mkdir(parents=True)
        for number in range(16):
            pixels = np.asarray(color) + rng.integers(-30, 31, (30, 26, 3))
            for folder in ("three", "two") if name != "green" else ("three",):
                (root / folder / name).mkdir(parents=True, exist_ok=True)
                img = Image.fromarray(pixels.astype(np.uint8))
                img.save(root / folder / name / f"{number:02d}.png")
    return root


@pytest.mark.parametrize(("label_mode", "folder"), [("binary", "two"), ("int", "three")])
def test_a_script_runs_with_another_import(colors, label_mode, folder, capsys):
    assert KERAS_IMPORT in SCRIPT
    shown = []
    names = {
        "directory": str(colors / folder),
        "label_mode": label_mode,
        "show": lambda image, name: shown.append((np.asarray(image), name)),
    }
    exec(SCRIPT.replace(KERAS_IMPORT, KCORE_IMPORT), names)
    expected = ["blue", "red"] if label_mode == "binary" else ["blue", "green", "red"]
    assert list(names["class_names"]) == expected
    assert f"classes: {', '.join(expected)}\n" in capsys.readouterr().out
    ((image, name),) = shown
    channels = {"red": 0, "green": 1, "blue": 2}
    assert image.mean(axis=(0, 1)).argmax() == channels[name], "the label names the image's color"
    assert len(names["train"]) == len(expected)
    assert len(names["history"].history["val_loss"]) == 8
    assert names["accuracy"] == 1, "which labels of other images could not give"
    assert names["predictions"].shape == (4 * len(expected), 1 if label_mode == "binary" else 3)
    paths = [set(names[part].file_paths) for part in ("train", "validation")]
    assert not paths[0] & paths[1]
    assert paths[0] | paths[1] == set(map(str, (colors / folder).glob("*/*.png")))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Names whose order as texts is not that of their paths."""
    root = write_tree(tmp_path_factory.mktemp("tree"), {"b": 2, "a": 3}, height=30, width=40)
    write_tree(root / "a", {"z": 1, "z-z": 2}, height=30, width=40)
    write_tree(root / "a" / "z", {"y": 2}, height=30, width=40)
    return root


FORMAT = "tf" if keras.backend.backend() == "tensorflow" else "grain"
OPTIONS = {"shuffle": False, "verbose": False, "data_format": "channels_last", "batch_size": 4}


def both(tree, **options):
    """Keras's dataset and kcore's."""
    return (
        keras.utils.image_dataset_from_directory(tree, format=FORMAT, **OPTIONS, **options),
        kcore.data.from_directory(tree, **OPTIONS, **options),
    )


def joined(dataset, part):
    return np.concatenate([np.asarray(batch[part]) for batch in dataset])


@pytest.mark.parametrize("label_mode", ["int", "binary", "categorical"])
def test_files_classes_and_labels_are_those_of_keras(tree, label_mode):
    theirs, ours = both(tree, label_mode=label_mode, image_size=(4, 4))
    assert list(ours.class_names) == theirs.class_names == ["a", "b"]
    assert ours.file_paths == theirs.file_paths
    assert len(ours.file_paths) == 10
    labels = joined(ours, 1)
    np.testing.assert_array_equal(labels, joined(theirs, 1))
    assert labels.shape == ((10,) if label_mode == "int" else (10, 1 + (label_mode != "binary")))
    assert labels.dtype == ("int32" if label_mode == "int" else "float32")
    assert len(ours) == 3


def test_given_labels_are_those_of_keras(tree):
    given = [0, 1, 2, 1, 0, 2, 2, 1, 1, 0]
    theirs, ours = both(tree, labels=given, image_size=(4, 4))
    assert ours.file_paths == theirs.file_paths
    assert list(ours.class_names) == theirs.class_names == ["0", "1", "2"]
    assert joined(ours, 1).tolist() == joined(theirs, 1).tolist() == given
    array = kcore.data.from_directory(tree, np.array(given), **OPTIONS)
    assert joined(array, 1).tolist() == given


def test_no_labels_take_the_whole_tree_as_in_keras(tree, tmp_path):
    for label_mode in ("int", None):
        theirs, ours = both(tree, labels=None, label_mode=label_mode, image_size=(4, 4))
        assert ours.file_paths == theirs.file_paths
        assert ours.class_names == ()
        assert [batch.shape for batch in ours] == [(4, 4, 4, 3)] * 2 + [(2, 4, 4, 3)]


@pytest.mark.parametrize(
    ("image_size", "largest", "mean"),
    [
        ((30, 40), 0, 0),  # as they are
        ((57, 44), 1, 0.5),  # enlarged: rounding to integers
        ((15, 20), 3, 0.5),  # made smaller: Pillow averages, Keras takes single pixels
        ((13, 11), 6, 1),
    ],
)
def test_pixels_are_those_of_keras(tree, image_size, largest, mean):
    theirs, ours = (joined(dataset, 0) for dataset in both(tree, image_size=image_size))
    assert (theirs.dtype, ours.dtype) == ("float32", "uint8")
    assert theirs.shape == ours.shape == (10, *image_size, 3)
    difference = np.abs(theirs - ours)
    assert difference.max() <= largest + 1e-3
    assert difference.mean() <= mean


def test_a_layer_that_rescales_makes_the_same_of_uint8_and_float32(tree):
    theirs, ours = both(tree, image_size=(30, 40))
    inputs = keras.Input((30, 40, 3))
    model = keras.Model(inputs, keras.layers.Rescaling(1.0 / 255)(inputs))
    found = model.predict(ours, verbose=0)
    expected = np.concatenate([model.predict_on_batch(images) for images, _ in theirs])
    assert found.dtype == expected.dtype == np.float32
    np.testing.assert_array_equal(found, expected)
    bare = keras.Sequential([keras.layers.Rescaling(1.0 / 255)])  # built by its first batch
    np.testing.assert_array_equal(bare.predict(ours, verbose=0), expected)
    exact = joined(ours, 0) / np.float32(255)
    np.testing.assert_allclose(found, exact, rtol=1e-6)
