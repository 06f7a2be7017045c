"""Save an array as a picture, completely or not at all."""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore._files import write_whole
from kcore._warning import warn
from kcore.images._arguments import PathOrFile, check_file, file_name
from kcore.images._arrays import array_to_img

__all__ = ["save_img"]

# Pillow writes other formats too, but some of them silently drop what they can't hold.
_FORMATS_WITH_ALPHA = frozenset(
    {"AVIF", "DDS", "ICNS", "ICO", "JPEG2000", "PNG", "QOI", "SGI", "TGA", "TIFF", "WEBP"}
)
_FORMATS_OF_DEEP_GREY = {
    "I;16": frozenset({"JPEG2000", "PNG", "PPM", "TIFF"}),
    "I": frozenset({"TIFF"}),
}


def save_img(
    path: PathOrFile,
    x: npt.ArrayLike,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    dtype: npt.DTypeLike | None = None,
    **kwargs: Any,
) -> None:
    """Save an array as a picture, completely or not at all.

    The picture is encoded in memory and written to a temporary file beside `path`, which then takes
    the name of `path`. If anything fails, an earlier file is unchanged.

    Args:
        path: the file's name, or a binary file object.
        x: array (height, width, channels), or (channels, height, width) for "channels_first", with
            1 (gray), 3 (red, green, blue) or 4 channels (with alpha).
        data_format: "channels_last", "channels_first", or None for Keras's default.
        file_format: a suffix such as "png", or Pillow's name for the format; None takes the suffix
            of `path`.
        scale: stretch the values so that the smallest becomes 0 and the largest 255, as
            `array_to_img` does. False saves 8-bit and 16-bit values as they are.
        dtype: dtype to convert the values to first. None keeps integers as they are, and converts
            others to `keras.config.floatx()`.
        **kwargs: options of the format for `PIL.Image.Image.save`, such as `quality=90`.

    Raises:
        ValueError: if the format is unknown, or can't hold more than 8 bits where the picture has
            more; or if `array_to_img` can't convert `x`.
        FileNotFoundError: if the directory doesn't exist.

    Warns:
        UserWarning: if the format can't hold the picture's transparency, which is then dropped.
    """
    check_file(path, "write")
    pillow_format = _writable_format(path, file_format)
    img = array_to_img(x, data_format=data_format, scale=scale, dtype=dtype)
    encoded = io.BytesIO()
    _fit_for_format(img, pillow_format).save(encoded, format=pillow_format, **kwargs)
    if isinstance(path, (str, bytes, os.PathLike)):
        _replace(Path(os.path.realpath(os.fsdecode(path))), encoded.getvalue())
    else:
        path.write(encoded.getvalue())


def _writable_format(path: PathOrFile, file_format: str | None) -> str:
    """Return Pillow's name of the format `file_format`, or of the suffix of `path`."""
    if file_format is not None and not isinstance(file_format, str):
        raise TypeError(f"file_format={file_format!r} must be a name such as 'png'.")
    if file_format is not None:
        asked, wanted = f"file_format={file_format!r}", file_format
    else:
        name = file_name(path) or ""
        asked, wanted = f"path={name!r}, without file_format,", Path(name).suffix
    by_suffix = Image.registered_extensions()
    wanted = by_suffix.get(f".{wanted.lower().removeprefix('.')}", wanted.upper())
    if wanted not in Image.SAVE:
        raise ValueError(
            f"{asked} names no format that Pillow writes: use file_format='png', 'jpg', 'tiff', "
            "'webp', 'bmp' or 'gif', or a path that ends in one of them."
        )
    return wanted


def _fit_for_format(img: Image.Image, pillow_format: str) -> Image.Image:
    if img.mode == "RGBA" and pillow_format not in _FORMATS_WITH_ALPHA:
        return _without_alpha(img, pillow_format)
    if img.mode in _FORMATS_OF_DEEP_GREY and pillow_format not in _FORMATS_OF_DEEP_GREY[img.mode]:
        low, high = img.getextrema()
        raise ValueError(
            f"x has values from {low} to {high} in more than 8 bits, which {pillow_format} can't "
            f"hold: save it as {' or '.join(sorted(_FORMATS_OF_DEEP_GREY[img.mode]))}, or let "
            "scale=True stretch it, or convert it to 8 bits first."
        )
    return img


def _without_alpha(img: Image.Image, pillow_format: str) -> Image.Image:
    """Drop transparency, as Keras does, and say so if there is any."""
    lowest = np.asarray(img)[:, :, 3].min()
    if lowest < 255:
        warn(
            f"x has transparent pixels (alpha down to {lowest}), which {pillow_format} can't hold: "
            "transparency is dropped, and the colors that are stored for such pixels are saved. "
            "Save it as PNG, TIFF or WebP to keep it, or leave its fourth channel out."
        )
    return img.convert("RGB")


def _replace(target: Path, data: bytes) -> None:
    if target.exists() and not target.is_file():
        raise ValueError(f"path={str(target)!r} exists and is not a regular file.")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"There is no directory {str(target.parent)!r} to save into.")
    write_whole(target, data)
