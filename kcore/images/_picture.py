"""A decoded picture, upright or as it is stored, and what a header says of its levels."""

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
        img: of its own mode and size; 16-bit gray in mode "I;16".
        white: the level of 16-bit gray that is white.
        orientation: what EXIF data say of how it is stored; 1 for upright.
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
    """Decode a file's content, with `before_loading` as `decode` takes it.

    Args:
        data: the content.
        name: the file's name.
        formats: the formats that it may have.
        upright: whether to turn it as EXIF data say; for TIFF too, which Pillow turns itself.
        before_loading: see `decode`.

    Raises:
        ImageDecodeError: if no picture can be made of `data`.
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
