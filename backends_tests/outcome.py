"""The outcome of a case on a backend."""

from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

__all__ = ["Outcome"]


@dataclass
class Outcome:
    """Arrays and shapes, or an error, or how the process ended.

    Attributes:
        values: results by name.
        shapes: output shapes, by the name of the call that gave them.
        error: `TypeName: message` of the exception; None if nothing was raised.
        crashed: how the process ended; None if it didn't end.
    """

    values: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    shapes: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    error: str | None = None
    crashed: str | None = None
