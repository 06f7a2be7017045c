"""Find the layer that a case tests."""

from typing import Any

import keras

import kcore
from backends_tests.cases import Case

__all__ = ["layer_class"]


def layer_class(case: Case) -> Any:
    """Return the class of the layer, in Keras or in kcore."""
    library = kcore if case.library == "kcore" else keras
    return getattr(library.layers, case.layer)
