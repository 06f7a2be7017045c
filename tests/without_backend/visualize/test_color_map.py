"""The order of the colors is judged by CIELAB, which the map isn't made with."""

import numpy as np
import pytest

from kcore.visualize._color_map import ink_on_paper


def lightness(colors):
    """Return CIE L* of sRGB colors, from the definition."""
    encoded = colors / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(
        luminance > (6 / 29) ** 3,
        116 * np.cbrt(luminance) - 16,
        116 * (luminance * (29 / 6) ** 2 / 3 + 4 / 29) - 16,
    )


@pytest.mark.parametrize(("colors", "sign"), [(ink_on_paper, -1)])
def test_lightness_goes_one_way_in_even_steps(colors, sign):
    steps = sign * np.diff(lightness(colors(np.linspace(0, 1, 256))))
    coarse = steps[: 15 * 17].reshape(15, 17).sum(axis=1)
    assert coarse.min() > 0.5 * coarse.mean()
    assert coarse.max() < 1.6 * coarse.mean()
    assert steps.min() > -0.5, "rounding to 8 bits may cost half a step, but no more"


def test_zero_is_paper():
    assert ink_on_paper(np.array(0.0)).tolist() == [255, 255, 255]
    assert ink_on_paper(np.zeros((2, 3))).shape == (2, 3, 3)
