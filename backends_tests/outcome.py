"""What came of running a case under a backend."""

from dataclasses import dataclass, field

import numpy as np

__all__ = ["Outcome"]


@dataclass
class Outcome:
    """Arrays and shapes, or an error, or the way in which the process ended.

    Attributes:
        values: results by name.
        shapes: output shapes by the way in which they were found.
        error: `TypeName: message` of what was raised; None if nothing was.
        crashed: how the process ended, if it did.
    """

    values: dict[str, np.ndarray] = field(default_factory=dict)
    shapes: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    error: str | None = None
    crashed: str | None = None
