"""From an image file to the uint8 pixels of one place in a batch."""

import os
import stat
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore.arguments import check_choice, check_switch, check_wholes
from kcore.images.color_modes import PILLOW_MODES, in_color_mode
from kcore.images.decoding import decode
from kcore.images.errors import ImageDecodeError
from kcore.images.resizing import INTERPOLATIONS, centered_box, resize

__all__ = ["Decoding", "Pixels"]

Pixels = npt.NDArray[np.uint8]

_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}


@dataclass(frozen=True)
class Decoding:
    """How image files become arrays of one size: the options of `kcore.images.load_img`, and one.

    Attributes:
        target_size: (height, width).
        color_mode: "grayscale", "rgb" or "rgba".
        interpolation: a name that `load_img` takes.
        keep_aspect_ratio: cut the largest centred box of the target's aspect ratio out first.
        draft: let the JPEG decoder make the picture smaller by 2, 4 or 8 while it decodes, to no
            less than `target_size`. It takes averages over blocks, which `interpolation` then
            starts from, so pixels differ.
    """

    target_size: tuple[int, int]
    color_mode: str = "rgb"
    interpolation: str = "nearest"
    keep_aspect_ratio: bool = False
    draft: bool = False

    def __post_init__(self) -> None:
        size = check_wholes("target_size", self.target_size)
        if len(size) != 2:
            raise ValueError(f"target_size={self.target_size!r} must be (height, width).")
        object.__setattr__(self, "target_size", size)
        check_choice("color_mode", self.color_mode, tuple(PILLOW_MODES))
        check_choice("interpolation", self.interpolation, tuple(INTERPOLATIONS))
        for name in ("keep_aspect_ratio", "draft"):
            object.__setattr__(self, name, check_switch(name, getattr(self, name)))

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return (*self.target_size, _CHANNELS[self.color_mode])

    def decode(self, path: str) -> tuple[Pixels, tuple[str, ...]]:
        """Decode a file.

        Returns:
            uint8 array (height, width, channels), and notes on what was lost or changed: see
            `kcore.data.Audit`.

        Raises:
            ImageDecodeError: if no picture can be made of the file.
            OSError: if it can't be read.
        """
        notes: tuple[str, ...] = ()

        def look(img: Image.Image) -> None:
            nonlocal notes
            notes = _notes(img, path, self.color_mode)
            if self.draft:
                img.draft(None, self.target_size[::-1])

        img = _in_8_bits(decode(_content(path), path, look), self.color_mode, path)
        pixels = np.asarray(self._resized(img))
        return pixels.reshape(self.image_shape), notes

    def _resized(self, img: Image.Image) -> Image.Image:
        size = self.target_size[::-1]
        if img.size == size:
            return img
        box = centered_box(img.size, size) if self.keep_aspect_ratio else None
        return resize(img, size, INTERPOLATIONS[self.interpolation], box)


def _content(path: str) -> bytes:
    """Return the bytes of a file; of nothing else, as reading a pipe could last forever."""
    mode = os.stat(path).st_mode  # noqa: PTH116 -- a Path for each file takes longer
    if not stat.S_ISREG(mode):
        kind = next((kind for is_kind, kind in _NO_FILES if is_kind(mode)), "something else")
        raise ImageDecodeError(path, f"no file, but {kind}")
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        return file.read()


_NO_FILES = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def _in_8_bits(img: Image.Image, color_mode: str, path: str) -> Image.Image:
    converted = in_color_mode(img, color_mode, path)
    if converted.mode == PILLOW_MODES[color_mode]:
        return converted
    low, high = converted.getextrema()
    try:
        return in_color_mode(converted, "rgb", path).convert("L")
    except ImageDecodeError as error:
        reason = f"32-bit values from {low} to {high}, which the 8 bits of a batch can't hold"
        raise ImageDecodeError(path, reason) from error


def _notes(img: Image.Image, path: str, color_mode: str) -> tuple[str, ...]:
    """Say what of the file is lost or changed, from its header alone."""
    notes = []
    suffix = os.path.splitext(path)[1]  # noqa: PTH122 -- as above
    suffix_format = Image.registered_extensions().get(suffix.lower())
    file_format = "JPEG" if img.format == "MPO" else img.format
    if suffix_format != file_format:
        notes.append(f"{file_format} file by its content, which its name does not say")
    if img.format != "MPO" and getattr(img, "is_animated", False):
        notes.append("animated or of several pages: the first one is used")
    if img.mode == "CMYK":
        notes.append("CMYK: converted without a colour profile")
    if _is_16_bit(img):
        notes.append("16 bits a channel: scaled to 8")
    if "transparency" in img.info and img.mode == "P" and color_mode != "rgba":
        notes.append("palette with transparency: dropped")
    return tuple(notes)


def _is_16_bit(img: Image.Image) -> bool:
    if img.mode.startswith("I;16"):
        return True
    return any(";16" in str(tile[3]) for tile in getattr(img, "tile", ()))
