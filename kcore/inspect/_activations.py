"""What each layer of a model returns, for all samples, in one pass."""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore.inspect._layer_outputs import LayersReference
from kcore.inspect._model_inputs import as_arrays
from kcore.inspect._model_runner import ModelRunner

__all__ = ["activations"]


def activations(
    model: keras.Model, x: Any, layers: LayersReference | None = None, *, batch_size: int = 32
) -> dict[str, npt.NDArray[Any]]:
    """Return the outputs of a model's layers, all from one pass over the samples.

    The model runs in inference mode and is not changed, except that a model that was never built is
    built, as by `predict`. All kinds of models are supported: Sequential, functional, subclassed,
    nested in each other, with several inputs or outputs. The outputs of all samples are held in
    memory, so choose `layers` if there are many samples.

    Args:
        model: a Keras model.
        x: samples, an array with the batch axis first; for a model with several inputs the list or
            dict of arrays that the model takes.
        layers: the layers to return: a name, an index into `model.layers`, a layer, a class such as
            `keras.layers.Conv2D`, or a sequence of them. A name in a nested model may be given with
            or without the model's, "base/mixed7" or "mixed7". By default all layers, those of
            nested models one by one; a layer that holds other layers counts as one.
        batch_size: the largest number of samples that run at once.

    Returns:
        Name -> output with the batch axis first, in the order in which the layers ran. A layer of a
        nested model is named as in "base/mixed7". The calls of a layer that is called several times
        are "name#1", "name#2"; a layer with several outputs gives "name[0]", "name[1]". The name of
        a layer in `layers` stands for all its calls and outputs.

    Raises:
        TypeError: if `model` is not a Keras model, `x` is not an array, or an entry of `layers` is
            not a layer.
        ValueError: if a layer isn't in the model, `x` is empty or doesn't fit the model, or its
            arrays differ in length.

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> maps = kcore.inspect.activations(kcore.models.cnn(), np.zeros((1, 28, 28, 1)))
        >>> [outputs.shape for outputs in maps.values()][:4]
        [(1, 26, 26, 64), (1, 13, 13, 64), (1, 11, 11, 64), (1, 5, 5, 64)]
    """
    arrays = as_arrays(x)
    runner = ModelRunner(model, arrays, batch_size)
    chosen = runner.select_outputs(layers)
    if any(one.shape[:1] != (runner.size,) for one in chosen):
        # Outputs without a batch axis, such as positions, can be returned only for a single batch.
        runner = ModelRunner(model, arrays, batch_size, padded=False)
        chosen = runner.select_outputs(layers)
    found = runner.forward(arrays, [one.key for one in chosen])
    return {one.name: np.asarray(array) for one, array in zip(chosen, found, strict=True)}
