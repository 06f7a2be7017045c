"""The examples of feature maps and of explanations."""

import re

import numpy as np
import pytest
from oracles.scripts import refusal, run, run_offline
from PIL import Image

import kcore


def test_feature_maps_of_the_course_have_its_shapes(tmp_path):
    output = run("feature_maps.py", "--train", "500", "--image", "3", "--output", tmp_path)
    shapes = [(1, 26, 26, 64), (1, 13, 13, 64), (1, 11, 11, 64), (1, 5, 5, 64)]
    for shape in shapes:
        assert str(shape) in output
    assert {path.name for path in tmp_path.iterdir()} == {"feature_maps.png", "filters.png"}
    with Image.open(tmp_path / "feature_maps.png") as picture:
        pixels = np.asarray(picture)
    tile, margin, line = 430, 6, 16
    assert pixels.shape == (tile + line + 2 * margin, 5 * (tile + margin) + margin, 3)
    _, (x_test, _) = kcore.datasets.fashion_mnist.load_data()
    shown = pixels[margin : margin + 420 : 15, margin : margin + 420 : 15]
    np.testing.assert_array_equal(shown, np.repeat(x_test[3][..., None], 3, axis=-1))
    # All 64 channels of each layer, as a grid of 8 by 8 that fills at least most of its tile.
    for column, (size, scale) in enumerate([(26, 2), (13, 4), (11, 4), (5, 10)], start=1):
        left = margin + column * (tile + margin)
        for row, below in ((0, 0), (7, 1)):
            top = margin + row * (size * scale + 2)
            one = pixels[top : top + size * scale, left + 7 * (size * scale + 2) :]
            one = one[:, : size * scale]
            assert one.shape == (size * scale, size * scale, 3)
            assert (one != 255).any(axis=-1).all(), (column, below)


@pytest.mark.slow
def test_feature_maps_says_in_the_end_that_its_data_was_synthetic(tmp_path):
    output = run_offline(
        "feature_maps.py", "--train", "64", "--output", tmp_path / "out", home=tmp_path / "home"
    )
    assert "for ball, ring, star\n" in output
    assert "*** SYNTHETIC DATA" in output[output.index("filters.png") :]


def test_feature_maps_names_an_image_that_is_not_there(tmp_path):
    error = refusal("feature_maps.py", "--image", 10**6, "--output", tmp_path, returncode=2)
    assert "'1000000' is not an integer from 0 to 1999" in error


@pytest.mark.slow
def test_what_the_model_looks_at_is_the_object(tmp_path):
    output = run("explain.py", "--output", tmp_path)
    recognized = int(re.search(r"^(\d+)% of 256 test scenes", output, re.M)[1])
    assert recognized >= 80
    chance = float(re.search(r"([\d.]+)%  by chance", output)[1])
    shares = dict(re.findall(r"^  (\S.*\S) +([\d.]+)%$", output, re.M))
    assert len(shares) == 8
    for name, share in shares.items():
        assert float(share) > 2 * chance, name
    assert [path.name for path in tmp_path.iterdir()] == ["maps.png"]
    with Image.open(tmp_path / "maps.png") as picture:
        pixels = np.asarray(picture)
    tile, margin, line = 144, 6, 16
    cell_height = tile + margin + line
    assert pixels.shape == (4 * cell_height + margin, 9 * (tile + margin) + margin, 3)
    for row in range(4):  # each map is on the image at the left of its row
        top = margin + row * cell_height
        tiles = [
            pixels[top : top + tile, margin + n * (tile + margin) :][:, :tile] for n in range(9)
        ]
        likeness = [np.corrcoef(tiles[0].ravel(), one.ravel())[0, 1] for one in tiles[1:]]
        assert min(likeness) > 0.3
