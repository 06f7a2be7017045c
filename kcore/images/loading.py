"""From a file to a Pillow image: read, decode, convert, resize."""

import operator
import os
from pathlib import Path

from PIL import Image

from kcore.arguments import check_choice
from kcore.images.arguments import PathOrFile, check_file, file_name
from kcore.images.color_modes import PILLOW_MODES, in_color_mode
from kcore.images.decoding import decode
from kcore.images.resizing import INTERPOLATIONS, centered_box, resize

__all__ = ["load_img"]


def load_img(
    path: PathOrFile,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Image.Image:
    """Load a picture from a file, decode all of it, and close the file.

    Of a file with several frames the first is loaded. Transparency is dropped, not blended, unless
    `color_mode="rgba"`. Pillow reads 16-bit colour at 8 bits per channel.

    An orientation in EXIF data is not applied, as in Keras: a phone's picture may lie on its side.
    `PIL.ImageOps.exif_transpose(load_img(path))` turns it upright; resize after that, as turning
    swaps height and width. (TIFF is the exception: Pillow itself turns it.)

    Args:
        path: the file's name, or a binary file object, which is read from its start.
        color_mode: "grayscale", "rgb" or "rgba". "grayscale" keeps deep grey pictures deep: 16-bit
            ones as Pillow mode "I;16", 32-bit integers as "I", 32-bit floats as "F".
        target_size: (height, width) to resize to, or None to keep the size.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".
        keep_aspect_ratio: cut the largest centred box of the target's aspect ratio out of the
            picture before resizing, instead of distorting it.

    Returns:
        A Pillow image of mode "L", "RGB" or "RGBA" with values 0 to 255, or a deep grey one.

    Raises:
        ImageDecodeError: if the file is empty, no image, damaged, truncated or a decompression
            bomb (see `PIL.Image.MAX_IMAGE_PIXELS`); or if it holds 32-bit numbers other than 0 to
            255 and is asked for in colour, as nobody knows which of them means white.
        FileNotFoundError: if there is no such file.
        ValueError: if another argument is none of the above.

    Example:
        >>> import io
        >>> import numpy as np
        >>> from kcore.images import load_img, save_img
        >>> file = io.BytesIO()
        >>> save_img(file, np.zeros((30, 40, 3), "uint8"), "channels_last", file_format="png")
        >>> load_img(file, color_mode="grayscale", target_size=(15, 10)).size  # width, height
        (10, 15)
    """
    check_choice("color_mode", color_mode, tuple(PILLOW_MODES))
    check_choice("interpolation", interpolation, tuple(INTERPOLATIONS))
    size = None if target_size is None else _width_and_height(target_size)
    check_file(path, "read")
    name = file_name(path)
    img = in_color_mode(decode(_read(path), name), color_mode, name)
    if size is None or size == img.size:
        return img
    box = centered_box(img.size, size) if keep_aspect_ratio else None
    return resize(img, size, INTERPOLATIONS[interpolation], box)


def _width_and_height(target_size: tuple[int, int]) -> tuple[int, int]:
    try:
        height, width = map(operator.index, target_size)
    except (TypeError, ValueError):
        height = width = 0
    if height < 1 or width < 1:
        raise ValueError(
            f"target_size={target_size!r} is no size: use two whole numbers of pixels above 0, "
            "(height, width), or None to keep the picture's size."
        )
    return width, height


def _read(path: PathOrFile) -> bytes:
    if isinstance(path, (str, bytes, os.PathLike)):
        return Path(os.fsdecode(path)).read_bytes()
    if hasattr(path, "seekable") and path.seekable():
        path.seek(0)
    data = path.read()
    if not isinstance(data, bytes):
        raise TypeError(
            f"path is a file object that reads {type(data).__name__}: open the file in binary "
            "mode, as open(name, 'rb') does."
        )
    return data
