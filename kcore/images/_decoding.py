"""Decode a file's bytes to a Pillow image, in the file's mode and size."""

import io
import struct
from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image

from kcore._console import printable
from kcore._warning import warn
from kcore.images._errors import ImageDecodeError
from kcore.images._formats import SIGNATURE_BYTES, candidates
from kcore.images._pillow_warnings import PillowWarnings
from kcore.images._png import SIGNATURE, check_png, without_text
from kcore.images._reading import not_decoded

__all__ = ["decode"]

# What a decoder raises if the file has another format, or its header is cut off.
_NOT_THIS_FORMAT = (SyntaxError, IndexError, TypeError, struct.error)

# Factors that spread gray levels over 8 bits; Pillow doesn't spread the transparent level.
_SPREAD = {"L;2": 85, "L;4": 17}


def decode(
    data: bytes,
    name: str | None,
    formats: Sequence[str],
    before_loading: Callable[[Image.Image], None] | None = None,
) -> Image.Image:
    """Decode all of a picture, or say why that is impossible.

    Args:
        data: the file's content.
        name: the file's name, for errors and warnings.
        formats: the allowed formats, as `checked_formats` returns them.
        before_loading: called with the image after its header is read and before its pixels are.

    Raises:
        ImageDecodeError: if `data` can't be decoded.

    Warns:
        PIL.Image.DecompressionBombWarning: if it has more pixels than `PIL.Image.MAX_IMAGE_PIXELS`.
        UserWarning: Pillow's warnings, with the file's name.
    """
    if not data:
        raise ImageDecodeError(name, "the file is empty (0 bytes)")
    try:
        return _decoded(data, name, formats, before_loading)
    except ImageDecodeError:
        raise
    except Warning as error:  # a warning that the user turned into an error, not damage
        if not str(error).startswith(_shown(name)):
            error.args = (f"{_shown(name)}: {error}",)
        raise
    except Image.DecompressionBombError as error:
        raise ImageDecodeError(name, f"too large to decode safely: {error}") from error
    except MemoryError as error:
        raise ImageDecodeError(name, "decoding it needs more memory than there is") from error
    # Pillow's decoders raise OSError, SyntaxError, ValueError and others for damaged data.
    except Exception as error:
        raise ImageDecodeError(name, f"damaged or truncated: {error}") from error


def _decoded(
    data: bytes,
    name: str | None,
    formats: Sequence[str],
    before_loading: Callable[[Image.Image], None] | None,
) -> Image.Image:
    is_png = data.startswith(SIGNATURE)
    if is_png:
        check_png(data, name)
    try:
        return _named(data, name, formats, before_loading)
    except ImageDecodeError:
        raise
    except ValueError:
        # Pillow refuses more than a megabyte of text, although no pixel depends on it.
        if not is_png:
            raise
    return _named(without_text(data), name, formats, before_loading)


def _named(
    data: bytes,
    name: str | None,
    formats: Sequence[str],
    before_loading: Callable[[Image.Image], None] | None,
) -> Image.Image:
    """Decode the picture; Pillow's warnings then name the file."""
    with PillowWarnings(_shown(name)) as found:
        img = _opened(data, name, formats)
    _check_pixels(img, name)
    with found:
        if before_loading is not None:
            before_loading(img)
        img.load()
    found.issue()
    if img.mode in ("P", "PA") and img.palette is None:  # Pillow would make it black
        raise ImageDecodeError(
            name, "damaged: its pixels are indices into a palette, and it has none"
        )
    return img


def _opened(data: bytes, name: str | None, formats: Sequence[str]) -> Image.Image:
    """Read the header.

    `Image.open` does the same, but its warnings don't name the file.
    """
    start = data[:SIGNATURE_BYTES]
    damage = None
    for file_format, is_shown in candidates(start, formats):
        try:
            img = Image.OPEN[file_format][0](io.BytesIO(data), "")
        except _NOT_THIS_FORMAT as error:
            if is_shown and damage is None:
                damage = (
                    f"{file_format} by its first bytes, but damaged, cut off or of a kind that "
                    f"Pillow does not decode: {error}"
                )
            continue
        _mend_transparency(img)
        return img
    raise ImageDecodeError(name, damage or not_decoded(start, formats))


def _check_pixels(img: Image.Image, name: str | None) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    pixels = img.width * img.height
    if limit is None or pixels <= limit:
        return
    size = f"{img.width} x {img.height} = {pixels:,} pixels, and"
    if pixels > 2 * limit:
        reason = f"too large to decode safely: {size} twice PIL.Image.MAX_IMAGE_PIXELS are"
        raise ImageDecodeError(name, f"{reason} {2 * limit:,}")
    warn(
        f"{_shown(name)}: {size} PIL.Image.MAX_IMAGE_PIXELS is {limit:,}: "
        "decoding it takes much memory.",
        Image.DecompressionBombWarning,
    )


def _shown(name: str | None) -> str:
    return printable(name or "image without a file name")


def _mend_transparency(img: Any) -> None:
    """Convert the transparent color of a PNG file to the 8 bits of Pillow's pixels.

    Of 16 bits per channel, Pillow keeps the high 8, so other colors may become transparent too.
    """
    transparent = img.info.get("transparency")
    if img.format != "PNG" or transparent is None or not img.tile:
        return
    raw_mode = img.tile[0][3]
    if raw_mode in _SPREAD and isinstance(transparent, int):
        img.info["transparency"] = transparent * _SPREAD[raw_mode]
    elif raw_mode == "RGB;16B":
        img.info["transparency"] = tuple(level >> 8 for level in transparent)
