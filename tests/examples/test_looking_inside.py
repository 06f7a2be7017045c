"""The examples of feature maps and of explanations."""

import re

import numpy as np
from oracles.scripts import refusal, run
from PIL import Image


def test_feature_maps_of_the_course_have_its_shapes(tmp_path):
    output = run("feature_maps.py", "--train", "500", "--image", "3", "--output", tmp_path)
    shapes = [(1, 26, 26, 64), (1, 13, 13, 64), (1, 11, 11, 64), (1, 5, 5, 64)]
    for shape in shapes:
        assert str(shape) in output
    assert len(list(tmp_path.glob("*.png"))) == 5
    with Image.open(tmp_path / "conv_1.png") as picture:
        pixels = np.asarray(picture)
    scale = 96 // 26
    assert pixels.shape == (scale * 26 + 2, 16 * (scale * 26 + 2) - 2, 3)
    assert pixels.std() > 20


def test_feature_maps_names_an_image_that_is_not_there(tmp_path):
    error = refusal("feature_maps.py", "--image", 10**6, "--output", tmp_path, returncode=2)
    assert "'1000000' is not an integer from 0 to 1999" in error


def test_what_the_model_looks_at_is_the_object(tmp_path):
    output = run("explain.py", "--output", tmp_path)
    recognized = int(re.search(r"^(\d+)% of 256 test scenes", output, re.M)[1])
    assert recognized >= 80
    chance = float(re.search(r"([\d.]+)%  by chance", output)[1])
    shares = dict(re.findall(r"^  (\S.*\S) +([\d.]+)%$", output, re.M))
    assert len(shares) == 8
    for name, share in shares.items():
        assert float(share) > 2 * chance, name
    with Image.open(tmp_path / "maps.png") as picture:
        assert picture.width == 12 * 126 + 6
    assert (tmp_path / "ideals.png").is_file()
