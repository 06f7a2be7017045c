"""Check the arrays and shapes that a model takes, and make batches of one size."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integers
from kcore.models._arguments import first_not_finite

__all__ = [
    "as_arrays",
    "as_images",
    "as_one_array",
    "batches",
    "check_inputs",
    "even_size",
    "few_sizes",
    "first",
    "first_images",
    "image_size",
    "length",
    "sample_shape",
]

Array = npt.NDArray[Any]
Shape = tuple[int | None, ...]


def as_arrays(x: Any, name: str = "x") -> Any:
    """Return the arrays of a model's inputs in their structure, floats as Keras's `floatx`.

    Raises:
        TypeError: if there is something other than arrays of real numbers.
        ValueError: if an array has no batch axis, no samples or another number of them than the
            others, or contains NaN or infinity, from which a model would make maps that look like
            any other.
    """
    arrays = keras.tree.map_structure(lambda leaf: _as_array(leaf, name), x)
    lengths = {len(array) for array in keras.tree.flatten(arrays)}
    if len(lengths) > 1:
        raise ValueError(
            f"The arrays of {name} hold {sorted(lengths)} samples: give as many in each of them."
        )
    if lengths in (set(), {0}):
        raise ValueError(f"{name} holds no sample: give one or more.")
    return arrays


def as_one_array(x: Any, name: str = "x", floating: bool = True) -> Array:
    """Return the array of a model's only input, by default converted to Keras's `floatx`."""
    if isinstance(x, (list, tuple, dict)):
        raise TypeError(
            f"{name} is a {type(x).__name__}: this function takes a model with one input, and one "
            "array of samples. numpy.stack makes one array from single samples."
        )
    array: Array = as_arrays(x, name)
    return array.astype(keras.config.floatx(), copy=False) if floating else array


def as_images(images: Any) -> Array:
    """Return images as floats.

    Raises:
        TypeError: if there is something other than one array of real numbers.
        ValueError: if the batch axis is missing, or in the cases of `as_arrays`.
    """
    array = as_one_array(images, "images")
    if array.ndim != 4:
        raise ValueError(
            f"images with shape {array.shape} must be a batch with 4 axes: (images, height, width, "
            "channels), or (images, channels, height, width) for channels_first. For one image "
            "give image[None]."
        )
    return array


def check_inputs(model: keras.Model, x: Any, name: str = "x") -> None:
    """Check that arrays have the shapes that a model's inputs require.

    As in `predict`, a last axis of size 1 may be present or missing. Arrays for a subclassed model,
    which doesn't know its inputs, pass unchecked.

    Raises:
        ValueError: if there are more or fewer arrays than inputs, or an array doesn't fit.
    """
    inputs = keras.tree.flatten(getattr(model, "inputs", None) or [])
    if not inputs:
        return
    arrays = keras.tree.flatten(x)
    if isinstance(x, dict):
        inputs, arrays = _by_name(model, inputs, x)
    elif len(arrays) != len(inputs):
        raise ValueError(
            f"The model {model.name!r} takes {_counted(inputs, 'input')}, but "
            f"{_counted(arrays, 'array')} {'was' if len(arrays) == 1 else 'were'} given as {name}. "
            "numpy.stack makes one array from single samples."
        )
    for one, array in zip(inputs, arrays, strict=True):
        if not any(_fits(one.shape, shape) for shape in _with_and_without_axis(array.shape)):
            _refuse(model, one, array.shape, len(inputs), name)


def first_images(arrays: Any) -> Array:
    """Return the first input that holds images."""
    for array in keras.tree.flatten(arrays):
        if array.ndim == 4:
            found: Array = array
            return found
    shapes = [array.shape for array in keras.tree.flatten(arrays)]
    raise ValueError(f"None of the inputs, with shapes {shapes}, holds images with 4 axes.")


def image_size(images: Array, is_channels_first: bool) -> tuple[int, int]:
    """Return height and width of images with 4 axes."""
    height, width = images.shape[2:] if is_channels_first else images.shape[1:3]
    return height, width


def length(arrays: Any) -> int:
    """Return the number of samples."""
    return len(keras.tree.flatten(arrays)[0])


def first(arrays: Any) -> Any:
    """Return the first sample, its batch axis kept."""
    return keras.tree.map_structure(lambda array: array[:1], arrays)


def even_size(samples: int, largest: int) -> int:
    """Return the batch size, at most `largest`, that makes the last batch as full as possible."""
    return math.ceil(samples / math.ceil(samples / largest))


def few_sizes(size: int, largest: int) -> int:
    """Round a batch size up, by at most a quarter, to one of few sizes that is at most `largest`.

    A function is compiled for each batch size: between 1 and 32 there are 16 of these sizes.
    """
    step = 2 ** max(0, size.bit_length() - 3)
    return min(math.ceil(size / step) * step, largest)


def batches(arrays: Any, size: int) -> Iterator[tuple[slice, Any]]:
    """Cut samples into batches of one size, so that one compiled function serves them all.

    Yields:
        Which samples the batch holds, as a slice, and the batch; the last sample is repeated to
        fill the last batch.
    """
    samples = length(arrays)
    for start in range(0, samples, size):
        chosen = np.minimum(np.arange(start, start + size), samples - 1)
        where = slice(start, min(start + size, samples))
        yield where, keras.tree.map_structure(lambda array, at=chosen: array[at], arrays)


def sample_shape(model: keras.Model, input_shape: Sequence[int] | None) -> tuple[int, ...]:
    """Return the shape of one sample of a model's only input, from the argument or the model.

    Raises:
        ValueError: if the model has several inputs, a size is unknown, or the model doesn't take
            `input_shape`.
    """
    inputs = keras.tree.flatten(getattr(model, "inputs", None) or [])
    if len(inputs) > 1:
        raise ValueError(
            f"The model {model.name!r} has {len(inputs)} inputs: give a model with one, such as "
            "one of its branches."
        )
    own = tuple(inputs[0].shape[1:]) if inputs else None
    if input_shape is None:
        if own is None:
            raise ValueError(
                f"The model {model.name!r} doesn't know its input: give input_shape, the shape of "
                "one sample, such as (300, 300, 3)."
            )
        if None in own:
            raise ValueError(
                f"The model {model.name!r} takes {own}, where None is an unknown size: give "
                "input_shape, the shape of one sample, such as (300, 300, 3)."
            )
        return own
    given = check_integers("input_shape", input_shape)
    if own is not None and not _fits((None, *own), (1, *given)):
        raise ValueError(f"input_shape={given} is not what {model.name!r} takes: {own}.")
    return given


def _by_name(model: Any, inputs: Sequence[Any], x: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Return the inputs and their arrays by name; Keras ignores arrays of other names."""
    named = model.input if isinstance(model.input, dict) else {one.name: one for one in inputs}
    missing = [repr(name) for name in named if name not in x]
    if missing:
        raise ValueError(
            f"The model {model.name!r} takes {', '.join(map(repr, named))}, but "
            f"{', '.join(missing)} is not among the arrays: {', '.join(map(repr, x))}."
        )
    return list(named.values()), [x[name] for name in named]


def _fits(wanted: Shape, given: Shape) -> bool:
    return len(wanted) == len(given) and all(
        size in (None, other) for size, other in zip(wanted[1:], given[1:], strict=True)
    )


def _with_and_without_axis(shape: Shape) -> list[Shape]:
    return [shape, (*shape, 1), *([shape[:-1]] if shape[-1] == 1 else [])]


def _refuse(model: Any, one: Any, given: Shape, inputs: int, name: str) -> None:
    sizes = ["samples", *("any" if size is None else str(size) for size in one.shape[1:])]
    of = f" for {one.name!r}" if inputs > 1 else ""
    is_one_sample = any(_fits(one.shape, (1, *shape)) for shape in _with_and_without_axis(given))
    hint = f" It has the shape of one sample: give {name}[None]." if is_one_sample else ""
    raise ValueError(
        f"The model {model.name!r} takes arrays ({', '.join(sizes)}){of}, but {name} has one with "
        f"shape {given}.{hint}"
    )


def _counted(things: Sequence[Any], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _as_array(leaf: Any, name: str) -> Array:
    if not hasattr(leaf, "shape") or isinstance(leaf, (type, keras.Layer, keras.KerasTensor)):
        raise TypeError(
            f"{name} must hold arrays or tensors, but a {type(leaf).__name__} was given."
        )
    array = np.asarray(leaf if isinstance(leaf, np.ndarray) else keras.ops.convert_to_numpy(leaf))
    # The kind of bfloat16, which NumPy doesn't know, is not one of these.
    if array.dtype.kind in "OSUMmc":
        raise TypeError(
            f"{name} is an array of {array.dtype}, but its values must be real numbers."
        )
    if array.ndim == 0:
        raise ValueError(f"{name} is a single number: give an array with a batch axis.")
    if not np.issubdtype(array.dtype, np.floating):
        return array
    with np.errstate(over="ignore"):
        array = array.astype(keras.config.floatx(), copy=False)
    bad = first_not_finite(array)
    if bad is not None:
        raise ValueError(f"{name}[{bad}] has values that are NaN or infinite: leave it out.")
    return array
