"""Resize a Pillow image of any depth, with or without keeping its aspect ratio."""

import numpy as np
from PIL import Image

from kcore.images._color_modes import Color, image_like
from kcore.images._errors import ImageDecodeError

__all__ = ["INTERPOLATIONS", "centered_box", "check_one_aspect_ratio", "fitted", "resize"]

INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
    "hamming": Image.Resampling.HAMMING,
}


def check_one_aspect_ratio(
    crop: bool,
    pad: bool,
    *,
    crop_name: str = "crop_to_aspect_ratio",
    size_name: str = "image_size",
) -> None:
    """Raise a ValueError if a picture should be both cropped and padded.

    Args:
        crop: whether to crop it.
        pad: whether to pad it.
        crop_name: what the caller's argument for `crop` is called.
        size_name: what the caller's argument for the size is called.
    """
    if crop and pad:
        raise ValueError(
            f"{crop_name}=True crops a picture to the aspect ratio of {size_name}, and "
            "pad_to_aspect_ratio=True pads it instead: choose one of them."
        )


def fitted(
    img: Image.Image,
    size: tuple[int, int],
    interpolation: str,
    *,
    crop: bool,
    pad: bool,
    background: Color | None,
    name: str | None,
) -> Image.Image:
    """Resize `img` to `size`, (width, height).

    Args:
        img: an image of mode "L", "RGB" or "RGBA", or gray of 16 or 32 bits.
        size: (width, height).
        interpolation: a key of `INTERPOLATIONS`.
        crop: crop the largest centered box of the aspect ratio of `size` first.
        pad: put it into the center of the smallest box of that aspect ratio first.
        background: the color of the padding; None for zeros.
        name: the file's name, for the error.

    Raises:
        ImageDecodeError: if the padded picture would have too many pixels.
    """
    if img.size == size:
        return img
    if pad:
        img = _padded(img, size, background, name)
    box = centered_box(img.size, size) if crop else None
    return resize(img, size, INTERPOLATIONS[interpolation], box)


def centered_box(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return (left, upper, right, lower) of the largest centered box of an aspect ratio."""
    (width, height), (target_width, target_height) = size, target
    box_width = min(width, height * target_width // target_height)
    box_height = min(height, width * target_height // target_width)
    left, upper = (width - box_width) // 2, (height - box_height) // 2
    return left, upper, left + box_width, upper + box_height


def resize(
    img: Image.Image,
    size: tuple[int, int],
    resample: Image.Resampling,
    box: tuple[int, int, int, int] | None,
) -> Image.Image:
    """Resize `img`, or the part of it inside `box`, to `size`, (width, height)."""
    if img.mode != "I;16":
        return img.resize(size, resample, box=box)
    # Older versions of Pillow interpolate mode "I", but not "I;16".
    resized = img.convert("I").resize(size, resample, box=box)
    return image_like(np.asarray(resized).clip(0, 65535).astype("<u2"), img)


def _padded(
    img: Image.Image, target: tuple[int, int], background: Color | None, name: str | None
) -> Image.Image:
    """Put a picture into the center of the smallest box of the target's aspect ratio."""
    (width, height), (target_width, target_height) = img.size, target
    padded_width = max(width, height * target_width // target_height)
    padded_height = max(height, width * target_height // target_width)
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and padded_width * padded_height > 2 * limit:
        raise ImageDecodeError(
            name,
            f"its {width} x {height} pixels, padded to the aspect ratio of {target_width} x "
            f"{target_height}, are more than twice PIL.Image.MAX_IMAGE_PIXELS={limit:,}",
        )
    canvas = Image.new(img.mode, (padded_width, padded_height), _filling(img.mode, background))
    canvas.paste(img, ((padded_width - width) // 2, (padded_height - height) // 2))
    canvas.info = img.info.copy()
    return canvas


def _filling(mode: str, background: Color | None) -> int | tuple[int, ...]:
    if background is None:
        return 0
    if mode == "RGB":
        return background
    gray = int(Image.new("RGB", (1, 1), background).convert("L").getpixel((0, 0)))  # type: ignore
    return gray * 257 if mode == "I;16" else gray
