"""Classify image files."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kcore import _notebook
from kcore._arguments import check_choice, check_finite, check_integer, check_path
from kcore._console import printable
from kcore._forks import check_not_forked
from kcore._locks import lock_of
from kcore._progress import progress_bar
from kcore._warning import warn
from kcore.images import ImageDecodeError, load_img
from kcore.images._resizing import INTERPOLATIONS
from kcore.models._arguments import check_model
from kcore.models._class_names import check_class_names, get_class_names
from kcore.models._image_range import takes_unit_values
from kcore.models._loading.model_files import load
from kcore.models._probabilities import as_probabilities

__all__ = ["Classification", "classify"]

# Channels of the model's input -> how its images are loaded.
_COLOR_MODES = {1: "grayscale", 3: "rgb", 4: "rgba"}


@dataclass(frozen=True)
class Classification:
    """The classes that a model finds most likely for one image file.

    A notebook shows it as a table.

    Attributes:
        path: the file.
        class_names: names of the most likely classes, the most likely first; their indices as text
            if the model has no names; empty if there is an error.
        probabilities: probabilities of those classes, 0 to 1.
        error: why there is no result, if the file can't be read or the model gives NaN or infinity
            for it; otherwise `None`.
    """

    path: Path
    class_names: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()
    error: str | None = None

    def __repr__(self) -> str:
        classes = zip(self.class_names, self.probabilities, strict=True)
        found = self.error or ", ".join(f"{name} {value:.1%}" for name, value in classes)
        return f"<Classification of {printable(self.path.name)}: {printable(found)}>"

    def _repr_html_(self) -> str:
        if self.error is not None:
            return _notebook.summary(str(self.path), [("error", self.error)])
        rows = zip(self.class_names, map("{:.1%}".format, self.probabilities), strict=True)
        return _notebook.table(("class", "probability"), rows, caption=str(self.path))


def classify(
    model: keras.Model | str | os.PathLike[str],
    paths: Iterable[str | os.PathLike[str]],
    *,
    top: int = 5,
    class_names: Sequence[str] | None = None,
    batch_size: int = 32,
    interpolation: str = "nearest",
    rescale: float | None = None,
) -> list[Classification]:
    """Classify image files in batches, with progress on stderr.

    Threads decode files while the model computes. A file that can't be read doesn't stop the
    others; its result says why.

    Args:
        model: a classifier of images `(batch, height, width, channels)` with values 0 to 255, with
            its preprocessing built in, such as `kcore.models.transfer` makes; or the path of a
            saved one. A model that gives logits must be compiled with a loss with
            `from_logits=True`.
        paths: image files. They are resized to the size that the model takes, as
            `kcore.images.load_img` does.
        top: how many of the most likely classes to name; all if there are fewer.
        class_names: the names of the classes; `None` takes the model's own.
        batch_size: images per call into the backend. The last batch is padded to this size.
        interpolation: how images are resized: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos"`,
            `"box"` or `"hamming"`. Give the one that the model was trained with.
        rescale: factor for the values of images, 0 to 255, before the model gets them: `1 / 255`
            for a model that takes 0 to 1. `None` leaves them raw, with a warning where the model is
            known to take 0 to 1.

    Returns:
        A `Classification` for each path, in the order of the paths.

    Raises:
        ValueError: if the model doesn't take images of a known size with 1, 3 or 4 channels,
            doesn't have one output `(batch, classes)`, or doesn't give probabilities; or if the
            names don't fit it.
        ModelFileError: if the file `model` is damaged, or holds no model that can be loaded.
        FileNotFoundError: if the file `model` doesn't exist. A missing image doesn't raise an
            error: its result says so.

    Example:
        >>> import tempfile, kcore, numpy as np
        >>> trained = kcore.models.binary_cnn((24, 24, 3), filters=(4, 4), seed=1)
        >>> model = kcore.models.transfer(
        ...     trained, "pool_2", preprocessing="unit", hidden_units=8, class_names=["cat", "dog"]
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     kcore.images.save_img(f"{folder}/a.png", np.ones((30, 30, 3)))
        ...     good, bad = kcore.models.classify(model, [f"{folder}/a.png", f"{folder}/b.png"])
        >>> sorted(good.class_names), bad.error
        (['cat', 'dog'], 'there is no such file')
    """
    check_not_forked("kcore.models.classify")
    is_file = isinstance(model, (str, os.PathLike))
    model = load(check_path("model", model)) if is_file else check_model(model)
    probabilities = as_probabilities(model)
    own = class_names is None
    names = get_class_names(model) if own else check_class_names(model, class_names)
    files = [check_path(f"paths[{number}]", path) for number, path in enumerate(_listed(paths))]
    check_choice("interpolation", interpolation, tuple(INTERPOLATIONS))
    height, width, channels = _image_shape(model)
    factor = _factor(rescale, model)
    top = check_integer("top", top)
    batch_size = check_integer("batch_size", batch_size)
    batch_size = min(batch_size, max(len(files), 1))

    def read(path: Path) -> np.ndarray[Any, Any] | str:
        return _read(path, _COLOR_MODES[channels], (height, width), interpolation)

    results: list[Classification] = []
    with (
        ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as threads,
        progress_bar("Classifying", total=len(files), delay=2.0) as progress,
    ):
        images = _ahead(threads, read, files, 2 * batch_size)
        for start in range(0, len(files), batch_size):
            part = files[start : start + batch_size]
            read_part = list(islice(images, len(part)))
            results += _classified(
                model, probabilities, part, read_part, batch_size, names, top, factor
            )
            progress.update(len(part))
    return results


def _listed(paths: Any) -> Iterable[Any]:
    if isinstance(paths, (str, bytes, os.PathLike)):
        raise ValueError(f"paths={paths!r} is one path: give a list, [{str(paths)!r}].")
    is_scalar = getattr(paths, "ndim", 1) == 0
    if isinstance(paths, Mapping) or not isinstance(paths, Iterable) or is_scalar:
        raise TypeError(f"paths={paths!r} must be a list of paths.")
    return paths


def _factor(rescale: float | None, model: Any) -> float | None:
    if rescale is not None:
        return check_finite("rescale", rescale)
    if takes_unit_values(model):
        warn(
            f"{model.name!r} takes values from 0 to 1, and classify gives it 0 to 255: give rescale"
            "=1 / 255, or rescale=1 if it was trained on raw images."
        )
    return None


def _image_shape(model: Any) -> tuple[int, int, int]:
    if len(model.inputs) != 1:
        raise ValueError(f"The model {model.name!r} has {len(model.inputs)} inputs: one is needed.")
    shape = tuple(model.inputs[0].shape[1:])
    if len(shape) != 3 or None in shape or shape[-1] not in _COLOR_MODES:
        raise ValueError(
            f"The model takes {tuple(model.inputs[0].shape)}: a known height and width and 1, 3 or "
            "4 channels are needed, (batch, height, width, channels)."
        )
    return shape


def _read(
    path: Path, color_mode: str, size: tuple[int, int], interpolation: str
) -> np.ndarray[Any, Any] | str:
    """Return an image as uint8 (height, width, channels), or why there is none."""
    try:
        image = load_img(path, color_mode, size, interpolation)
    except FileNotFoundError:
        return "there is no such file"
    except ImageDecodeError as error:
        return str(error)
    except OSError as error:
        return f"can't be read: {error.strerror or error}"
    if image.mode not in ("L", "RGB", "RGBA"):
        return (
            f"is a gray image of more than 8 bits (mode {image.mode}): values 0 to 255 are needed"
        )
    return np.asarray(image).reshape(*size, -1)


def _ahead(threads: Any, read: Any, files: Sequence[Path], ahead: int) -> Iterator[Any]:
    """Read files in threads, never more than `ahead` files in advance."""
    waiting = [threads.submit(read, path) for path in files[:ahead]]
    for position in range(len(files)):
        result = waiting[position].result()
        waiting[position] = None
        if position + ahead < len(files):
            waiting.append(threads.submit(read, files[position + ahead]))
        yield result


def _classified(
    model: Any,
    probabilities: Callable[[Any], Any],
    files: Sequence[Path],
    images: Sequence[Any],
    batch_size: int,
    names: Sequence[str] | None,
    top: int,
    factor: float | None,
) -> list[Classification]:
    good = [image for image in images if not isinstance(image, str)]
    answers = iter(probabilities(_outputs(model, good, batch_size, factor)) if good else ())
    return [
        Classification(path, error=image)
        if isinstance(image, str)
        else _best(path, next(answers), names, top)
        for path, image in zip(files, images, strict=True)
    ]


def _outputs(
    model: Any, images: Sequence[Any], batch_size: int, factor: float | None
) -> np.ndarray[Any, Any]:
    batch = np.stack([*images, *[images[-1]] * (batch_size - len(images))])
    batch = batch if factor is None else batch * np.float32(factor)
    with lock_of(model):  # Keras compiles a model's prediction function at its first prediction
        return np.asarray(model.predict_on_batch(batch))[: len(images)]


def _best(
    path: Path, probabilities: np.ndarray[Any, Any], names: Sequence[str] | None, top: int
) -> Classification:
    if np.isnan(probabilities).any():
        return Classification(path, error="the model gives NaN or infinite values for it")
    order = np.argsort(-probabilities, kind="stable")[:top]
    return Classification(
        path,
        tuple(str(number) if names is None else names[number] for number in order),
        tuple(float(probabilities[number]) for number in order),
    )
