"""Compare the range of images that a model expects with that of the images that it is given."""

from typing import Any

import keras
import numpy as np

from kcore._arguments import check_finite
from kcore._warning import warn
from kcore.data import ImageBatches
from kcore.models._transfer.head import has_head

__all__ = ["rescaling", "takes_unit_values", "warn_of_range"]

# Builders whose models take values from 0 to 1, unless a `Rescaling` stands in front.
_UNIT_MODELS = frozenset({"binary_cnn", "cnn", "functional_mlp", "mlp"})
_IMAGES_LOOKED_AT = 4
# A little above 1, which rounding and interpolation can give.
_ABOVE_UNIT = 1.5


def rescaling(rescale: float | None) -> list[Any]:
    """Return a list of the layer that scales images; it is empty for None."""
    if rescale is None:
        return []
    factor = check_finite("rescale", rescale)
    return [keras.layers.Rescaling(factor, name="rescale")]


def takes_unit_values(model: Any) -> bool | None:
    """Return True if a model takes images from 0 to 1, False for 0 to 255, None if unknown.

    Only the layers decide, so this works for a loaded model too.
    """
    first = next(
        (layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)), None
    )
    if has_head(model):
        return False
    if isinstance(first, keras.Model):
        return takes_unit_values(first)
    if isinstance(first, keras.layers.Rescaling):
        scale = np.max(np.abs(first.scale))
        return False if scale < 2 / 127.5 else None
    names = {layer.name for layer in model.layers}
    if model.name in _UNIT_MODELS and "predictions" in names:
        return True
    return None


def warn_of_range(name: str, x: Any, model: Any) -> None:
    """Warn if the range of images is known not to be the one that the model takes."""
    is_unit = takes_unit_values(model)
    if is_unit is None:
        return
    values = _some_values(x)
    if values is None or not values.size:
        return
    lowest, highest = float(values.min()), float(values.max())
    if is_unit and lowest >= 0 and highest > _ABOVE_UNIT:
        warn(
            f"{name} has values up to {highest:g}, but {model.name!r} takes 0 to 1, and may learn "
            "nothing: give values / 255, or build it with rescale=1 / 255 so that it takes raw "
            "images."
        )
    elif not is_unit and highest <= 1 and lowest < highest:
        warn(
            f"{name} has values from {lowest:g} to {highest:g}, but {model.name!r} takes raw "
            "images, 0 to 255, and scales them itself: leave out the division by 255 or "
            "rescale=1 / 255 before it."
        )


def _some_values(x: Any) -> Any:
    """Return a few images of an array or of a dataset of kcore; None for anything else."""
    if isinstance(x, np.ndarray):
        return x[:_IMAGES_LOOKED_AT] if x.dtype.kind in "iuf" and x.ndim else None
    if not isinstance(x, ImageBatches) or not x.is_pure:
        return None  # its transform may keep state, which looking would change
    count = min(_IMAGES_LOOKED_AT, x.samples)
    try:
        return np.stack([x.image(index, x.epoch) for index in range(count)])
    except (OSError, ValueError):  # such as a bad file, which `fit` will report
        return None
