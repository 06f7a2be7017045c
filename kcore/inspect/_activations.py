"""What each layer of a model returns, for all samples, in one pass."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integer
from kcore.inspect._model_inputs import as_arrays
from kcore.inspect._model_runner import reader_of
from kcore.inspect._selection import outputs_of

__all__ = ["activations"]


def activations(
    model: Any, x: Any, layers: Any = None, *, batch_size: int = 32
) -> dict[str, npt.NDArray[Any]]:
    """Return the outputs of a model's layers, all from one pass over the samples.

    The model runs in inference mode and is left as it is; only a model that was never built is
    built, as `predict` would. Models of any kind are taken: Sequential, functional, subclassed,
    nested in each other, with several inputs or outputs. The outputs of all samples are held in
    memory; choose `layers` where they are many. The batches keep what is computed at a time small.

    Args:
        model: a Keras model.
        x: samples, an array with the batch axis first; for a model with several inputs the list or
            dict of arrays that the model takes.
        layers: what to return: a name, an index into `model.layers`, a layer, a class such as
            `keras.layers.Conv2D`, or a sequence of them. By default all layers, those of nested
            models one by one. A layer that holds other layers counts as one.
        batch_size: the most samples that run at a time.

    Returns:
        Name -> output with the batch axis first, in the order in which the layers ran. A layer of a
        nested model is named after it, as in "base/mixed7". The calls of a layer that is called
        several times are "name#1", "name#2"; a layer with several outputs gives "name[0]",
        "name[1]". A name of a layer in `layers` means all its calls and outputs.

    Raises:
        TypeError: if `model` is no Keras model or `x` no array.
        ValueError: if `layers` names what the model doesn't have, `x` is empty, or its arrays
            differ in length.

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> maps = kcore.inspect.activations(kcore.models.cnn(), np.zeros((1, 28, 28, 1)))
        >>> [outputs.shape for outputs in maps.values()][:4]
        [(1, 26, 26, 64), (1, 13, 13, 64), (1, 11, 11, 64), (1, 5, 5, 64)]
    """
    arrays = as_arrays(x)
    reader = reader_of(model, arrays, check_integer("batch_size", batch_size))
    chosen = outputs_of(model, reader.seen, layers)
    if any(one.shape[:1] != (reader.size,) for one in chosen):
        # What has no batch axis, such as positions, can be returned of one batch alone.
        reader = reader_of(model, arrays, batch_size, padded=False)
        chosen = outputs_of(model, reader.seen, layers)
    found = reader.forward(arrays, [one.key for one in chosen])
    return {one.name: np.asarray(array) for one, array in zip(chosen, found, strict=True)}
