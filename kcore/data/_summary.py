"""Show a dataset of images in a notebook: facts, classes and a few images."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore._notebook import join, picture, summary, table
from kcore.data._file_audit import BadFileError

if TYPE_CHECKING:
    from kcore.data._image_batches import ImageBatches

__all__ = ["dataset_html"]

_IMAGES = 8
_SIDE = 96
_CLASSES = 20


def dataset_html(dataset: "ImageBatches") -> str:
    """Return a dataset's size, its classes, and images from all over it, as HTML.

    Images are shown before `transform`. The batches that `fit` or a loop receives don't change.
    """
    pictures = _pictures(dataset)
    facts = [
        ("samples", f"{dataset.samples:,}"),
        ("batches", f"{len(dataset):,}, with up to {dataset.batch_size:,} samples each"),
        *pictures.facts,
        ("seed", dataset.seed),
        ("epoch", dataset.epoch),
    ]
    bad = [] if dataset.audit is None else dataset.audit.bad
    if bad:
        facts.append(("bad files so far", f"{len(bad):,}"))
    parts = [summary(type(dataset).__name__, facts)]
    if dataset.files is not None and dataset.class_names:
        parts.append(counts_html(dataset.files.counts()))
    return join(*parts, *pictures.images)


def counts_html(counts: dict[str, int]) -> str:
    """Return a table of the number of images of each class, or of the first classes only."""
    rows = [(name, f"{count:,}") for name, count in list(counts.items())[:_CLASSES]]
    caption = f"the first {_CLASSES} of {len(counts):,} classes" if len(counts) > _CLASSES else None
    return table(["class", "images"], rows, caption)


class _Pictures:
    """Images of a dataset as `<img>` elements, and what is known about all of them."""

    def __init__(self) -> None:
        self.images: list[str] = []
        self.facts: list[tuple[str, object]] = []


def _pictures(dataset: "ImageBatches") -> _Pictures:
    found = _Pictures()
    last = dataset.samples - 1
    for index in np.unique(np.linspace(0, last, min(_IMAGES, dataset.samples)).astype(int)):
        try:
            pixels = dataset.image(int(index))
        except BadFileError:
            continue  # the audit has it now, and a loop over the dataset says so
        if not isinstance(pixels, np.ndarray):
            break  # a dictionary of inputs
        if not found.facts:
            found.facts = [("images", f"{pixels.dtype}, shape {pixels.shape}")]
        img = _thumbnail(pixels)
        if img is not None:
            scale = max(1, _SIDE // max(img.size))
            found.images.append(picture(img, _caption(dataset, int(index)), scale=scale))
    return found


def _caption(dataset: "ImageBatches", index: int) -> str:
    if dataset.files is None:
        return f"sample {index}"
    class_name = dataset.files.class_name(index)
    of_class = "" if class_name is None else f", class {class_name}"
    return f"sample {index}{of_class}: {dataset.files.filename(index)}"


def _thumbnail(pixels: npt.NDArray[Any]) -> Image.Image | None:
    """Return a small picture of an array that looks like an image; None for others."""
    if pixels.ndim == 3 and pixels.shape[-1] not in (1, 3, 4) and pixels.shape[0] in (1, 3, 4):
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.ndim == 2:
        pixels = pixels[..., np.newaxis]
    if pixels.ndim != 3 or pixels.shape[-1] not in (1, 3, 4) or not pixels.size:
        return None
    levels = _levels(pixels)
    if levels is None:
        return None
    img = Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels)
    img.thumbnail((_SIDE, _SIDE))
    return img


def _levels(pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint8] | None:
    """Return uint8 values unchanged, and other real numbers stretched from black to white."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind == "c":
        return None
    numbers = pixels.astype(np.float64)
    if not np.isfinite(numbers).all():
        return None
    low, high = numbers.min(), numbers.max()
    scaled = (numbers - low) * (255 / (high - low) if high > low else 0)
    return np.rint(scaled).astype(np.uint8)
