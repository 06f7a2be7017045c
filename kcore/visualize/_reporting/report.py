"""A report on a training: one file that needs no network and no script."""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_choice, check_text
from kcore._arrays import read_array
from kcore._files import write_whole
from kcore._logs import numbers_in
from kcore._settings import is_channels_first
from kcore._warning import warn
from kcore.visualize._arrays import Names, as_class_indices, as_names, check_class_names, columns_of
from kcore.visualize._confusion import confusion_matrix
from kcore.visualize._mistakes import predicted_classes, worst_mistakes
from kcore.visualize._reporting.confusion import confusion_section
from kcore.visualize._reporting.facts import (
    bad_files_section,
    checked_files,
    environment,
    setup_section,
)
from kcore.visualize._reporting.model import model_section
from kcore.visualize._reporting.page import STATUSES, page
from kcore.visualize._reporting.pictures import (
    Shown,
    as_image,
    feature_maps_section,
    mistakes_section,
    overlays_section,
)
from kcore.visualize._reporting.report_file import ReportFile
from kcore.visualize._reporting.section import Section
from kcore.visualize._reporting.training import curves_section, epochs_section
from kcore.visualize._reporting.writing import check_target
from kcore.visualize._series import Curve, curves_of, in_words, split_series

__all__ = ["report"]

_MISTAKES = 16


def report(
    path: str | os.PathLike[str],
    *,
    title: str = "Training",
    status: str = "finished",
    stop_reason: str | None = None,
    history: Any = None,
    validation_freq: int | Sequence[int] = 1,
    epoch_seconds: Sequence[float] | None = None,
    metrics: Mapping[str, float] | None = None,
    model: Any = None,
    labels: npt.ArrayLike | None = None,
    probabilities: npt.ArrayLike | None = None,
    images: npt.ArrayLike | None = None,
    class_names: Names | None = None,
    feature_maps: Mapping[str, npt.ArrayLike] | None = None,
    overlays: Mapping[str, npt.ArrayLike] | None = None,
    seeds: int | Mapping[str, object] | None = None,
    bad_files: Any = None,
    data_format: str | None = None,
) -> ReportFile:
    """Write what is known of a training into one HTML file.

    The file needs nothing beside itself: styles and pictures are inside, there is no script, and
    nothing is loaded from the network. It follows the reader's choice of light or dark, can be read
    on a phone, and says in words what its pictures show. Whatever names contain is shown as text. A
    part of the page is left out where its arguments are None.

    The file is written whole or not at all: a reader, or a crash in the middle of writing, meets
    the earlier one or the new one.

    Args:
        path: the file, which must end in ".html" or ".htm".
        title: what was trained.
        status: "running", "finished", "stopped" or "interrupted".
        stop_reason: why the training ended, in a sentence, such as `StopAtTarget.reason`.
        history: what `fit` returned, or a mapping such as its `history`: a list of values for each
            name, in which None stands for an epoch without a value. It gives the curves and the
            table of the epochs. A metric of at most 10 numbers an epoch gets a curve for each; a
            series of anything else, such as texts, is left out with a warning.
        validation_freq: what `fit` was given.
        epoch_seconds: how long each epoch took.
        metrics: the numbers for the top, such as `model.evaluate(..., return_dict=True)` returns;
            by default the history's last ones. One of up to 10 numbers is shown as one for each;
            one of more is left out with a warning.
        model: a Keras model, or what `kcore.inspect.trace` returned for it: the table of layers.
        labels: the true class index of each of some images that the model wasn't trained on,
            (images,) or (images, 1); or one-hot rows or probabilities, (images, classes).
        probabilities: what `model.predict` returned for them, `(images, classes)`, or `(images,)`
            or `(images, 1)` behind a sigmoid. With `labels` they give the confusion matrix.
        images: these images, uint8 or floating point in 0..1. With `labels` and `probabilities`
            they give the worst mistakes.
        class_names: the name of each class, in the order of their indices, or name -> index;
            without it the indices are written.
        feature_maps: an array `(height, width, channels)`, or a batch of one, for each layer's
            name: what `kcore.inspect.activations` returns for one image. Outputs without height and
            width are left out.
        overlays: a picture for each caption: what `overlay` returns.
        seeds: the seed, or one for each of its uses.
        bad_files: file, class and reason of each file that was left out, or the `audit` of a
            dataset of `kcore.data`, or what its `audit.bad` lists; an empty sequence says that none
            was.
        data_format: of the feature maps: "channels_last", "channels_first", or None for Keras's
            default.

    Returns:
        The file: a path for `open` and others that take one, which a notebook shows as a link with
        the status and the metrics.

    Raises:
        ValueError: if an argument is another than described above; then nothing is written.
        FileNotFoundError: if the directory doesn't exist.
        OSError: if the file can't be written; an earlier one is still there then.

    Example:
        >>> import pathlib, tempfile
        >>> import kcore
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> history = {"accuracy": [0.6, 0.8], "val_accuracy": [0.5, 0.7]}
        >>> written = kcore.visualize.report(folder / "report.html", history=history)
        >>> written.path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
        True
    """
    target = check_target("path", path, (".html", ".htm"))
    class_names = None if class_names is None else as_names(class_names)
    check_choice("status", status, tuple(STATUSES))
    title = check_text("title", title)
    if stop_reason is not None:
        check_text("stop_reason", stop_reason)
    if data_format is not None:
        is_channels_first(data_format)  # refuses what is none
    curves = [] if history is None else curves_of(history, validation_freq)
    epoch_seconds = _checked_seconds(epoch_seconds)
    overlays = _checked_mapping("overlays", overlays, "a picture for each caption")
    feature_maps = _checked_mapping("feature_maps", feature_maps, "an array for each layer's name")
    sections = [
        curves_section(curves) if curves else None,
        *_predictions(labels, probabilities, images, class_names),
        overlays_section(overlays) if overlays else None,
        feature_maps_section(feature_maps, data_format) if feature_maps else None,
        model_section(model) if model is not None else None,
        epochs_section(curves, epoch_seconds) if curves or epoch_seconds else None,
        bad_files_section(checked_files(bad_files)) if bad_files is not None else None,
        setup_section(environment(), _named_seeds(seeds)),
    ]
    shown = [section for section in sections if section is not None]
    numbers = _last_values(curves) if metrics is None else _checked_metrics(metrics)
    written = datetime.now(UTC)
    text = page(title, status, stop_reason, written, numbers, shown)
    write_whole(target, text.encode())
    return ReportFile(target, title, status, numbers)


def _predictions(
    labels: npt.ArrayLike | None,
    probabilities: npt.ArrayLike | None,
    images: npt.ArrayLike | None,
    class_names: Sequence[str] | None,
) -> list[Section]:
    """Make the confusion matrix and the worst mistakes."""
    if labels is None and probabilities is None and images is None:
        return []
    if labels is None or probabilities is None:
        raise ValueError(
            "labels and probabilities belong together: give both, and images too if the worst "
            "mistakes are to be shown."
        )
    classes = columns_of("probabilities", probabilities) or 2
    names = check_class_names(class_names, classes)
    true = as_class_indices("labels", labels, classes)
    predictions, _ = predicted_classes(probabilities)
    counts = confusion_matrix(true, predictions, classes)
    sections = [confusion_section(counts, names)]
    if images is not None:
        sections.append(_mistakes(images, true, probabilities, names))
    return sections


def _mistakes(
    images: npt.ArrayLike,
    labels: npt.NDArray[np.intp],
    probabilities: npt.ArrayLike,
    class_names: Sequence[str],
) -> Section:
    pictures = read_array("images", images)
    if pictures.ndim < 3:
        raise ValueError(
            f"images with shape {pictures.shape} must be (images, height, width) or (images, "
            "height, width, channels)."
        )
    if len(pictures) != len(labels):
        raise ValueError(f"There are {len(pictures)} images for {len(labels)} labels.")
    shown = [
        Shown(mistake, as_image(f"images[{mistake.index}]", pictures[mistake.index]))
        for mistake in worst_mistakes(labels, probabilities, _MISTAKES)
    ]
    return mistakes_section(shown, class_names, len(pictures))


def _checked_metrics(metrics: Any) -> dict[str, float]:
    numbers = _checked_mapping("metrics", metrics, "a number for each name")
    for name, value in numbers.items():
        if numbers_in(value) is None:
            raise ValueError(f"metrics[{name!r}]={value!r} must be a number.")
    found, left_out = split_series({name: [value] for name, value in numbers.items()})
    if left_out:
        warn(f"Left out of the report's metrics: {in_words(left_out)}.")
    return {name: value for name, (value,) in found.items() if value is not None}


def _checked_mapping(name: str, values: Any, of_what: str) -> Mapping[Any, Any]:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise ValueError(f"{name} is a {type(values).__name__}; it must be a mapping: {of_what}.")
    return values


def _checked_seconds(epoch_seconds: Any) -> list[float]:
    if epoch_seconds is None:
        return []
    if isinstance(epoch_seconds, (str, Mapping)) or not _has_entries(epoch_seconds):
        raise ValueError(f"epoch_seconds={epoch_seconds!r} must be the seconds of each epoch.")
    seconds = list(epoch_seconds)
    for one in seconds:
        if not _is_number(one) or not 0 <= one < math.inf:
            raise ValueError(f"epoch_seconds holds {one!r}; each must be a number of at least 0.")
    return [float(one) for one in seconds]


def _has_entries(values: object) -> bool:
    return isinstance(values, Iterable) and getattr(values, "ndim", 1) != 0


def _is_number(value: object) -> bool:
    """Tell numbers, also those of NumPy that are no arrays or arrays of one."""
    return np.ndim(value) == 0 and np.asarray(value).dtype.kind in "iuf"  # type: ignore[arg-type]


def _named_seeds(seeds: int | Mapping[str, object] | None) -> Mapping[str, object]:
    if seeds is None:
        return {}
    return seeds if isinstance(seeds, Mapping) else {"everything": seeds}


def _last_values(curves: Sequence[Curve]) -> dict[str, float]:
    """Return the last value of each metric, training before validation."""
    values = {}
    for curve in curves:
        if curve.training:
            values[curve.metric] = curve.training[-1][1]
        if curve.validation:
            values[f"val_{curve.metric}"] = curve.validation[-1][1]
    return values
