"""Rewrite a report after each epoch."""

import os
import time
import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore._arguments import check_text
from kcore._locks import lock_of
from kcore._logs import numbers_in
from kcore._targets import option_of
from kcore._warning import warn
from kcore.data._callers import is_called_by_fit
from kcore.inspect._activations import activations
from kcore.inspect._trace import trace
from kcore.training._plain_values import is_plain
from kcore.visualize._arrays import Names, as_names
from kcore.visualize._examples import Examples
from kcore.visualize._mistakes import predicted_classes
from kcore.visualize._overlay import overlay
from kcore.visualize._reporting.facts import checked_files
from kcore.visualize._reporting.live_file import History, LiveFile
from kcore.visualize._reporting.training import duration
from kcore.visualize._reporting.writing import check_target
from kcore.visualize._series import in_words, split_series

__all__ = ["LiveReport"]

# Arguments of `report` that hold the examples, once they are predicted.
_JUDGED = ("labels", "probabilities", "images")
Explanation = Callable[[Any, npt.NDArray[Any]], npt.ArrayLike]
Part = dict[str, Any]


class LiveReport(keras.callbacks.Callback):
    """Rewrite the report on a training run after each epoch.

    The report holds curves, the table of layers, the epochs with their durations, seeds and
    versions. With `examples` it also holds the confusion matrix and the worst mistakes after each
    epoch, and with `layers` and `explain` the feature maps and heat maps after the last one.

    During training the status is "running", and the report says how many epochs are done. At the
    end it is "finished" or "stopped", with the reason of `stop`. If an exception or an interrupt
    ends `fit`, the status becomes "interrupted" when the process ends; in a notebook, whose process
    goes on, write `with live_report:` around `fit` to see it immediately. If the process is killed,
    the report of the last epoch is left. A forked process doesn't change the report of its parent.

    Each training run needs its own file. A run is refused if another one that is still going writes
    the same file, in this process or in another one on this machine. A run that has ended, even by
    an exception or a kill, doesn't block the file. During training, there is a hidden lock file
    beside the report.

    Wrong arguments are found before the first epoch: `layers` and `explain` are tried on the
    untrained model. After that, the report never stops training. If the file can't be written, for
    instance because the disk is full, a warning says why, and the next epoch tries again. If a part
    of the report fails, it is left out with a warning.

    Args:
        path: the file, which must end in ".html" or ".htm".
        title: what is trained.
        examples: a pair (x, labels) of images that the model isn't trained on: x as the model takes
            it, and the class of each image as an index or a one-hot row. Or a dataset of such
            batches, for instance the validation dataset: it is read once, when the callback is
            made, and its images stay in memory, at most 1 GiB. A dataset of `kcore` is read at its
            current `epoch`. The model predicts the examples after each epoch.
        pictures: the same images in the form in which to show them, (images, height, width) or
            (images, height, width, channels) with 1 or 3 channels, uint8 in 0..255 or floating
            point in 0..1; by default x. The images of a dataset may also be floating point in
            0..255.
        class_names: the name of each class in the order of their indices, or name -> index; by
            default the names of the dataset, or else the indices.
        layers: the layers whose feature maps of the first example are shown: a name, an index into
            `model.layers`, a layer, a class such as `keras.layers.Conv2D`, or a sequence of them. A
            layer of a nested model may be named with or without the model, "base/mixed7" or
            "mixed7".
        explain: a function of the model and of images (images, height, width, channels) that
            returns heat maps (images, height, width) in 0..1, such as `kcore.explain.grad_cam`. It
            is called with the first 8 examples, or with 8 that are spread over a dataset.
        stop: the callback whose `reason` the report gives at the end, such as a `StopAtTarget`.
        seeds: the seed, or name -> seed if there are several.
        bad_files: the files that were left out: a sequence of (file, class, reason), or the `audit`
            of a dataset of `kcore.data`. It is read each time the report is written, so it lists
            files that are found to be bad during training.

    Raises:
        TypeError: if `path` is not a path, or `title` is not a string.
        ValueError: if another argument is not as described above; and when training begins, if the
            outputs of the model are not probabilities of classes, if `layers` or `explain` doesn't
            fit the model, or if another training run that is still going writes the same file.
        FileNotFoundError: if the directory of `path` doesn't exist.

    Example:
        >>> import kcore
        >>> stop = kcore.training.StopAtTarget("accuracy", 0.95)
        >>> live = kcore.visualize.LiveReport("report.html", stop=stop)
        >>> callbacks = [stop, live]
    """

    # Its predictions would wait for all processes, and its file is for one of them.
    needs_one_process = True

    def __init__(
        self,
        path: str | os.PathLike[str] = "report.html",
        *,
        title: str = "Training",
        examples: Any = None,
        pictures: npt.ArrayLike | None = None,
        class_names: Names | None = None,
        layers: Any = None,
        explain: Explanation | None = None,
        stop: Any = None,
        seeds: int | Mapping[str, object] | None = None,
        bad_files: Any = None,
    ):
        super().__init__()
        self.path = check_target("path", path, (".html", ".htm"))
        check_text("title", title)
        names = None if class_names is None else as_names(class_names)
        self._examples = None if examples is None else Examples(examples, pictures, names)
        if self._examples is not None:
            names = self._examples.names
        if examples is None and (layers is not None or explain is not None):
            raise ValueError("layers and explain show what is seen in examples; give examples.")
        checked_files(bad_files)
        self._layers = layers
        self._explain = _checked_explanation(explain)
        self._stop = _checked_stop(stop)
        self._file = LiveFile(
            self.path,
            {"title": title, "class_names": names, "seeds": seeds, "bad_files": bad_files},
        )
        # Runs when this is forgotten and when the process ends, whichever comes first.
        self._last_words = weakref.finalize(self, self._file.interrupt)

    def __repr__(self) -> str:
        written = self._file.written
        status = "not yet written" if written is None else written.status
        return f"{type(self).__name__}({str(self.path)!r}, status={status!r})"

    def _repr_html_(self) -> str | None:
        written = self._file.written
        return None if written is None else written._repr_html_()

    def __enter__(self) -> "LiveReport":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.interrupt()

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Write a first report, so that errors show before hours of training."""
        self._logs: list[dict[str, Any]] = []
        self._left_out: set[str] = set()
        self._seconds: list[float] = []
        self._first_epoch = 0
        nothing_yet = dict.fromkeys(("history", "epoch_seconds", "feature_maps", "overlays"))
        self._file.contents.update(nothing_yet)
        self._file.contents.update(**self._layer_table(), **self._predictions())
        with warnings.catch_warnings(action="ignore"):
            # Only to see whether they raise an error: an untrained model has nothing worth showing.
            self._feature_maps()
            self._overlays()
        self._file.begin("No epoch has ended yet.", self._goes_on())

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Start the clock."""
        if not self._logs:
            self._first_epoch = epoch
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Write what is known after this epoch."""
        self._seconds.append(time.perf_counter() - self._began)
        # Arrays are copied, as another callback may overwrite its own later.
        self._logs.append({name: _kept(value) for name, value in (logs or {}).items()})
        self._file.contents.update(history=self._history_so_far(), epoch_seconds=self._seconds)
        self._take_up("predictions", self._predictions, _JUDGED)
        self._file.write("running", self._progress(epoch))

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Add feature maps and heat maps, and say how the training ended."""
        self._part_weights_from_averages()
        self._take_up("table of layers", self._layer_table, ["model"])
        self._take_up("predictions", self._predictions, _JUDGED)
        self._take_up("feature maps", self._feature_maps, ["feature_maps"])
        self._take_up("heat maps", self._overlays, ["overlays"])
        self._file.write(*self._end())

    def get_state(self) -> dict[str, Any]:
        """Return what is known of the epochs so far, to be saved by `kcore.training.fit`."""
        logs = [
            {name: value for name, value in epoch.items() if is_plain(value)}
            for epoch in self._logs
        ]
        return {
            "logs": logs,
            "left_out": set(self._left_out),
            "seconds": list(self._seconds),
            "first_epoch": self._first_epoch,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on with what `get_state` has returned."""
        self._logs, self._left_out = state["logs"], state["left_out"]
        self._seconds, self._first_epoch = state["seconds"], state["first_epoch"]
        if self._logs:
            self._file.contents.update(history=self._history_so_far(), epoch_seconds=self._seconds)

    def _goes_on(self) -> Callable[[], bool]:
        """Return a function that tells whether training with this callback still goes on.

        It doesn't keep the callback alive.
        """
        itself = weakref.ref(self)

        def goes_on() -> bool:
            callback = itself()
            return callback is not None and is_called_by_fit(callback)

        return goes_on

    def _take_up(self, what: str, part: Callable[[], Part], names: Sequence[str]) -> None:
        """Add a part to the report, or leave it out with a warning if it fails."""
        try:
            self._file.contents.update(part())
        except Exception as error:
            self._file.contents.update(dict.fromkeys(names))
            reason = f"{type(error).__name__}: {error}"
            warn(
                f"LiveReport leaves out its {what}: {reason} The training goes on.", RuntimeWarning
            )

    def _part_weights_from_averages(self) -> None:
        """Give the weights their own buffers.

        At the end of training, an optimizer with `use_ema` overwrites the weights with its
        averages. On JAX the two then share buffers. `predict` donates them, and afterwards the
        model could not be saved.
        """
        if getattr(self.model.optimizer, "use_ema", False):
            with lock_of(self.model):
                self.model.set_weights(self.model.get_weights())

    def _layer_table(self) -> Part:
        """Return the table of layers, or the model if no table can be made."""
        shape = None if self._examples is None else self._examples.x.shape[1:]
        try:
            return {"model": trace(self.model, shape)}
        except (TypeError, ValueError):
            return {"model": self.model}

    def _history_so_far(self) -> History | None:
        """Return the series that can be drawn, and warn once about each of the others."""
        names = dict.fromkeys(name for epoch in self._logs for name in epoch)
        logs = {name: [epoch.get(name) for epoch in self._logs] for name in names}
        found, left_out = split_series(logs)
        new = {name: reason for name, reason in left_out.items() if name not in self._left_out}
        if new:
            self._left_out.update(new)
            warn(f"LiveReport leaves out {in_words(new)}. The training goes on.", RuntimeWarning)
        if all(value is None for values in found.values() for value in values):
            return None
        epochs = list(range(self._first_epoch, self._first_epoch + len(self._logs)))
        return History(epochs, found)

    def _predictions(self) -> Part:
        examples = self._examples
        if examples is None:
            return {}
        # Another thread may use the model at the same time.
        with lock_of(self.model):
            predicted = self.model.predict(examples.x, verbose=0)
        outputs = np.asarray(predicted, dtype=np.float64)
        if not np.isfinite(outputs).all():
            return dict.fromkeys(_JUDGED)
        if option_of(self.model.loss, "from_logits"):
            outputs = _probabilities(outputs)
        predicted_classes(outputs)  # raises an error if they are not probabilities
        return dict(zip(_JUDGED, (examples.labels, outputs, examples.pictures), strict=True))

    def _feature_maps(self) -> Part:
        if self._layers is None or self._examples is None:
            return {}
        outputs = activations(self.model, self._examples.x[:1], self._layers)
        maps = {name: array for name, array in outputs.items() if array.ndim == 4}
        if not maps:
            raise ValueError(
                f"layers={self._layers!r} return nothing with a height and a width: choose "
                "convolution or pooling layers."
            )
        return {"feature_maps": maps}

    def _overlays(self) -> Part:
        examples = self._examples
        if self._explain is None or examples is None:
            return {}
        explained = examples.x[examples.chosen]
        heat_maps = np.asarray(self._explain(self.model, explained))
        if heat_maps.ndim == 0 or len(heat_maps) != len(explained):
            raise ValueError(
                f"explain returned {heat_maps.shape[0] if heat_maps.ndim else 'no'} heat maps for "
                f"{len(explained)} examples; it must return one for each."
            )
        names = self._file.contents["class_names"]
        labels = [str(label) if names is None else names[label] for label in examples.labels]
        overlays = {
            f"example {index}: {labels[index]}": overlay(examples.pictures[index], heat_map)
            for index, heat_map in zip(examples.chosen, heat_maps, strict=True)
        }
        return {"overlays": overlays}

    def _progress(self, epoch: int) -> str:
        planned = self.params.get("epochs")
        done = f"Epoch {epoch + 1} of {planned} is done." if planned else f"{epoch + 1} epochs."
        if not planned or planned <= epoch + 1:
            return done
        # The first epoch compiles, so it says little about the others.
        typical = float(np.median(self._seconds[1:] or self._seconds))
        return f"{done} About {duration(typical * (planned - epoch - 1))} are left."

    def _end(self) -> tuple[str, str]:
        """Return the status, and why the training ended."""
        reason = getattr(self._stop, "reason", None)
        ran = self._first_epoch + len(self._logs)
        planned = self.params.get("epochs")
        if self.model.stop_training:
            return "stopped", reason or f"A callback stopped the training in epoch {ran}."
        return "finished", reason or f"All {planned or ran} epochs are done."


def _kept(value: Any) -> Any:
    numbers = numbers_in(value)
    return value if numbers is None else numbers


def _checked_explanation(explain: Explanation | None) -> Explanation | None:
    if explain is not None and not callable(explain):
        raise ValueError(f"explain={explain!r} must be a function of a model and some examples.")
    return explain


def _checked_stop(stop: Any) -> Any:
    if stop is not None and not hasattr(stop, "reason"):
        raise ValueError(
            f"stop={stop!r} must be a callback with a reason, such as StopAtTarget. Other "
            "callbacks that stop training are noticed without it."
        )
    return stop


def _probabilities(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the softmax of each row, or the sigmoid if there is one output."""
    if logits.ndim == 1 or logits.shape[1] == 1:
        positive: npt.NDArray[np.float64] = np.exp(-np.logaddexp(0, -logits))
        return positive
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
