"""Turn numbers into the colors of matplotlib's named color maps."""

import difflib
from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = ["color_table", "is_gray", "is_identity"]

_STEPS = 256
_LISTED = 5
_FAMILIAR = ["viridis", "inferno", "magma", "cividis", "gray"]


def color_table(cmap: str) -> npt.NDArray[np.uint8]:
    """Return the colors of a color map, from those of the lowest numbers to the highest.

    Args:
        cmap: a name in `matplotlib.colormaps`, such as "viridis" or "gray".

    Returns:
        RGB colors, (256, 3) uint8.

    Raises:
        ValueError: if matplotlib has no color map of this name; the error lists similar ones.
    """
    import matplotlib

    if not isinstance(cmap, str) or cmap not in matplotlib.colormaps:
        names = list(matplotlib.colormaps)
        near = difflib.get_close_matches(str(cmap), names, _LISTED) or _FAMILIAR
        raise ValueError(
            f"cmap={cmap!r} is no color map of matplotlib: use a name such as "
            f"{', '.join(map(repr, near))}, or another one of matplotlib.colormaps."
        )
    return _kept_table(cmap) if cmap in _FAMILIAR else _table(cmap)


def is_gray(table: npt.NDArray[np.uint8]) -> bool:
    """Tell whether all colors of a table are shades of gray."""
    return bool((table == table[:, :1]).all())


def is_identity(table: npt.NDArray[np.uint8]) -> bool:
    """Tell whether a table leaves gray shades as they are."""
    return bool((table == np.arange(_STEPS)[:, np.newaxis]).all())


def _table(cmap: str) -> npt.NDArray[np.uint8]:
    import matplotlib

    shares = matplotlib.colormaps[cmap](np.linspace(0, 1, _STEPS))[:, :3]
    colors: npt.NDArray[np.uint8] = np.rint(255 * shares).astype(np.uint8)
    colors.flags.writeable = False
    return colors


# Only for maps of matplotlib itself: those that a user registers can be replaced.
_kept_table = cache(_table)
