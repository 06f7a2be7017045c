import base64
import dataclasses
import io
import re
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from kcore.datasets import _default as default
from kcore.datasets import fashion_mnist, load, scenes
from kcore.datasets._errors import (
    CorruptFileError,
    DatasetNotFoundError,
    MissingFilesError,
    SyntheticDataWarning,
)


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """Make Fashion-MNIST unreachable, and the scenes that replace it few."""
    monkeypatch.delenv("KCORE_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(fashion_mnist, "DEBIAN_DIRECTORY", tmp_path / "debian")
    monkeypatch.setattr(fashion_mnist, "BASE_URL", "http://no-such-host.invalid/")
    monkeypatch.setattr(default, "SYNTHETIC_TRAIN", 30)
    monkeypatch.setattr(default, "SYNTHETIC_TEST", 20)
    return tmp_path


def test_it_is_fashion_mnist_if_that_is_found():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = load()
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    assert dataset.name == "Fashion-MNIST"
    assert dataset.class_names == fashion_mnist.CLASS_NAMES
    assert dataset.note == ""
    np.testing.assert_array_equal(dataset.x_train, x_train)
    np.testing.assert_array_equal(dataset.y_train, y_train)
    np.testing.assert_array_equal(dataset.x_test, x_test)
    np.testing.assert_array_equal(dataset.y_test, y_test)


def test_a_warning_says_that_scenes_replace_it(offline):
    with pytest.warns(SyntheticDataWarning) as caught:
        load()
    assert len(caught) == 1
    assert caught[0].filename == __file__
    message = str(caught[0].message)
    assert message.startswith("Fashion-MNIST was not found. Tried, in this order:\n")
    for tried in (f"{offline / 'keras'}", f"{offline / 'debian'}", "http://no-such-host.invalid/"):
        assert tried in message
    for remedy in ("apt-get install dataset-fashion-mnist", "KCORE_DATA_DIR", "path="):
        assert remedy in message
    assert message.endswith(
        "\nUntil then, 30 training and 20 test images of drawn scenes replace it: SYNTHETIC DATA "
        "with other classes. Results on them say nothing about Fashion-MNIST."
    )


def test_the_scenes_have_the_shapes_and_types_of_fashion_mnist(offline):
    with pytest.warns(SyntheticDataWarning):
        dataset = load()
    assert dataset.name == "scenes"
    assert dataset.class_names == scenes.CLASS_NAMES
    assert dataset.x_train.shape == (30, 28, 28)
    assert dataset.x_test.shape == (20, 28, 28)
    assert np.bincount(dataset.y_train).tolist() == [3] * 10
    assert np.bincount(dataset.y_test).tolist() == [2] * 10
    arrays = (dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test)
    assert {array.dtype for array in arrays} == {np.dtype(np.uint8)}


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_scenes_are_posed_and_gray_with_light_objects(offline, split):
    dataset = load("scenes")
    images, labels = getattr(dataset, f"x_{split}"), getattr(dataset, f"y_{split}")
    inverted = 0
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        parameters = scenes.draw_parameters(index, split=split)
        posed = dataclasses.replace(
            parameters,
            size=0.6 + 0.4 * parameters.size,
            rotation=0.3 * parameters.rotation,
            mirrored=False,
            clutter=parameters.clutter[:3],
        )
        # Pillow rounds its luma down in fixed point, so it may differ by one level.
        picture = Image.fromarray(scenes.paint(posed, (28, 28)).image).convert("L")
        colors = [parameters.object_color, *parameters.background_colors]
        thing, *around = (
            Image.new("RGB", (1, 1), color).convert("L").getpixel((0, 0)) for color in colors
        )
        is_dark = thing < np.mean(around)
        inverted += is_dark
        gray = np.asarray(picture).astype(int)
        np.testing.assert_allclose(image, 255 - gray if is_dark else gray, atol=1)
        assert label == parameters.label
    assert 0 < inverted < len(images)


def test_objects_are_lighter_than_the_edges_of_their_images(offline):
    dataset = load("scenes")
    # All classes but the ring and the crescent fill the middle of their images.
    filled = dataset.x_train[~np.isin(dataset.y_train, [1, 5])].astype(float)
    middle = filled[:, 10:18, 10:18].mean(axis=(1, 2))
    corners = filled[:, [0, 0, -1, -1], [0, -1, 0, -1]].mean(axis=1)
    assert (middle > corners + 10).mean() > 0.9


def test_the_note_says_what_was_drawn_and_how_to_get_the_real_images(offline):
    note = "SYNTHETIC DATA: the images are drawn scenes, and results on them say nothing about "
    assert load("scenes").note == f"{note}Fashion-MNIST."
    with pytest.warns(SyntheticDataWarning):
        replaced = load().note
    assert replaced.startswith(f"{note}Fashion-MNIST. To get the real images, ")
    for remedy in ("network", "apt-get install dataset-fashion-mnist", "KCORE_DATA_DIR"):
        assert remedy in replaced


def test_there_are_as_many_scenes_as_documented():
    assert (default.SYNTHETIC_TRAIN, default.SYNTHETIC_TEST) == (12_000, 2_000)


def test_damaged_data_is_not_replaced(offline):
    directory = offline / "debian"
    directory.mkdir()
    for file in fashion_mnist.FILES:
        (directory / f"{file.name}.gz").write_bytes(b"damaged")
    with pytest.raises(CorruptFileError):
        load()
    (directory / f"{file.name}.gz").unlink()
    with pytest.raises(MissingFilesError):
        load()


def test_scenes_that_were_asked_for_give_no_warning(offline):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = load("scenes")
    assert dataset.name == "scenes"
    assert len(dataset.x_train) == 30


def test_fashion_mnist_that_was_asked_for_is_not_replaced(offline):
    with pytest.raises(DatasetNotFoundError, match="was not found"):
        load("fashion-mnist")


def test_only_the_given_directory_is_searched(offline):
    with pytest.raises(MissingFilesError, match="lacks train-images"):
        load(offline)


@pytest.mark.parametrize("source", ["fashion_mnist", "nowhere"])
def test_an_unknown_source_is_named(source):
    with pytest.raises(ValueError, match=f"source='{source}' is not a directory; give"):
        load(source)


def test_a_repr_counts_the_images_and_shows_none(offline):
    assert repr(load("scenes")) == (
        "<ImageDataset 'scenes': 30 training images, 20 test images, 28×28 pixels, 10 classes>"
    )


def test_a_notebook_shows_the_first_training_image_of_each_class(offline):
    dataset = load("scenes")
    found = ElementTree.fromstring(re.sub(r"(<img [^>]*)>", r"\1/>", dataset._repr_html_()))
    texts = [text for text in found.itertext() if text.strip()]
    assert texts[:5] == ["scenes", "training images", "30", "test images", "20"]
    pictures = list(found.iter("img"))
    assert [picture.get("alt") for picture in pictures] == list(scenes.CLASS_NAMES)
    for label, picture in enumerate(pictures):
        data = base64.b64decode(picture.get("src").removeprefix("data:image/png;base64,"))
        shown = np.asarray(Image.open(io.BytesIO(data)))
        first = np.flatnonzero(dataset.y_train == label)[0]
        np.testing.assert_array_equal(shown, dataset.x_train[first])
