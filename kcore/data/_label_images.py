"""Image files whose pixels are labels, such as segmentation masks."""

import contextlib

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore.data._decoding import Decoding
from kcore.data._file_audit import BadFileError, reason_of
from kcore.data._image_files import ImageFiles
from kcore.images._errors import ImageDecodeError
from kcore.images._orientation import swaps_sides
from kcore.images._picture import Picture, picture_of
from kcore.images._reading import read_file
from kcore.images._resizing import centered_box

__all__ = ["LabelImages"]

_Labels = npt.NDArray[np.uint8]


class LabelImages:
    """The label images of samples, decoded when they are indexed.

    A label is the gray value of a pixel as Pillow reads it, 0 or 1 in a file of one bit, or the
    index in a palette. Labels are never mixed: resizing takes the value of the nearest pixel. Files
    are checked like those of images, and turned upright by their own EXIF data if images are.

    Args:
        files: one file for each sample.
        images: the image of each sample.
        decoding: how images are decoded. Its size, cropping, orientation, formats and limits apply
            to label images too.
        channels_first: whether the axis of length 1 comes before height and width.
    """

    def __init__(
        self, files: ImageFiles, images: ImageFiles, decoding: Decoding, channels_first: bool
    ) -> None:
        self._files, self._images, self._decoding = files, images, decoding
        height, width, _ = decoding.image_shape
        self._size, self._channels_first = (width, height), channels_first
        self._is_checked = np.zeros(len(files), bool)

    def __getitem__(self, indices: npt.NDArray[np.int64]) -> _Labels:
        """Return uint8 labels of shape (n, height, width, 1), or (n, 1, height, width).

        Raises:
            BadFileError: if a file can't be decoded, its pixels aren't labels from 0 to 255, or it
                is upright where its image lies on its side, or the reverse.
        """
        labels = np.stack([self._labels(int(index)) for index in indices])
        return labels[:, None] if self._channels_first else labels[..., None]

    def _labels(self, index: int) -> _Labels:
        path = self._files.path(index)
        try:
            picture = self._picture(path)
            self._check_lies_alike(index, picture)
            img = Image.fromarray(_labels_of(picture.img))
        except (OSError, ValueError) as error:
            reason = reason_of(error)
            self._files.audit.add_bad(self._files.row(index), reason)
            raise BadFileError(path, self._files.class_name(index), reason) from error
        if img.size != self._size:
            is_cut = self._decoding.crop_to_aspect_ratio
            box = centered_box(img.size, self._size) if is_cut else None
            img = img.resize(self._size, Image.Resampling.NEAREST, box=box)
        return np.asarray(img)

    def _picture(self, path: str) -> Picture:
        its = self._decoding
        data = read_file(path, its.formats, its.max_file_bytes)
        return picture_of(data, path, its.formats, upright=its.apply_exif_orientation)

    def _check_lies_alike(self, index: int, mask: Picture) -> None:
        """Refuse a mask that was made from the stored image instead of the upright one."""
        if self._is_checked[index]:
            return
        # A square mask fits either way, and a bad image is an error of its own.
        if mask.img.width != mask.img.height:
            with contextlib.suppress(OSError, ImageDecodeError):
                self._check_against(self._images.path(index), mask)
        self._is_checked[index] = True

    def _check_against(self, path: str, mask: Picture) -> None:
        (width, height), orientation = self._upright_size(path)
        if swaps_sides(orientation) == swaps_sides(mask.orientation) or width == height:
            return
        if (width > height) == (mask.img.width > mask.img.height):
            return
        turned = "image" if swaps_sides(orientation) else "mask"
        raise ValueError(
            f"has {mask.img.width} x {mask.img.height} pixels, but its image {path!r} has "
            f"{width} x {height}: EXIF data turn only the {turned}. Save both upright, or with the "
            "same orientation in their EXIF data"
        )

    def _upright_size(self, path: str) -> tuple[tuple[int, int], int]:
        """Return the (width, height) of the upright image, and its stored orientation."""
        stored: list[tuple[int, int]] = []

        def look(img: Image.Image) -> None:
            if img.format in ("JPEG", "MPO"):
                stored.append(img.size)
                img.draft(None, (1, 1))  # an eighth is decoded in a fraction of the time

        its = self._decoding
        data = read_file(path, its.formats, its.max_file_bytes)
        picture = picture_of(data, path, its.formats, upright=True, before_loading=look)
        if not stored:
            return picture.img.size, picture.orientation
        ((width, height),) = stored
        is_swapped = swaps_sides(picture.orientation)
        return ((height, width) if is_swapped else (width, height)), picture.orientation


def _labels_of(img: Image.Image) -> _Labels:
    has_alpha = img.mode in ("LA", "PA", "RGBA")
    pixels = np.asarray(img)
    if pixels.ndim == 3:
        pixels = _of_equal_channels(pixels, has_alpha)
    least, greatest = pixels.min(), pixels.max()
    if not (least >= 0 and greatest <= 255 and (pixels == np.rint(pixels)).all()):
        raise ValueError(f"values from {least} to {greatest}: labels are integers from 0 to 255")
    return pixels.astype(np.uint8)


def _of_equal_channels(pixels: npt.NDArray[np.uint8], has_alpha: bool) -> npt.NDArray[np.uint8]:
    """Return the values of an opaque gray picture that was saved in a color mode."""
    colors, alpha = (pixels[..., :-1], pixels[..., -1]) if has_alpha else (pixels, np.uint8(255))
    if (colors != colors[..., :1]).any() or np.any(alpha != 255):
        raise ValueError(
            "colors or transparency, which are not labels: save the masks as gray values, or with "
            "a palette"
        )
    return colors[..., 0]
