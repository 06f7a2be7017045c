"""Draw the feature maps of several layers below each other, as one frame of a film."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor

from kcore.visualize._arrays import as_real, channels_last
from kcore.visualize._color_maps import color_table
from kcore.visualize._feature_grid import fitted_grid
from kcore.visualize._lettering import Lettering
from kcore.visualize._tiles import picture_of

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

__all__ = ["FILM_FORMATS", "decoded_picture", "encoded_film", "encoded_picture", "frame_of"]

# Suffix -> Pillow's name of a format that can hold several pictures.
FILM_FORMATS = {".gif": "GIF", ".png": "PNG", ".webp": "WEBP"}

_WIDTH = 640
_NAME_WIDTH = 400  # the text after a name takes the rest
_MARGIN = 10
_LINE = 22
_FONT_SIZE = 14
_LETTER_COLORS = 24
_MILLISECONDS = 600
_LAST_MILLISECONDS = 2400
_PAPER, _INK = "#ffffff", "#202020"


def frame_of(
    maps: Mapping[str, npt.ArrayLike],
    title: str,
    *,
    max_channels: int,
    cmap: "str | Colormap",
    data_format: str | None,
) -> Image.Image:
    """Draw the maps of each layer that has a height and a width, with its name above.

    Args:
        maps: name -> `(1, height, width, channels)`; outputs with fewer axes are left out.
        title: text above all maps.
        max_channels: how many channels of each layer to show, starting with the first.
        cmap: a matplotlib color map or its name.
        data_format: "channels_last", "channels_first", or None for Keras's default.

    Returns:
        A picture whose size depends only on the shapes: "RGB", or "L" if the color map is gray.

    Raises:
        ValueError: if there is nothing to show.
    """
    shown = [name for name, values in maps.items() if np.ndim(values) in (3, 4)]
    if not shown:
        raise ValueError(
            f"The chosen layers ({', '.join(maps)}) return nothing with a height and a width: "
            "choose convolution or pooling layers."
        )
    lettering = Lettering([title, *shown], _FONT_SIZE)
    names = lettering.fitted(shown, _NAME_WIDTH)
    blocks = [
        _block(name, _maps(key, maps[key], data_format), max_channels, cmap, lettering)
        for key, name in zip(shown, names, strict=True)
    ]
    height = _MARGIN + _LINE + sum(block.height + _MARGIN for block in blocks)
    frame = Image.new(blocks[0].mode, (_WIDTH + 2 * _MARGIN, height), _PAPER)
    title = lettering.shorten(lettering.drawable(title), _WIDTH)
    lettering.write(frame, title, (_MARGIN, _MARGIN), _INK)
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


def decoded_picture(data: bytes) -> Image.Image:
    """Return the frame that `encoded_picture` has written."""
    frame = Image.open(BytesIO(data))
    frame.load()
    return frame


def encoded_film(frames: Sequence[Image.Image], suffix: str, cmap: "str | Colormap") -> bytes:
    """Return frames as a file in the format of `suffix`, which repeats, with a pause at its end.

    Args:
        frames: pictures that `frame_of` drew.
        suffix: a key of `FILM_FORMATS`.
        cmap: the color map that they were drawn with, or its name.
    """
    encoded = BytesIO()
    durations = [_MILLISECONDS] * (len(frames) - 1) + [_LAST_MILLISECONDS]
    options = {"lossless": True} if suffix == ".webp" else {}
    if suffix == ".gif" and frames[0].mode == "RGB":
        palette = _palette(cmap)
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
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


def _palette(cmap: "str | Colormap") -> Image.Image:
    """Return the 256 colors of a GIF: most for the maps, some for the edges of letters.

    By default, Pillow would choose other colors for each frame, and the film would flicker.
    """
    table = color_table(cmap)
    kept = np.linspace(0, len(table) - 1, len(table) - _LETTER_COLORS).round().astype(np.intp)
    low, high = (ImageColor.getrgb(color)[0] for color in (_INK, _PAPER))
    grays = np.linspace(low, high, _LETTER_COLORS - 1).round()
    colors = [*table[kept], *([gray] * 3 for gray in grays), [0] * 3]  # black for NaN
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.array(colors, np.uint8).tobytes())
    return palette


def _maps(name: str, values: npt.ArrayLike, data_format: str | None) -> npt.NDArray[np.floating]:
    return channels_last(name, as_real(name, values, "(1, height, width, channels)"), data_format)


def _block(
    name: str,
    maps: npt.NDArray[np.floating],
    max_channels: int,
    cmap: "str | Colormap",
    lettering: Lettering,
) -> Image.Image:
    height, width, channels = maps.shape
    shown = min(channels, max_channels)
    grid = _reduced(picture_of(fitted_grid(maps[..., :shown], _WIDTH, cmap)))
    count = f"{shown} channels" if shown == channels else f"{shown} of {channels} channels"
    text = lettering.shorten(f"{name}: {count}, {height} x {width} each", _WIDTH)
    block = Image.new(grid.mode, (_WIDTH, _LINE + grid.height), _PAPER)
    lettering.write(block, text, (0, 0), _INK)
    block.paste(grid, (0, _LINE))
    return block


def _reduced(grid: Image.Image) -> Image.Image:
    """Reduce large maps to the frame's width."""
    if grid.width <= _WIDTH:
        return grid
    height = max(1, round(grid.height * _WIDTH / grid.width))
    return grid.resize((_WIDTH, height), Image.Resampling.BOX)
