"""Check the data of `fit` before its first step: labels, and the range of images.

Keras shows the data neither to a loss, which is compiled into a step that can't raise, nor to a
callback. A dataset of kcore finds the model that trains on it; an array can't. So the `compile_*`
functions replace the method `fit` of the one model that they compile. Keras neither copies nor
saves that: a clone, a pickle and a file have Keras's own `fit`.
"""

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

from kcore.data._target_checks import check_fit
from kcore.models._image_range import warn_of_range

__all__ = ["check_before_fit"]


def check_before_fit(model: Any) -> None:
    """Make `fit` of this model check its labels and the range of its first images.

    The loss and the layers that the model has at each call decide what is right. If the model
    already has a `fit` of its own, it is still called.
    """
    if "fit" not in vars(model):
        model.fit = types.MethodType(_checked(type(model).fit), model)


def _checked(fit: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(fit)

    @functools.wraps(fit)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError:
            return fit(*args, **kwargs)  # which reports the error
        model, x = args[0], given.get("x")
        check_fit(model, x, given.get("y"), given.get("validation_data"))
        warn_of_range("x", x, model)
        return fit(*args, **kwargs)

    return checked
