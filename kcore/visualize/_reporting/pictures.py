"""The parts of a report that consist of pictures, and the pictures in them."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore.visualize._arrays import as_pixels, as_real, channels_last
from kcore.visualize._feature_grid import fitted_grid
from kcore.visualize._mistakes import Mistake
from kcore.visualize._reporting.section import Section

__all__ = [
    "Picture",
    "Shown",
    "as_image",
    "feature_maps_section",
    "mistakes_section",
    "overlays_section",
]

_MAX_SIDE = 320
_GRID_WIDTH = 720
_MAX_CHANNELS = 64
_SMALL = 128


@dataclass(frozen=True)
class Picture:
    """A picture inside the page itself, as PNG.

    Attributes:
        data: the file, in base64.
        alt: what it shows, in words.
        width: in pixels of the page.
        height: in pixels of the page.
    """

    data: str
    alt: str
    width: int
    height: int

    @property
    def is_small(self) -> bool:
        """Whether its pixels should be visible as squares if it is enlarged."""
        return max(self.width, self.height) <= _SMALL

    @classmethod
    def of_png(cls, png: bytes, alt: str, pixel_ratio: int = 1) -> "Picture":
        """Take a PNG file as it is; several of its pixels may make one pixel of the page."""
        with Image.open(io.BytesIO(png)) as img:
            width, height = (side // pixel_ratio for side in img.size)
        return cls(base64.b64encode(png).decode("ascii"), alt, width, height)

    @classmethod
    def of_pixels(cls, pixels: npt.NDArray[np.uint8], alt: str) -> "Picture":
        """Encode `(height, width)` or `(height, width, channels)` with 1 or 3 channels, uint8."""
        gray = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels
        encoded = io.BytesIO()
        Image.fromarray(gray).save(encoded, format="PNG", optimize=True)
        return cls.of_png(encoded.getvalue(), alt)


@dataclass(frozen=True)
class Shown:
    """One picture of a list of mistakes.

    Attributes:
        mistake: the true and the predicted class.
        pixels: the image, as `Picture.of_pixels` takes it.
    """

    mistake: Mistake
    pixels: npt.NDArray[np.uint8]


def mistakes_section(shown: Sequence[Shown], class_names: Sequence[str], images: int) -> Section:
    """Show the mistakes, each with its true and its predicted class."""
    mistakes = [_mistake(one, class_names) for one in shown]
    content = {"shown": mistakes, "images": images}
    return Section("mistakes", "Worst mistakes", "mistakes.html", content)


def feature_maps_section(
    feature_maps: Mapping[str, npt.ArrayLike], data_format: str | None
) -> Section | None:
    """Show each layer's maps, leaving out outputs without height and width."""
    arrays = {name: np.asarray(values) for name, values in feature_maps.items()}
    for name, array in arrays.items():
        as_real(f"feature_maps[{name!r}]", array, "(height, width, channels)")
    layers = [
        _feature_map(name, array, data_format)
        for name, array in arrays.items()
        if array.ndim in (3, 4)
    ]
    if not layers:
        return None
    return Section("feature-maps", "Feature maps", "feature_maps.html", {"layers": layers})


def overlays_section(overlays: Mapping[str, npt.ArrayLike]) -> Section:
    """Show heat maps on the images that they explain."""
    pictures = [
        (caption, _overlay(caption, as_image(f"overlays[{caption!r}]", values)))
        for caption, values in overlays.items()
    ]
    content = {"pictures": pictures}
    return Section("class-activation", "Where the model looks", "overlays.html", content)


def as_image(name: str, values: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return one image as pixels, or say what is wrong with it."""
    pixels = as_pixels(name, values)
    if pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[-1] in (1, 3)):
        return pixels
    raise ValueError(
        f"{name} with shape {pixels.shape} must be (height, width) or (height, width, channels) "
        "with 1 or 3 channels."
    )


def _mistake(shown: Shown, class_names: Sequence[str]) -> dict[str, Any]:
    mistake = shown.mistake
    label, prediction = class_names[mistake.label], class_names[mistake.prediction]
    alt = f"Image {mistake.index}: {label}, taken for {prediction}"
    return {
        "picture": Picture.of_pixels(_thumbnail(shown.pixels), alt),
        "label": label,
        "prediction": prediction,
        "confidence": f"{mistake.confidence:.0%}",
        "index": mistake.index,
    }


def _overlay(caption: str, pixels: npt.NDArray[np.uint8]) -> Picture:
    return Picture.of_pixels(_thumbnail(pixels), f"Where the model looks: {caption}")


def _feature_map(name: str, values: npt.ArrayLike, data_format: str | None) -> dict[str, Any]:
    argument = f"feature_maps[{name!r}]"
    maps = channels_last(
        argument, as_real(argument, values, "(height, width, channels)"), data_format
    )
    height, width, channels = maps.shape
    shown = min(channels, _MAX_CHANNELS)
    grid = _thumbnail(fitted_grid(maps[..., :shown], _GRID_WIDTH), _GRID_WIDTH)
    count = (
        f"{channels} channels" if shown == channels else f"the first {shown} of {channels} channels"
    )
    described = f"{count}, {height}×{width} each"
    return {
        "name": name,
        "picture": Picture.of_pixels(grid, f"Feature maps of {name}: {described}"),
        "described": described,
    }


def _thumbnail(pixels: npt.NDArray[np.uint8], largest: int = _MAX_SIDE) -> npt.NDArray[np.uint8]:
    """Return a picture whose sides are at most `largest`."""
    if max(pixels.shape[:2]) <= largest:
        return pixels
    img = Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)
    img.thumbnail((largest, largest), Image.Resampling.BOX)
    return np.asarray(img)
