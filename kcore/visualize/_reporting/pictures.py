"""Pictures inside of a report, and the parts that are made of them."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore.visualize._arrays import as_pixels, as_real, channels_last
from kcore.visualize._feature_grid import fitted_grid
from kcore.visualize._mistakes import Mistake
from kcore.visualize._reporting.html import Html, element, join
from kcore.visualize._reporting.section import Section

__all__ = [
    "Shown",
    "feature_maps_section",
    "mistakes_section",
    "overlays_section",
    "picture",
]

_MAX_SIDE = 320
_GRID_WIDTH = 720
_MAX_CHANNELS = 64
_SMALL = 128


def picture(pixels: npt.NDArray[np.uint8], alt: str) -> Html:
    """Put a picture into the page itself, as PNG.

    Args:
        pixels: `(height, width)` or `(height, width, channels)` with 1 or 3 channels, uint8.
        alt: what it shows, in words.
    """
    gray = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels
    img = Image.fromarray(gray)
    encoded = io.BytesIO()
    img.save(encoded, format="PNG", optimize=True)
    return element(
        "img",
        src=f"data:image/png;base64,{base64.b64encode(encoded.getvalue()).decode()}",
        alt=alt,
        width=img.width,
        height=img.height,
        class_="pixels" if max(img.size) <= _SMALL else None,
    )


@dataclass(frozen=True)
class Shown:
    """One picture of a list of mistakes.

    Attributes:
        mistake: what was taken for what.
        pixels: the image, as `picture` takes it.
    """

    mistake: Mistake
    pixels: npt.NDArray[np.uint8]


def mistakes_section(shown: Sequence[Shown], class_names: Sequence[str], images: int) -> Section:
    """Show the mistakes, with what each image is and what it was taken for."""
    if not shown:
        content = element("p", f"All {images:,} images are classified correctly.")
        return Section("mistakes", "Worst mistakes", content)
    explained = element(
        "p", "The wrong predictions of the greatest confidence, worst first.", class_="faint"
    )
    figures = [_mistake(one, class_names) for one in shown]
    pictures = element("div", *figures, class_="pictures")
    return Section("mistakes", "Worst mistakes", join([explained, pictures]))


def feature_maps_section(
    feature_maps: Mapping[str, npt.ArrayLike], data_format: str | None
) -> Section | None:
    """Show each layer's maps; what has no height and width is left out."""
    arrays = {name: np.asarray(values) for name, values in feature_maps.items()}
    for name, array in arrays.items():
        as_real(f"feature_maps[{name!r}]", array, "(height, width, channels)")
    figures = [
        _feature_map(name, array, data_format)
        for name, array in arrays.items()
        if array.ndim in (3, 4)
    ]
    if not figures:
        return None
    explained = element(
        "p",
        "What each layer makes of one image: a tile for each channel, in which mid-gray is the "
        "channel's mean, and black and white lie two standard deviations off.",
        class_="faint",
    )
    content = join([explained, element("div", *figures, class_="maps")])
    return Section("feature-maps", "Feature maps", content)


def overlays_section(overlays: Mapping[str, npt.ArrayLike]) -> Section:
    """Show where a model looked."""
    figures = []
    for name, values in overlays.items():
        pixels = _thumbnail(as_image(f"overlays[{name!r}]", values))
        shown = picture(pixels, f"Where the model looks: {name}")
        figures.append(element("figure", shown, element("figcaption", element("bdi", name))))
    explained = element(
        "p",
        "Color shows where the score of the class comes from: from violet over red to yellow, "
        "yellow is most.",
        class_="faint",
    )
    content = join([explained, element("div", *figures, class_="pictures large")])
    return Section("class-activation", "Where the model looks", content)


def as_image(name: str, values: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return one image as pixels, or say what is wrong with it."""
    pixels = as_pixels(name, values)
    if pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[-1] in (1, 3)):
        return pixels
    raise ValueError(
        f"{name} with shape {pixels.shape} must be (height, width) or (height, width, channels) "
        "with 1 or 3 channels."
    )


def _mistake(shown: Shown, class_names: Sequence[str]) -> Html:
    mistake = shown.mistake
    label, prediction = class_names[mistake.label], class_names[mistake.prediction]
    caption = element(
        "figcaption",
        element("bdi", label),
        element(
            "span",
            " taken for ",
            element("bdi", prediction),
            f" ({mistake.confidence:.0%})",
            class_="wrong",
        ),
        element("br"),
        element("span", f"image {mistake.index}", class_="faint"),
    )
    alt = f"Image {mistake.index}: {label}, taken for {prediction}"
    return element("figure", picture(_thumbnail(shown.pixels), alt), caption)


def _feature_map(name: str, values: npt.ArrayLike, data_format: str | None) -> Html:
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
    return element(
        "figure",
        element("h3", element("bdi", name)),
        picture(grid, f"Feature maps of {name}: {described}"),
        element("figcaption", described, class_="faint"),
    )


def _thumbnail(pixels: npt.NDArray[np.uint8], largest: int = _MAX_SIDE) -> npt.NDArray[np.uint8]:
    """Return a picture whose sides are at most `largest`."""
    if max(pixels.shape[:2]) <= largest:
        return pixels
    img = Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)
    img.thumbnail((largest, largest), Image.Resampling.BOX)
    return np.asarray(img)
