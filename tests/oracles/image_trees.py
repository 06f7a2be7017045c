"""Make directory trees of small image files for tests."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def pixels(seed: int, height: int = 8, width: int = 8, channels: int = 3) -> np.ndarray:
    """Return smooth random colors, which remain distinct in JPEG."""
    coarse = np.random.default_rng(seed).integers(0, 256, (2, 2, channels), np.uint8)
    image = Image.fromarray(coarse[:, :, 0] if channels == 1 else coarse)
    resized = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    return resized.reshape(height, width, channels)


def write_tree(root: Path, counts: Mapping[str, int], suffix: str = ".png", **size: int) -> Path:
    """Write `counts[name]` images into `root/name`, each of its own colors."""
    seed = 0
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(pixels(seed, **size)).save(root / name / f"{number:03d}{suffix}")
            seed += 1
    return root
