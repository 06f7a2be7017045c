"""Image files whose pixels are labels, such as the masks of a segmentation."""

import os

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore.data.bad_files import BadFileError, reason_of
from kcore.data.records import ImageFiles
from kcore.images.resizing import centered_box

__all__ = ["LabelImages"]

_Labels = npt.NDArray[np.uint8]


class LabelImages:
    """The label images of samples, decoded when they are asked for by indices.

    A label is the grey value of a pixel as Pillow reads it, 0 or 1 in a file of one bit, or the
    position in a palette. Nothing is mixed: resizing takes the nearest pixel.

    Args:
        files: one file for each sample.
        target_size: (height, width).
        keep_aspect_ratio: cut the largest centered box of the target's aspect ratio out first.
        channels_first: whether the axis of length 1 comes before height and width.
    """

    def __init__(
        self,
        files: ImageFiles,
        target_size: tuple[int, int],
        keep_aspect_ratio: bool,
        channels_first: bool,
    ) -> None:
        self._files, self._size = files, target_size[::-1]
        self._keep_aspect_ratio, self._channels_first = keep_aspect_ratio, channels_first

    def __getitem__(self, indices: npt.NDArray[np.int64]) -> _Labels:
        """Return uint8 labels of shape (n, height, width, 1), or (n, 1, height, width).

        Raises:
            BadFileError: if a file can't be decoded, or its pixels are no labels of 0 to 255.
        """
        labels = np.stack([self._labels(int(index)) for index in indices])
        return labels[:, None] if self._channels_first else labels[..., None]

    def _labels(self, index: int) -> _Labels:
        path = self._files.path(index)
        try:
            img = Image.fromarray(_read(path))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            reason = reason_of(error)
            self._files.audit.add_bad(self._files.row(index), reason)
            raise BadFileError(path, self._files.class_name(index), reason) from error
        if img.size != self._size:
            box = centered_box(img.size, self._size) if self._keep_aspect_ratio else None
            img = img.resize(self._size, Image.Resampling.NEAREST, box=box)
        return np.asarray(img)


def _read(path: str | os.PathLike[str]) -> _Labels:
    with Image.open(path) as img:
        has_alpha = img.mode in ("LA", "PA", "RGBA")
        pixels = np.asarray(img)
    if pixels.ndim == 3:
        pixels = _of_equal_channels(pixels, has_alpha)
    least, greatest = pixels.min(), pixels.max()
    if not (least >= 0 and greatest <= 255 and (pixels == np.rint(pixels)).all()):
        raise ValueError(f"values from {least} to {greatest}: labels are integers from 0 to 255")
    return pixels.astype(np.uint8)


def _of_equal_channels(pixels: npt.NDArray[np.uint8], has_alpha: bool) -> npt.NDArray[np.uint8]:
    """Return the grey values of an opaque picture that is grey, in whatever mode it was saved."""
    colors, alpha = (pixels[..., :-1], pixels[..., -1]) if has_alpha else (pixels, np.uint8(255))
    if (colors != colors[..., :1]).any() or np.any(alpha != 255):
        raise ValueError(
            "colors or transparency, which are no labels: save the masks as grey values, or with "
            "a palette"
        )
    return colors[..., 0]
