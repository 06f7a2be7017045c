from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from kcore.visualize import feature_grid
from kcore.visualize._frames import encoded_film, encoded_picture, frame_of


def maps(seed=0):
    generator = np.random.default_rng(seed)
    return {
        "conv": generator.normal(size=(1, 10, 10, 4)),
        "dense": np.zeros((1, 10)),
        "wide": generator.normal(size=(1, 300, 300, 16)),
    }


OPTIONS = {"max_channels": 64, "cmap": "viridis", "data_format": "channels_last"}


def frame(seed=0, title="epoch 1", **options):
    return frame_of(maps(seed), title, **OPTIONS | options)


def test_all_frames_have_one_size():
    assert frame(0).size == frame(1).size
    assert frame(0).width == 660


def test_small_maps_are_enlarged_by_integers():
    values = np.array([[-1.0, 1.0], [1.0, -1.0]]).reshape(1, 2, 2, 1)
    drawn = frame_of({"small": values}, "", **OPTIONS | {"cmap": "gray"})
    assert drawn.mode == "L"
    shown = np.asarray(drawn)[-10 - 96 : -10, 10 : 10 + 96]
    np.testing.assert_array_equal(shown, np.kron([[64, 192], [192, 64]], np.ones((48, 48))))


def test_maps_are_drawn_as_feature_grid_does():
    values = maps()["conv"]
    grid = np.asarray(feature_grid(values, scale=9, cmap="inferno", data_format="channels_last"))
    drawn = frame_of({"conv": values}, "", **OPTIONS | {"cmap": "inferno"})
    assert drawn.mode == "RGB"
    height, width, _ = grid.shape
    np.testing.assert_array_equal(np.asarray(drawn)[-10 - height : -10, 10 : 10 + width], grid)


def test_the_channels_that_are_shown_are_limited():
    assert frame(max_channels=1).height < frame().height


def test_channels_first():
    first = {"conv": np.moveaxis(maps()["conv"], -1, 1)}
    drawn = frame_of(first, "", **OPTIONS | {"data_format": "channels_first"})
    assert drawn == frame_of({"conv": maps()["conv"]}, "", **OPTIONS)


def test_layers_without_maps_are_named():
    with pytest.raises(ValueError, match=r"\(flatten, dense\) return nothing with a height"):
        frame_of({"flatten": np.zeros((1, 9)), "dense": np.zeros((1, 2))}, "", **OPTIONS)


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_a_film_holds_the_frames(suffix):
    frames = [frame(seed, f"epoch {seed}") for seed in range(3)]
    film = Image.open(BytesIO(encoded_film(frames, suffix, "viridis")))
    assert film.n_frames == 3
    for index, wanted in enumerate(frames):
        film.seek(index)
        shown = np.asarray(film.convert("RGB")).astype(int)
        # A GIF has 256 colors.
        assert np.abs(shown - np.asarray(wanted)).max() <= (16 if suffix == ".gif" else 0)


def test_a_film_of_one_frame():
    film = Image.open(BytesIO(encoded_film([frame()], ".gif", "viridis")))
    assert getattr(film, "n_frames", 1) == 1


def test_a_picture_is_a_png():
    img = Image.open(BytesIO(encoded_picture(frame())))
    assert img.format == "PNG"
    np.testing.assert_array_equal(np.asarray(img), np.asarray(frame()))
