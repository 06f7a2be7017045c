"""Load a Pillow image from a file: read, decode, convert, resize."""

import operator
import os
from collections.abc import Sequence

from PIL import Image

from kcore._arguments import check_choice, check_integer, check_switch
from kcore._memory import check_memory
from kcore.images._arguments import PathOrFile, check_file, file_name
from kcore.images._color_modes import PILLOW_MODES, checked_background, in_color_mode
from kcore.images._formats import FORMATS, checked_formats
from kcore.images._picture import picture_of
from kcore.images._reading import MAX_FILE_BYTES, read_file
from kcore.images._resizing import INTERPOLATIONS, check_one_aspect_ratio, fitted

__all__ = ["load_img"]

_MOST_BYTES_OF_A_PIXEL = 4


def load_img(
    path: PathOrFile,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
    *,
    pad_to_aspect_ratio: bool = False,
    apply_exif_orientation: bool = True,
    background: int | Sequence[int] | None = None,
    formats: Sequence[str] = FORMATS,
    max_file_bytes: int = MAX_FILE_BYTES,
) -> Image.Image:
    """Load a picture from a file, decode all of it, and close the file.

    If a file has several frames, the first one is loaded. Pillow reads 16-bit color at 8 bits per
    channel. Text and color profiles are ignored.

    The content of a file decides its format, whatever its name says; it must be one of `formats`.
    The checksums of PNG files are checked. Other formats have no checksums, so damage in the middle
    of a JPEG file, for example, may go unnoticed.

    Args:
        path: the file's name, or a binary file object, which is read from the start.
        color_mode: "grayscale", "rgb" or "rgba". "grayscale" keeps gray pictures of more than 8
            bits: 16 bits as Pillow mode "I;16", 32-bit integers as "I", 32-bit floats as "F".
        target_size: (height, width) to resize to, or None to keep the size.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".
        keep_aspect_ratio: crop the largest centered box of the aspect ratio of `target_size` before
            resizing, instead of distorting the picture.
        pad_to_aspect_ratio: put the picture into the center of the smallest box of that aspect
            ratio before resizing, on zeros or `background`.
        apply_exif_orientation: turn the picture upright, by the orientation that phones and cameras
            store in EXIF data. False returns it as stored, TIFF files too; Keras's `load_img` turns
            only TIFF.
        background: what lies behind transparent pixels: a level of gray, 0 to 255, or three of red,
            green and blue. None drops transparency, which shows the stored colors, often black.
        formats: Pillow's names for the formats to decode; `kcore.images.FORMATS` by default. "EPS"
            is not allowed, because Pillow starts a program to decode it.
        max_file_bytes: larger files are refused.

    Returns:
        A Pillow image of mode "L", "RGB" or "RGBA" with values 0 to 255, or of mode "I;16", "I" or
        "F" if `color_mode` is "grayscale" and the picture has more than 8 bits.

    Raises:
        ImageDecodeError: if the file is empty, of another format, damaged, truncated, too large,
            not a regular file, or a decompression bomb (more than twice
            `PIL.Image.MAX_IMAGE_PIXELS`); or if it holds 32-bit numbers other than 0 to 255 and
            `color_mode` is a color, because it is unknown which number means white.
        FileNotFoundError: if there is no such file.
        ValueError: if an argument is out of its range, or memory can't hold `target_size`.

    Warns:
        PIL.Image.DecompressionBombWarning: if it has more pixels than `PIL.Image.MAX_IMAGE_PIXELS`.

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
    check_switch("keep_aspect_ratio", keep_aspect_ratio)
    check_switch("pad_to_aspect_ratio", pad_to_aspect_ratio)
    check_one_aspect_ratio(
        keep_aspect_ratio,
        pad_to_aspect_ratio,
        crop_name="keep_aspect_ratio",
        size_name="target_size",
    )
    upright = check_switch("apply_exif_orientation", apply_exif_orientation)
    behind = checked_background(background, color_mode)
    wanted = checked_formats(formats)
    check_integer("max_file_bytes", max_file_bytes)
    check_file(path, "read")
    name = file_name(path)
    picture = picture_of(_read(path, wanted, max_file_bytes), name, wanted, upright=upright)
    img = in_color_mode(picture.img, color_mode, name, picture.white, behind)
    if size is None:
        return img
    return fitted(
        img,
        size,
        interpolation,
        crop=keep_aspect_ratio,
        pad=pad_to_aspect_ratio,
        background=behind,
        name=name,
    )


def _width_and_height(target_size: tuple[int, int]) -> tuple[int, int]:
    try:
        height, width = map(operator.index, target_size)
    except (TypeError, ValueError):
        height = width = 0
    if isinstance(target_size, (set, frozenset)):  # which has no order
        height = 0
    if height < 1 or width < 1:
        raise ValueError(
            f"target_size={target_size!r} is not a size: use two positive integers, (height, "
            "width) in pixels, or None to keep the picture's size."
        )
    needed = (height, width, _MOST_BYTES_OF_A_PIXEL)
    check_memory(f"target_size={target_size!r}", needed, 1, "use a smaller size")
    return width, height


def _read(path: PathOrFile, formats: Sequence[str], max_file_bytes: int) -> bytes:
    if isinstance(path, (str, bytes, os.PathLike)):
        return read_file(os.fsdecode(path), formats, max_file_bytes)
    if hasattr(path, "seekable") and path.seekable():
        path.seek(0)
    data = path.read()
    if not isinstance(data, bytes):
        raise TypeError(
            f"path is a file object that reads {type(data).__name__}: open the file in binary "
            "mode, as open(name, 'rb') does."
        )
    return data
