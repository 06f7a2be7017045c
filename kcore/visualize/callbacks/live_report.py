"""A report that is rewritten after every epoch."""

import os
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore.inspect.activations import activations
from kcore.inspect.trace import trace
from kcore.visualize.examples import Examples
from kcore.visualize.overlay import overlay
from kcore.visualize.reporting.live_file import History, LiveFile
from kcore.visualize.reporting.training import duration
from kcore.visualize.reporting.writing import check_target

__all__ = ["LiveReport"]

_EXPLAINED = 8
Explanation = Callable[[Any, npt.NDArray[Any]], npt.ArrayLike]


class LiveReport(keras.callbacks.Callback):
    """Keep a report of a training up to date: rewrite it as a whole after each epoch.

    It holds what `report` shows: curves, the table of layers, epochs with their times, seeds and
    versions; with `examples` also the confusion matrix and the worst mistakes after each epoch, and
    with `layers` and `explain`, once the training has ended, feature maps and heat maps.

    While the training runs the report says "running", and how far it is. At its end it says
    "finished" or "stopped", with the reason of `stop`. If the process ends otherwise, by an
    exception or an interrupt, it says "interrupted"; in a notebook, where the process goes on, use
    the callback in a `with` block around `fit` for that. A process that is killed has no time for
    this: then the report of the last epoch is left.

    If the file can't be written, because the disk is full or the directory has gone, a warning says
    why, the training goes on, and the next epoch tries again.

    Args:
        path: the file, which must end in ".html" or ".htm".
        title: what is trained.
        examples: `(x, labels)`: some images that the model isn't trained on, as the model takes
            them, and their class indices. They are predicted after each epoch.
        pictures: the same images to be shown, uint8 or floating point in 0..1; by default `x`.
        class_names: the name of each class.
        layers: layers whose feature maps of the first example are shown, as
            `kcore.inspect.activations` takes them.
        explain: takes the model and a batch of examples and returns a heat map in 0..1 for each,
            such as `kcore.inspect.grad_cam`; it is asked about the first 8 examples.
        stop: the callback whose `reason` is written at the end: a `StopAtTarget`.
        seeds: the seed, or one for each of its uses.
        bad_files: file, class and reason of each file that was left out.

    Raises:
        ValueError: if an argument is another than described above. When the training begins: if
            the model's outputs are no probabilities of classes.
        FileNotFoundError: if the directory doesn't exist.

    Example:
        >>> import kcore
        >>> stop = kcore.training.StopAtTarget("accuracy", 0.95)
        >>> live = kcore.visualize.LiveReport("report.html", stop=stop)
        >>> callbacks = [stop, live]
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = "report.html",
        *,
        title: str = "Training",
        examples: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
        pictures: npt.ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
        layers: Any = None,
        explain: Explanation | None = None,
        stop: Any = None,
        seeds: int | Mapping[str, object] | None = None,
        bad_files: Sequence[Sequence[object]] | None = None,
    ):
        super().__init__()
        self.path = check_target("path", path, (".html", ".htm"))
        self._examples = None if examples is None else Examples(examples, pictures)
        if examples is None and (layers is not None or explain is not None):
            raise ValueError("layers and explain show what is seen in examples; give examples.")
        self._layers, self._explain, self._stop = layers, explain, stop
        self._file = LiveFile(
            self.path,
            {"title": title, "class_names": class_names, "seeds": seeds, "bad_files": bad_files},
        )
        # Runs when this is forgotten and when the process ends, whichever comes first.
        self._last_words = weakref.finalize(self, self._file.interrupt)

    def __enter__(self) -> "LiveReport":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.interrupt()

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Write a first report, so that whatever is wrong shows before hours are spent."""
        self._logs: list[dict[str, float]] = []
        self._seconds: list[float] = []
        self._first_epoch = 0
        nothing_yet = dict.fromkeys(("history", "epoch_seconds", "feature_maps", "overlays"))
        self._file.contents.update(model=self._layer_table(), **nothing_yet, **self._predictions())
        self._file.write("running", "No epoch has ended yet.")

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Start the clock."""
        if not self._logs:
            self._first_epoch = epoch
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Write what is known after this epoch."""
        self._seconds.append(time.perf_counter() - self._began)
        self._logs.append({name: float(value) for name, value in (logs or {}).items()})
        self._file.contents.update(
            history=self._history_so_far(), epoch_seconds=self._seconds, **self._predictions()
        )
        self._file.write("running", self._progress(epoch))

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Add feature maps and heat maps, and say how the training ended."""
        self._part_weights_from_averages()
        self._file.contents.update(
            model=self._layer_table(),
            feature_maps=self._feature_maps(),
            overlays=self._overlays(),
            **self._predictions(),
        )
        self._file.write(*self._end())

    def _part_weights_from_averages(self) -> None:
        """Give the weights buffers of their own.

        An optimizer with `use_ema` ends a training by putting its averages in the place of the
        weights. On JAX both are one buffer then, which `predict` gives away, and the model could
        not be saved any more.
        """
        if getattr(self.model.optimizer, "use_ema", False):
            self.model.set_weights(self.model.get_weights())

    def _layer_table(self) -> Any:
        """Return the table of layers, or the model where none can be made."""
        shape = None if self._examples is None else self._examples.x.shape[1:]
        try:
            return trace(self.model, shape)
        except (TypeError, ValueError):
            return self.model

    def _history_so_far(self) -> History:
        names = dict.fromkeys(name for epoch in self._logs for name in epoch)
        return History(
            list(range(self._first_epoch, self._first_epoch + len(self._logs))),
            {name: [epoch.get(name) for epoch in self._logs] for name in names},
        )

    def _predictions(self) -> dict[str, Any]:
        examples = self._examples
        if examples is None:
            return {}
        outputs = np.asarray(self.model.predict(examples.x, verbose=0), dtype=np.float64)
        if not np.isfinite(outputs).all():
            return {"labels": None, "probabilities": None, "images": None}
        if getattr(self.model.loss, "from_logits", False):
            outputs = _probabilities(outputs)
        return {
            "labels": examples.labels,
            "probabilities": outputs,
            "images": examples.pictures,
        }

    def _feature_maps(self) -> Mapping[str, npt.ArrayLike] | None:
        if self._layers is None or self._examples is None:
            return None
        return activations(self.model, self._examples.x[:1], self._layers)

    def _overlays(self) -> Mapping[str, npt.ArrayLike] | None:
        examples = self._examples
        if self._explain is None or examples is None:
            return None
        heat_maps = np.asarray(self._explain(self.model, examples.x[:_EXPLAINED]))
        names = self._file.contents["class_names"]
        labels = [str(label) if names is None else names[label] for label in examples.labels]
        return {
            f"example {place}: {labels[place]}": overlay(examples.pictures[place], heat_map)
            for place, heat_map in enumerate(heat_maps)
        }

    def _progress(self, epoch: int) -> str:
        planned = self.params.get("epochs")
        done = f"Epoch {epoch + 1} of {planned} is done." if planned else f"{epoch + 1} epochs."
        if not planned or planned <= epoch + 1:
            return done
        # The first epoch compiles, so it says little of the others.
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


def _probabilities(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the softmax of each row, or the sigmoid where there is one output."""
    if logits.ndim == 1 or logits.shape[1] == 1:
        positive: npt.NDArray[np.float64] = np.exp(-np.logaddexp(0, -logits))
        return positive
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
