"""Resize a Pillow image, deep grey ones too, with or without its aspect ratio."""

import numpy as np
from PIL import Image

from kcore.images.color_modes import image_like

__all__ = ["INTERPOLATIONS", "centered_box", "resize"]

INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
    "hamming": Image.Resampling.HAMMING,
}


def centered_box(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return (left, upper, right, lower) of the largest centred box of the target's ratio."""
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
    # Older versions of Pillow interpolate "I", but not "I;16".
    resized = img.convert("I").resize(size, resample, box=box)
    return image_like(np.asarray(resized).clip(0, 65535).astype("<u2"), img)
