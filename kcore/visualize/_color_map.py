"""Colors for numbers, ordered as the eye orders them: more is lighter, or darker on paper."""

from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = ["ink_on_paper"]

_STEPS = 256

# From OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020).
_LAB_TO_CONES = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_CONES_TO_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)

Values = npt.NDArray[np.floating]
Colors = npt.NDArray[np.uint8]


def ink_on_paper(values: Values) -> Colors:
    """Turn 0..1 into white to dark blue, in even steps of lightness."""
    return _ink_table()[_positions(values)]


def _positions(values: Values) -> npt.NDArray[np.intp]:
    return np.rint(np.asarray(values) * (_STEPS - 1)).astype(np.intp)


@cache
def _ink_table() -> Colors:
    ramp = np.linspace(0, 1, _STEPS)
    return _colors(lightness=1 - 0.62 * ramp, chroma=0.2 * ramp, hue=np.full(_STEPS, 258.0))


def _colors(lightness: Values, chroma: Values, hue: Values) -> Colors:
    """Return sRGB colors of these lightnesses and hues, as vivid as `chroma` and sRGB allow."""
    shares = np.linspace(1, 0, 201)[:, np.newaxis]
    linear = _linear_rgb(lightness, shares * chroma, np.deg2rad(hue))
    fits = np.all((linear >= -1e-4) & (linear <= 1 + 1e-4), axis=-1)
    most_vivid = fits.argmax(axis=0)
    chosen = linear[most_vivid, np.arange(len(lightness))].clip(0, 1)
    encoded = np.where(chosen <= 0.0031308, 12.92 * chosen, 1.055 * chosen ** (1 / 2.4) - 0.055)
    return np.rint(encoded * 255).astype(np.uint8)


def _linear_rgb(lightness: Values, chroma: Values, hue: Values) -> Values:
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    lab = np.stack([np.broadcast_to(lightness, a.shape), a, b], axis=-1)
    cones: Values = (lab @ _LAB_TO_CONES.T) ** 3
    return cones @ _CONES_TO_LINEAR.T
