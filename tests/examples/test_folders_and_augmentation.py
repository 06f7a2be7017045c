"""The examples of augmentation and of training from a folder of images."""

import re

import numpy as np
import pytest
from oracles.scripts import refusal, run
from PIL import Image

import kcore


@pytest.mark.slow
def test_augmentation_closes_the_gap_that_a_small_folder_leaves(tmp_path):
    output = run("train_from_directory.py", "--output", tmp_path)
    assert "200 images, 2 classes" in output
    headings = re.findall(r"^(.+)\n-+$", output, re.M)
    runs = ["Training without augmentation", "Training with augmentation"]
    assert headings == [*runs, "Accuracy after the last epoch"]
    results = re.findall(
        r"^with(?:out)? augmentation .* validation (\S+): (\w+) 0.90$", output, re.M
    )
    (plain, misses), (augmented, reaches) = results
    assert (misses, reaches) == ("misses", "reaches")
    assert float(augmented) - float(plain) > 0.03
    names = {path.name for path in tmp_path.iterdir()}
    curves = {"curves_with_augmentation.png", "curves_without_augmentation.png"}
    assert names == {"images", "model.keras", "batch.png", *curves}


@pytest.mark.parametrize(
    ("arguments", "returncode", "message"),
    [
        (("--images", "gone"), 2, "there is no folder gone"),
        (("--image-size", "8"), 2, "'8' is not an integer from 16 to 1024"),
        (("--epochs", "0"), 2, "'0' is not an integer from 1"),
    ],
)
def test_train_from_directory_refuses_wrong_options(arguments, returncode, message):
    assert message in refusal("train_from_directory.py", *arguments, returncode=returncode)


def test_train_from_directory_names_a_folder_without_images(tmp_path):
    for split in ("train", "validation"):
        (tmp_path / split / "cat").mkdir(parents=True)
    arguments = ("--images", tmp_path, "--output", tmp_path / "out")
    error = refusal("train_from_directory.py", *arguments, returncode=1)
    assert "There is no image file" in error


def test_the_gallery_shows_what_was_drawn_for_a_file(tmp_path):
    image = kcore.datasets.scenes.scene(4).image
    kcore.images.save_img(tmp_path / "scene.png", image, scale=False)
    arguments = (tmp_path / "scene.png", "--draws", 3, "--seed", 5, "--output", tmp_path / "out")
    output = run("augmentation_gallery.py", *arguments)
    panels = ["shear", "zoom", "flip", "rotation", "shift", "recipe", "shear_in_degrees"]
    assert re.findall(r"(\w+)\.png$", output, re.M) == panels
    assert re.search(r"1: rotated -?\d+°, shifted", output)
    recipe = kcore.augment.Recipe(horizontal_flip=True, data_format="channels_last")
    flipped, parameters = kcore.augment.variations(image, recipe, count=3, seed=5)
    words = [text or "unchanged" for text in kcore.augment.captions(parameters)]
    images = np.concatenate([image[None], flipped])
    with Image.open(tmp_path / "out" / "flip.png") as picture:
        expected = kcore.visualize.gallery(
            images, captions=["original", *words], columns=4, tile_size=192
        )
        np.testing.assert_array_equal(np.asarray(picture), expected)


def test_the_gallery_names_a_file_that_is_no_image(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    error = refusal("augmentation_gallery.py", tmp_path / "text.png", returncode=1)
    assert "text.png" in error
