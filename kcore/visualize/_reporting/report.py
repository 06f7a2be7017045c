"""Write the report on a training run: one file that needs no network and no script."""

import dataclasses
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
from kcore.visualize._reporting.page import STATUSES, Head, page
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
_TEST_ACCURACY = "test accuracy"
# What Keras calls the share of images whose class is right.
_ACCURACIES = (
    "accuracy",
    "acc",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
)


def report(
    path: str | os.PathLike[str],
    *,
    title: str = "Training",
    status: str = "finished",
    stop_reason: str | None = None,
    note: str | None = None,
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
    """Write a report on a training run into one HTML file.

    The file is self-contained: it holds its styles and pictures, has no scripts, and loads nothing
    from the network. It follows the reader's choice of a light or dark theme, fits on a phone, and
    describes its pictures in words. Names are shown as text, whatever they contain. A part of the
    page is left out if its arguments are None.

    With `labels` and `probabilities`, the number that stands out at the top is the test accuracy:
    the share of these images whose class is predicted. The curve of the accuracy has it as a point
    at its end.

    The file is written completely or not at all: after a crash in the middle of writing, the
    earlier file is still there.

    Args:
        path: the file, which must end in ".html" or ".htm".
        title: what was trained.
        status: "running", "finished", "stopped" or "interrupted".
        stop_reason: why the training ended, in a sentence, such as `StopAtTarget.reason`.
        note: what a reader must know about the results, shown above them, such as the `note` of a
            dataset that `kcore.datasets.load` returned.
        history: what `fit` returned, or a mapping such as its `history`: a list of values for each
            name, with None for an epoch without a value. It gives the curves and the table of
            epochs. A metric of at most 10 numbers per epoch gets a curve for each of them; a series
            of anything else, such as texts, is left out with a warning.
        validation_freq: the `validation_freq` of `fit`, if the model was validated only in some
            epochs: the number of epochs from one validation to the next, or a list of epochs, which
            count from 1.
        epoch_seconds: the duration of each epoch, in seconds.
        metrics: name -> number, shown at the top after the test accuracy, such as what
            `model.evaluate(..., return_dict=True)` returns; by default the last values of
            `history`, as "training loss", "validation loss" and so on. A metric of at most 10
            numbers is shown as one for each; a metric of more is left out with a warning.
        model: the model whose layers are listed: a `keras.Model`, or what `kcore.inspect.trace`
            returned for it.
        labels: the true classes of some images that the model wasn't trained on: indices, (images,)
            or (images, 1), or one-hot rows or probabilities, (images, classes).
        probabilities: what `model.predict` returned for these images: (images, classes), or
            (images,) or (images, 1) for a model with one sigmoid output. Together with `labels`
            they give the test accuracy and the confusion matrix.
        images: these images, (images, height, width) or (images, height, width, channels) with 1 or
            3 channels, uint8 in 0..255 or floating point in 0..1. Together with `labels` and
            `probabilities` they give the worst mistakes.
        class_names: the name of each class in the order of their indices, or name -> index; by
            default the indices are shown.
        feature_maps: name of a layer -> what it returned for one image,
            (height, width, channels) or (1, height, width, channels), such as
            `kcore.inspect.activations` returns. Outputs without height and width are left out.
        overlays: caption -> picture, such as `overlay` returns: a Pillow image, or an array
            (height, width) or (height, width, channels) with 1 or 3 channels, uint8 in 0..255 or
            floating point in 0..1.
        seeds: the seed, or name -> seed if there are several.
        bad_files: the files that were left out: a sequence of (file, class, reason), or the `audit`
            of a dataset of `kcore.data`. If it is empty, the report says that no file was left out.
        data_format: the axis order of the feature maps, "channels_last" or "channels_first"; None
            stands for `keras.config.image_data_format()`.

    Returns:
        The `ReportFile`: a path for `open` and other functions that take one. A notebook shows it
        as a link with the status and the metrics.

    Raises:
        TypeError: if `path` is not a path, or `title`, `stop_reason` or `note` is not a string.
        ValueError: if another argument is not as described above. Then nothing is written.
        FileNotFoundError: if the directory of `path` doesn't exist.
        OSError: if the file can't be written. Then an earlier file is left as it was.

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
    for name, text in (("stop_reason", stop_reason), ("note", note)):
        if text is not None:
            check_text(name, text)
    if data_format is not None:
        is_channels_first(data_format)  # refuses an unknown data format
    counts, predictions = _predictions(labels, probabilities, images, class_names)
    test = _accuracy(counts)
    curves = [] if history is None else _with_test(curves_of(history, validation_freq), test)
    epoch_seconds = _checked_seconds(epoch_seconds)
    overlays = _checked_mapping("overlays", overlays, "a picture for each caption")
    feature_maps = _checked_mapping("feature_maps", feature_maps, "an array for each layer's name")
    sections = [
        curves_section(curves) if curves else None,
        *predictions,
        overlays_section(overlays) if overlays else None,
        feature_maps_section(feature_maps, data_format) if feature_maps else None,
        model_section(model) if model is not None else None,
        epochs_section(curves, epoch_seconds) if curves or epoch_seconds else None,
        bad_files_section(checked_files(bad_files)) if bad_files is not None else None,
        setup_section(environment(), _named_seeds(seeds)),
    ]
    shown = [section for section in sections if section is not None]
    numbers = _last_values(curves) if metrics is None else _checked_metrics(metrics)
    if test is not None:
        numbers = {_TEST_ACCURACY: test, **numbers}
    head = Head(title, status, stop_reason, note, datetime.now(UTC), numbers, _TEST_ACCURACY)
    write_whole(target, page(head, shown).encode())
    return ReportFile(target, title, status, numbers)


def _predictions(
    labels: npt.ArrayLike | None,
    probabilities: npt.ArrayLike | None,
    images: npt.ArrayLike | None,
    class_names: Sequence[str] | None,
) -> tuple[npt.NDArray[np.int64] | None, list[Section]]:
    """Return the counts of the confusion matrix, and its section and that of the worst mistakes."""
    if labels is None and probabilities is None and images is None:
        return None, []
    if labels is None or probabilities is None:
        raise ValueError(
            "labels and probabilities belong together: give both, and images too to show the "
            "worst mistakes."
        )
    classes = columns_of("probabilities", probabilities) or 2
    names = check_class_names(class_names, classes)
    true = as_class_indices("labels", labels, classes)
    predictions, _ = predicted_classes(probabilities)
    counts = confusion_matrix(true, predictions, classes)
    sections = [confusion_section(counts, names)]
    if images is not None:
        sections.append(_mistakes(images, true, probabilities, names))
    return counts, sections


def _accuracy(counts: npt.NDArray[np.int64] | None) -> float | None:
    return None if counts is None else float(np.trace(counts) / counts.sum())


def _with_test(curves: Sequence[Curve], accuracy: float | None) -> list[Curve]:
    """Put the test accuracy at the end of the curve of the accuracy."""
    return [
        dataclasses.replace(curve, test=((curve.last_epoch, accuracy),))
        if accuracy is not None and curve.metric in _ACCURACIES
        else curve
        for curve in curves
    ]


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
    """Tell whether it is a number, which may be a NumPy scalar or an array without axes."""
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
            values[f"training {curve.metric}"] = curve.training[-1][1]
        if curve.validation:
            values[f"validation {curve.metric}"] = curve.validation[-1][1]
    return values
