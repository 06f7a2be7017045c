"""Turn a picture upright by its EXIF data, or leave it as it is stored."""

import re
import struct
from typing import Any

from PIL import Image

__all__ = ["orientation_of", "swaps_sides", "turned"]

_TAG = 0x0112
_PREFIX = b"Exif\0\0"
_BYTE_ORDERS = {b"II": "<", b"MM": ">"}
_NUMBERS = {
    3: "H",
    4: "I",
}  # TIFF's types SHORT, which EXIF requires, and LONG, which some programs write
_XMP = re.compile(rb'(tiff:Orientation(?:="|>))([0-9])')
_OLD_PNG = "Raw profile type exif"

# Orientation -> operation that turns the stored picture upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BACK = _UPRIGHT | {6: _UPRIGHT[8], 8: _UPRIGHT[6]}


def orientation_of(img: Image.Image) -> int:
    """Return the orientation in EXIF data, 2 to 8; 1 for upright, none, or damaged data.

    Pillow's own EXIF reader warns about damage in any part of the data, without the file's name.

    Call this before a TIFF file is loaded, as Pillow turns it while loading; call it after other
    files are loaded, as their EXIF data may come after the pixels.
    """
    found = _of_tiff(img) if img.format == "TIFF" else _of_metadata(img.info)
    return found if isinstance(found, int) and found in _UPRIGHT else 1


def swaps_sides(orientation: int) -> bool:
    """Tell whether turning the picture exchanges its height and width."""
    return orientation >= 5


def turned(img: Image.Image, orientation: int, *, is_upright: bool, upright: bool) -> Image.Image:
    """Return a loaded picture upright, or as it is stored.

    Args:
        img: the picture.
        orientation: as `orientation_of` gave it.
        is_upright: whether it has been turned already, as TIFF files are by Pillow.
        upright: whether to return it upright, with metadata that say so.
    """
    if orientation == 1 or is_upright == upright:
        return img
    made = img.transpose((_UPRIGHT if upright else _BACK)[orientation])
    if upright:
        made.info = _upright_metadata(made.info)
    return made


def _of_tiff(img: Any) -> object:
    return img.tag_v2.get(_TAG)


def _of_metadata(info: dict[Any, Any]) -> int:
    """Return the orientation in EXIF data, or in XMP data if there are none."""
    found = _entry(_exif(info))
    if found is not None:
        return found[0]
    match = _XMP.search(_xmp(info))
    return int(match[2]) if match else 1


def _exif(info: dict[Any, Any]) -> bytes:
    if isinstance(info.get("exif"), bytes):
        return bytes(info["exif"])
    try:  # three lines of text, then the bytes in hexadecimal
        return bytes.fromhex("".join(str(info.get(_OLD_PNG, "")).split("\n")[3:]))
    except ValueError:
        return b""


def _xmp(info: dict[Any, Any]) -> bytes:
    xmp = info.get("xmp", info.get("XML:com.adobe.xmp", b""))
    return xmp if isinstance(xmp, bytes) else str(xmp).encode()


def _entry(exif: bytes) -> tuple[int, int, str] | None:
    """Return the orientation, its offset in `exif` and its encoding; None if it isn't there."""
    start = len(_PREFIX) if exif.startswith(_PREFIX) else 0
    order = _BYTE_ORDERS.get(exif[start : start + 2])
    if order is None:
        return None
    try:
        (table,) = struct.unpack_from(f"{order}I", exif, start + 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, start + table)
        for number in range(entries):
            at = start + table + 2 + 12 * number
            tag, kind = struct.unpack_from(f"{order}HH", exif, at)
            if tag == _TAG and kind in _NUMBERS:
                form = f"{order}{_NUMBERS[kind]}"
                return struct.unpack_from(form, exif, at + 8)[0], at + 8, form
    except struct.error:  # the data are shorter than they announce
        pass
    return None


def _upright_metadata(info: dict[Any, Any]) -> dict[Any, Any]:
    """Return metadata of an upright picture, so that it isn't turned again."""
    made = {key: value for key, value in info.items() if key != _OLD_PNG}
    exif = _exif(info)
    found = _entry(exif)
    if found is not None:
        _, at, form = found
        written = bytearray(exif)
        struct.pack_into(form, written, at, 1)
        made["exif"] = bytes(written)
    for key in ("xmp", "XML:com.adobe.xmp"):
        if key in made:
            is_bytes = isinstance(made[key], bytes)
            xmp = _XMP.sub(rb"\g<1>1", _xmp({key: made[key]}))
            made[key] = xmp if is_bytes else xmp.decode()
    return made
