"""The feature maps of several layers below each other, as one frame of a film."""

from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from kcore.visualize._arrays import as_real, channels_last
from kcore.visualize._feature_grid import fitted_grid
from kcore.visualize._lettering import drawable, fitted, font_of, shorten

__all__ = ["FILM_FORMATS", "encoded_film", "encoded_picture", "frame_of"]

# Suffix -> Pillow's name of a format that can hold several pictures.
FILM_FORMATS = {".gif": "GIF", ".png": "PNG", ".webp": "WEBP"}

_WIDTH = 640
_NAME_WIDTH = 400  # what follows a name takes the rest
_MARGIN = 10
_LINE = 22
_FONT_SIZE = 14
_MILLISECONDS = 600
_LAST_MILLISECONDS = 2400
_PAPER, _INK = 255, 32


def frame_of(
    maps: Mapping[str, npt.ArrayLike], title: str, max_channels: int, data_format: str | None
) -> Image.Image:
    """Draw the maps of each layer that has a height and a width, with its name above.

    Args:
        maps: name -> `(1, height, width, channels)`; outputs with fewer axes are left out.
        title: what stands above all.
        max_channels: show the first so many channels of each layer.
        data_format: as `feature_grid` takes it.

    Returns:
        A gray picture, whose size depends on the shapes alone.

    Raises:
        ValueError: if there is nothing to show.
    """
    shown = [name for name, values in maps.items() if np.ndim(values) in (3, 4)]
    names = fitted(shown, font_of(_FONT_SIZE), _NAME_WIDTH)
    blocks = [
        _block(name, maps[key], max_channels, data_format)
        for key, name in zip(shown, names, strict=True)
    ]
    if not blocks:
        raise ValueError(
            f"The chosen layers ({', '.join(maps)}) return nothing with a height and a width: "
            "choose convolutions or pools."
        )
    height = _MARGIN + _LINE + sum(block.height + _MARGIN for block in blocks)
    frame = Image.new("L", (_WIDTH + 2 * _MARGIN, height), _PAPER)
    _write(frame, title, (_MARGIN, _MARGIN))
    top = _MARGIN + _LINE
    for block in blocks:
        frame.paste(block, (_MARGIN, top))
        top += block.height + _MARGIN
    return frame


def encoded_picture(frame: Image.Image) -> bytes:
    """Return a frame as a PNG file."""
    encoded = BytesIO()
    frame.save(encoded, format="PNG")
    return encoded.getvalue()


def encoded_film(frames: Sequence[Image.Image], suffix: str) -> bytes:
    """Return frames as a file in the format of `suffix`, which repeats and rests at its end."""
    encoded = BytesIO()
    durations = [_MILLISECONDS] * (len(frames) - 1) + [_LAST_MILLISECONDS]
    options = {"lossless": True} if suffix == ".webp" else {}
    frames[0].save(
        encoded,
        format=FILM_FORMATS[suffix],
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
        **options,
    )
    return encoded.getvalue()


def _block(
    name: str, values: npt.ArrayLike, max_channels: int, data_format: str | None
) -> Image.Image:
    array = as_real(name, values, "(1, height, width, channels)")
    maps = channels_last(name, array, data_format)
    height, width, channels = maps.shape
    shown = min(channels, max_channels)
    grid = fitted_grid(maps[..., :shown], _WIDTH)
    count = f"{shown} channels" if shown == channels else f"{shown} of {channels} channels"
    fitted = _reduced(Image.fromarray(grid))
    block = Image.new("L", (_WIDTH, _LINE + fitted.height), _PAPER)
    _write(block, f"{name}: {count}, {height} x {width} each", (0, 0))
    block.paste(fitted, (0, _LINE))
    return block


def _reduced(grid: Image.Image) -> Image.Image:
    """Reduce large maps to the frame's width."""
    if grid.width <= _WIDTH:
        return grid
    height = max(1, round(grid.height * _WIDTH / grid.width))
    return grid.resize((_WIDTH, height), Image.Resampling.BOX)


def _write(img: Image.Image, text: str, position: tuple[int, int]) -> None:
    font = font_of(_FONT_SIZE)
    shown = shorten(drawable(text), font, _WIDTH)
    ImageDraw.Draw(img).text(position, shown, fill=_INK, font=font)
