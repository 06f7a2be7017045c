"""Decode an image file to the uint8 pixels of one image in a batch."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore import random
from kcore._arguments import check_choice, check_integer, check_integers, check_switch
from kcore._console import printable
from kcore.images._color_modes import (
    PILLOW_MODES,
    Color,
    checked_background,
    in_color_mode,
    shows_through,
)
from kcore.images._errors import ImageDecodeError
from kcore.images._formats import FORMATS, checked_formats
from kcore.images._orientation import orientation_of, swaps_sides
from kcore.images._picture import Picture, picture_of
from kcore.images._reading import MAX_FILE_BYTES, read_file
from kcore.images._resizing import INTERPOLATIONS, check_one_aspect_ratio, fitted

__all__ = ["BeforeResize", "Decoding", "Pixels"]

Pixels = npt.NDArray[np.uint8]
BeforeResize: TypeAlias = Callable[[Image.Image, str, Any], Image.Image]

_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}
_KEY_OF_HOOK = (
    0x6465636F  # keeps these keys apart from those that augmentation derives from the same seed
)


@dataclass(frozen=True)
class Decoding:
    """How an image file becomes an array.

    Attributes:
        image_size: (height, width), or None to keep the size of each image.
        color_mode: "grayscale", "rgb" or "rgba".
        interpolation: a key of `kcore.images._resizing.INTERPOLATIONS`.
        crop_to_aspect_ratio: crop the largest centered box of the aspect ratio of `image_size`
            before resizing.
        draft: let the JPEG decoder shrink the picture by a factor of 2, 4 or 8 while it decodes,
            but not below `image_size`. `interpolation` then starts from averages over blocks, so
            pixels differ.
        pad_to_aspect_ratio: put the picture into the center of the smallest box of that aspect
            ratio before resizing, on black or `background`.
        apply_exif_orientation: turn the picture upright by its EXIF data.
        background: what lies behind transparent pixels: a level of gray, 0 to 255, or three of red,
            green and blue. None drops transparency.
        formats: Pillow's names for the formats to decode.
        max_file_bytes: larger files count as bad.
        before_resize: function of a picture, its path and a key that returns the picture to convert
            and resize, or None.
        seed: the seed of these keys.

    Raises:
        ValueError: if an option is out of its range, or two options conflict.
    """

    image_size: tuple[int, int] | None
    color_mode: str = "rgb"
    interpolation: str = "bilinear"
    crop_to_aspect_ratio: bool = False
    draft: bool = False
    pad_to_aspect_ratio: bool = False
    apply_exif_orientation: bool = True
    background: int | Sequence[int] | None = None
    formats: Sequence[str] = FORMATS
    max_file_bytes: int = MAX_FILE_BYTES
    before_resize: BeforeResize | None = None
    seed: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        if self.image_size is not None:
            size = check_integers("image_size", self.image_size)
            if len(size) != 2:
                raise ValueError(f"image_size={self.image_size!r} must be (height, width).")
            self._set("image_size", size)
        check_choice("color_mode", self.color_mode, tuple(PILLOW_MODES))
        check_choice("interpolation", self.interpolation, tuple(INTERPOLATIONS))
        for name in _SWITCHES:
            self._set(name, check_switch(name, getattr(self, name)))
        check_one_aspect_ratio(self.crop_to_aspect_ratio, self.pad_to_aspect_ratio)
        if self.image_size is None and self.draft:
            raise ValueError(
                "draft=True shrinks pictures, but not below image_size, which is None: give an "
                "image_size."
            )
        self._set("background", checked_background(self.background, self.color_mode))
        self._set("formats", checked_formats(self.formats))
        check_integer("max_file_bytes", self.max_file_bytes)
        if self.before_resize is not None and not callable(self.before_resize):
            raise ValueError(
                f"before_resize={self.before_resize!r} must be a function of an image, its path "
                "and a key, or None."
            )

    @property
    def channels(self) -> int:
        """1, 3 or 4."""
        return _CHANNELS[self.color_mode]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of all images.

        Raises:
            ValueError: if each image has its own shape.
        """
        if self.image_size is None:
            raise ValueError("image_size=None: images have different sizes.")
        return (*self.image_size, self.channels)

    def decode(self, path: str, row: int = 0) -> tuple[Pixels, tuple[str, ...]]:
        """Decode a file.

        Args:
            path: its name.
            row: its number in the folder, for the key that `before_resize` gets.

        Returns:
            uint8 array (height, width, channels), and notes on what was lost or changed.

        Raises:
            ImageDecodeError: if the file can't be decoded to a picture.
            OSError: if it can't be read.
        """
        notes: list[str] = []

        def look(img: Image.Image) -> None:
            notes[:] = _notes_of_header(img, path)
            if self.draft and self.image_size is not None:
                sides = self.image_size[::-1]
                is_turned = self.apply_exif_orientation and swaps_sides(orientation_of(img))
                img.draft(None, sides[::-1] if is_turned else sides)

        data = read_file(path, self.formats, self.max_file_bytes)
        picture = picture_of(
            data,
            path,
            self.formats,
            upright=self.apply_exif_orientation,
            before_loading=look,
        )
        if self.before_resize is not None:
            picture = replace(picture, img=self._before_resized(picture.img, path, row))
        try:
            notes += self._notes_of_picture(picture)
            return self._pixels(picture, path), tuple(notes)
        except MemoryError as error:
            raise ImageDecodeError(path, "converting it needs more memory than there is") from error

    def _pixels(self, picture: Picture, path: str) -> Pixels:
        img = _in_8_bits(picture.img, picture.white, self.color_mode, path, self._behind)
        if self.image_size is not None:
            img = fitted(
                img,
                self.image_size[::-1],
                self.interpolation,
                crop=self.crop_to_aspect_ratio,
                pad=self.pad_to_aspect_ratio,
                background=self._behind,
                name=path,
            )
        return np.asarray(img).reshape(img.height, img.width, self.channels)

    @property
    def _behind(self) -> Color | None:
        return self.background  # type: ignore[return-value]  # as checked_background left it

    def _before_resized(self, img: Image.Image, path: str, row: int) -> Image.Image:
        assert self.before_resize is not None
        key = random.fold_in(random.fold_in(random.key(self.seed), _KEY_OF_HOOK), row)
        try:
            made = self.before_resize(img, path, key)
        except Exception as error:
            error.add_note(f"before_resize was called with {printable(path)}.")
            raise
        if not isinstance(made, Image.Image):
            raise TypeError(
                f"before_resize returned {type(made).__name__} for {path!r}: it must return a "
                "Pillow image."
            )
        return made

    def _notes_of_picture(self, picture: Picture) -> list[str]:
        """Say what is lost or changed, as the pixels and the metadata show."""
        notes = []
        if picture.orientation != 1:
            notes.append(
                "turned upright, as its EXIF data say"
                if self.apply_exif_orientation
                else "not upright: the orientation in its EXIF data is ignored"
            )
        is_dropped = self.color_mode != "rgba" and self.background is None
        if is_dropped and shows_through(picture.img):
            notes.append("transparency: dropped")
        return notes

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


_SHARED_NAMES = {"MPO": "JPEG", "DIB": "BMP"}
_SWITCHES = ("crop_to_aspect_ratio", "draft", "pad_to_aspect_ratio", "apply_exif_orientation")


def _in_8_bits(
    img: Image.Image, white: int, color_mode: str, path: str, background: Color | None
) -> Image.Image:
    # "grayscale" would keep gray of more than 8 bits as it is; "rgb" scales it to 8.
    is_deep = color_mode == "grayscale" and img.mode in ("I;16", "I", "F")
    try:
        converted = in_color_mode(img, "rgb" if is_deep else color_mode, path, white, background)
    except ImageDecodeError as error:
        low, high = img.getextrema()
        reason = f"32-bit values from {low} to {high}, which the 8 bits of a batch can't hold"
        raise ImageDecodeError(path, reason) from error
    return converted.convert("L") if is_deep else converted


def _notes_of_header(img: Image.Image, path: str) -> list[str]:
    """Say what is lost or changed, as the header shows."""
    notes = []
    suffix = os.path.splitext(path)[1]  # noqa: PTH122 -- a Path for each file takes longer
    suffix_format = Image.registered_extensions().get(suffix.lower())
    if _one_name(suffix_format) != _one_name(img.format):
        file_format = "JPEG" if img.format == "MPO" else img.format
        notes.append(f"the content is {file_format}, but the file name says otherwise")
    if img.format != "MPO" and getattr(img, "is_animated", False):
        notes.append("several frames or pages: the first one is used")
    if img.mode == "CMYK":
        notes.append("CMYK: converted without a color profile")
    if _is_16_bit(img):
        notes.append("16 bits per channel: scaled to 8")
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and img.width * img.height > limit:
        notes.append("more pixels than PIL.Image.MAX_IMAGE_PIXELS")
    return notes


def _one_name(file_format: str | None) -> str | None:
    """Return the name of a format, the same for formats of the same content."""
    return _SHARED_NAMES.get(file_format or "", file_format)


def _is_16_bit(img: Image.Image) -> bool:
    if img.mode.startswith("I;16"):
        return True
    return any(";16" in str(tile[3]) for tile in getattr(img, "tile", None) or ())
