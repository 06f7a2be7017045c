import subprocess
import sys

import matplotlib
import numpy as np
import pytest

from kcore.visualize._color_maps import color_table, is_gray, is_identity


@pytest.mark.parametrize("cmap", ["viridis", "inferno", "cividis"])
def test_the_colors_are_those_that_matplotlib_lists(cmap):
    table = color_table(cmap)
    assert table.dtype == np.uint8
    assert np.abs(table - 255 * np.array(matplotlib.colormaps[cmap].colors)).max() <= 0.5
    assert not is_gray(table)


def test_gray_leaves_shades_as_they_are():
    assert color_table("gray").tolist() == [[shade] * 3 for shade in range(256)]
    assert is_identity(color_table("gray"))
    assert is_gray(color_table("gray_r"))
    assert not is_identity(color_table("gray_r"))


def test_a_map_of_few_colors_is_spread_over_all_numbers():
    table = color_table("tab10")
    assert len(np.unique(table, axis=0)) == 10
    assert table[0].tolist() == [31, 119, 180]
    assert table[-1].tolist() == [23, 190, 207]


def test_a_map_itself_is_as_good_as_its_name():
    for cmap in ("viridis", "tab10"):
        np.testing.assert_array_equal(color_table(matplotlib.colormaps[cmap]), color_table(cmap))


def test_a_map_that_the_user_registers_is_found():
    colors = matplotlib.colors.ListedColormap(["#102030", "#405060"], "two of mine")
    matplotlib.colormaps.register(colors)
    try:
        assert np.unique(color_table("two of mine"), axis=0).tolist() == [
            [16, 32, 48],
            [64, 80, 96],
        ]
    finally:
        matplotlib.colormaps.unregister("two of mine")


@pytest.mark.parametrize(
    ("cmap", "near"),
    [
        ("Inferno", "'inferno', 'inferno_r'"),
        ("", "'viridis', 'inferno', 'magma'"),
        (3, "'viridis'"),
    ],
)
def test_other_names_are_refused_with_near_ones(cmap, near):
    with pytest.raises(
        ValueError, match=f"cmap={cmap!r} is not a color map of matplotlib: .* {near}"
    ):
        color_table(cmap)


CODE = """
import sys
import matplotlib
import numpy as np
from kcore import visualize

settings = matplotlib.rcParams.copy()
visualize.feature_grid(np.ones((4, 4, 2)), data_format="channels_last")
visualize.overlay(np.zeros((4, 4)), np.ones((2, 2)))
visualize.gallery(np.zeros((1, 8, 8)), [0], class_names=["\u732b"])
assert matplotlib.rcParams.copy() == settings
print("matplotlib.pyplot" in sys.modules)
"""


def test_no_backend_of_matplotlib_is_touched():
    command = [sys.executable, "-W", "ignore", "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
