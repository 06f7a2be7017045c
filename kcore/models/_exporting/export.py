"""Write a trained classifier for programs without Keras."""

import contextlib
import importlib.util
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kcore._arguments import check_choice, check_path
from kcore._files import put_in_place
from kcore.models._arguments import check_graph
from kcore.models._class_names import get_class_names
from kcore.models._exporting.class_names import add_class_names
from kcore.models._exporting.exportable import exportable

__all__ = ["ExportError", "export"]

# Format -> suffix of the path, and the packages that write and check it on each backend.
_SUFFIXES = {"onnx": ".onnx", "tf_saved_model": "", "openvino": ".xml"}
_PACKAGES = {
    ("onnx", "tensorflow"): ("tf2onnx", "onnxruntime"),
    ("onnx", "jax"): ("jax2onnx", "onnxruntime"),
    ("tf_saved_model", "tensorflow"): (),
    ("openvino", "tensorflow"): ("openvino", "scipy"),
}
# Far above rounding errors (1e-6 is usual), far below the error of a wrong translation.
_TOLERANCE = 1e-3
# Tried if a model takes images of any size.
_SIZES = (32, 45, 64, 96, 128, 224, 299, 331)
_SAVED_MODEL = "saved_model.pb"


class ExportError(RuntimeError):
    """A model can't be exported; the message says why and what to do. No file is left."""


def export(
    model: keras.Model,
    path: str | os.PathLike[str],
    format: str = "onnx",  # noqa: A002
) -> None:
    """Write a classifier, with its preprocessing and class names, for programs without Keras.

    The exported model takes raw images, as the model does: float32
    `(batch, height, width, channels)` with values 0 to 255, in batches of any size, as the input
    `images`. It gives the same probabilities `(batch, classes)` as the model, usually to within
    1e-6. For ONNX and SavedModel, this is checked to within 1e-3 on random images before the file
    gets its name, on two sizes if the model doesn't fix the size. The exported model computes in
    float32, even if the model uses mixed precision, and leaves out layers that act at random in
    training.

    The names of the classes are stored as a JSON list: in the metadata `class_names` of ONNX, the
    runtime information `kcore/class_names` of OpenVINO, or the file `assets.extra/class_names.json`
    of a SavedModel.

    Args:
        model: a functional or sequential `keras.Model` with one input and one output, such as
            `kcore.models.transfer` makes.
        path: a file name that ends in `.onnx` for ONNX or in `.xml` for OpenVINO; a folder for a
            SavedModel. An earlier model there stays until the new one is complete. Some weights are
            written next to it: into a `.bin` file for OpenVINO and, on JAX, into a `.onnx.data`
            file for a large ONNX model.
        format: `"onnx"`, on TensorFlow and JAX; `"tf_saved_model"` or `"openvino"`, on TensorFlow.
            A model that was trained on JAX can be saved, then loaded and exported under TensorFlow.

    Raises:
        ExportError: if a package is missing, the backend can't write the format, or the exported
            model doesn't give the probabilities of the model.
        ValueError: if the format is unknown, the path doesn't fit it, or the model is not a graph
            of layers with one input and one output.

    Example:
        >>> import kcore
        >>> model = kcore.models.cnn((12, 12, 1), 3, filters=(2,), seed=1)
        >>> kcore.models.export(model, "model.pb")
        Traceback (most recent call last):
        ...
        ValueError: path='model.pb' must end in .onnx for format='onnx'.
    """
    check_choice("format", format, tuple(_SUFFIXES))
    path = check_path("path", path)
    _check_path(path, format)
    _check_model(model)
    _check_packages(format)
    copy = exportable(model)
    # Windows doesn't remove what a library still has open.
    with tempfile.TemporaryDirectory(
        dir=path.parent, prefix=".unfinished-", ignore_cleanup_errors=True
    ) as folder:
        unfinished = Path(folder, path.name)
        _write(copy, unfinished, format)
        _check_answers(copy, unfinished, format)
        class_names = get_class_names(model)
        if class_names is not None:
            add_class_names(unfinished, format, class_names)
        _put_in_place(unfinished, path)


def _check_path(path: Path, form: str) -> None:
    suffix = _SUFFIXES[form]
    if suffix and path.suffix != suffix:
        raise ValueError(f"path={str(path)!r} must end in {suffix} for format={form!r}.")
    if not path.parent.is_dir():
        raise ValueError(f"path={str(path)!r}: there is no folder {str(path.parent)!r}.")
    if suffix and path.is_dir():
        raise ValueError(f"path={str(path)!r} is a folder: give the name of a file.")
    if not suffix and not _is_free_for_a_folder(path):
        raise ValueError(
            f"path={str(path)!r} exists and is not a SavedModel: give the name of a new folder."
        )


def _is_free_for_a_folder(path: Path) -> bool:
    if path.is_dir():
        return (path / _SAVED_MODEL).is_file() or not any(path.iterdir())
    return not path.exists()


def _check_model(model: Any) -> None:
    inputs, outputs = check_graph(model).inputs, model.outputs
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError(
            f"model={model.name!r} has {len(inputs)} inputs and {len(outputs)} outputs: one of "
            "each is needed."
        )


def _check_packages(form: str) -> None:
    backend = keras.backend.backend()
    if (form, backend) not in _PACKAGES:
        raise ExportError(
            f"format={form!r} can't be written on {backend}. Save the model with "
            "kcore.models.save, and load and export it in a process with KERAS_BACKEND=tensorflow."
            " Or take format='onnx', which OpenVINO reads too."
        )
    missing = [name for name in _PACKAGES[form, backend] if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(
            f"format={form!r} on {backend} needs {' and '.join(missing)}: "
            f"pip install 'kcore[export-{backend}]'."
        )


def _write(model: Any, path: Path, form: str) -> None:
    shape = tuple(model.inputs[0].shape)
    images = keras.InputSpec(shape=(None, *shape[1:]), dtype="float32", name="images")
    try:
        with _quietly():
            model.export(str(path), format=form, verbose=False, input_signature=[images])
    except Exception as error:
        raise ExportError(
            f"{model.name!r} can't be exported as {form}: {type(error).__name__}: {error}"
        ) from error


def _check_answers(model: Any, path: Path, form: str) -> None:
    """Compare the exported model with the model on two random images, if it can be run here."""
    run = {"onnx": _run_onnx, "tf_saved_model": _run_saved_model}.get(form)
    if run is None:
        return
    for shape in _concrete_shapes(model):
        _check_at(model, path, form, run, shape)


def _concrete_shapes(model: Any) -> list[tuple[int, ...]]:
    """Return the shape of an image, or two possible shapes if the model doesn't fix the size."""
    shape = tuple(model.inputs[0].shape[1:])
    if None not in shape:
        return [shape]
    shapes = [tuple(size if one is None else one for one in shape) for size in _SIZES]
    fitting = [one for one in shapes if _fits(model, one)]
    if not fitting:
        raise ExportError(
            f"{model.name!r} doesn't fix the size of images, {shape}, and none of {_SIZES} fits, "
            "so the exported model can't be checked: give the model a fixed input_shape."
        )
    return fitting[:2]


def _fits(model: Any, shape: tuple[int, ...]) -> bool:
    try:
        return 0 not in model.compute_output_shape((None, *shape))
    except ValueError:
        return False


def _check_at(model: Any, path: Path, form: str, run: Any, shape: tuple[int, ...]) -> None:
    is_open = None in model.inputs[0].shape[1:]
    at = f" for images of {shape}" if is_open else ""
    images = np.random.default_rng(0).integers(0, 256, (2, *shape)).astype("float32")
    expected = np.asarray(model.predict_on_batch(images))
    try:
        found = run(path, images)
    except Exception as error:
        hint = " Give the model a fixed input_shape." if is_open else ""
        raise ExportError(
            f"The {form} that Keras wrote from {model.name!r} can't be run{at}: {error}{hint}"
        ) from error
    same_shape = np.shape(found) == expected.shape
    difference = float(np.max(np.abs(found - expected))) if same_shape else float("inf")
    if not difference <= _TOLERANCE:
        raise ExportError(
            f"The {form} that Keras wrote from {model.name!r} gives other probabilities than the "
            f"model{at}: they differ by up to {difference:.2g}."
        )


def _run_onnx(path: Path, images: Any) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised, and need not be printed too
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: images})[0]


def _run_saved_model(path: Path, images: Any) -> Any:
    return keras.ops.convert_to_numpy(keras.layers.TFSMLayer(path, call_endpoint="serve")(images))


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Silence the logs and warnings of Keras and the converters; failures raise anyway."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _put_in_place(unfinished: Path, path: Path) -> None:
    """Move the exported files to their final path: companions first, such as weights."""
    for companion in sorted(unfinished.parent.iterdir()):
        if companion != unfinished:
            shutil.copymode(
                unfinished, companion
            )  # jax2onnx makes its weights readable for their owner only
            put_in_place(companion, path.with_name(companion.name))
    if unfinished.is_dir():
        _put_folder_in_place(unfinished, path)
    else:
        put_in_place(unfinished, path)


def _put_folder_in_place(unfinished: Path, path: Path) -> None:
    """Rename a folder; an earlier one takes its place in the folder that is removed in the end."""
    old = unfinished.with_name("old")
    had_one = path.is_dir()
    if had_one:
        path.rename(old)
    try:
        unfinished.rename(path)
    except OSError:
        if had_one:
            old.rename(path)
        raise
