"""A decoded picture with its white level and its orientation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image

from kcore.images._color_modes import in_native_16_bits, white_of
from kcore.images._decoding import decode
from kcore.images._orientation import orientation_of, turned

__all__ = ["Picture", "picture_of"]


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        img: the image in the file's mode and size; 16-bit gray in mode "I;16".
        white: the level of 16-bit gray that is white.
        orientation: how it is stored, as its EXIF data say; 1 for upright.
    """

    img: Image.Image
    white: int
    orientation: int


def picture_of(
    data: bytes,
    name: str | None,
    formats: Sequence[str],
    *,
    upright: bool,
    before_loading: Callable[[Image.Image], None] | None = None,
) -> Picture:
    """Decode a file's content, and turn it upright.

    Args:
        data: the content.
        name: the file's name.
        formats: the allowed formats.
        upright: whether to turn it by its EXIF data; False turns TIFF files back, which Pillow
            turns.
        before_loading: called with the image after its header is read and before its pixels are.

    Raises:
        ImageDecodeError: if `data` can't be decoded.
    """
    orientation = 1

    def look(img: Image.Image) -> None:
        nonlocal orientation
        if img.format == "TIFF":
            orientation = orientation_of(img)
        if before_loading is not None:
            before_loading(img)

    loaded = decode(data, name, formats, look)
    is_tiff = loaded.format == "TIFF"
    if not is_tiff:
        orientation = orientation_of(loaded)
    img = turned(in_native_16_bits(loaded), orientation, is_upright=is_tiff, upright=upright)
    return Picture(img, white_of(loaded), orientation)
