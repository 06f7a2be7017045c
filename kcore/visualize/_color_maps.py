"""Turn numbers into the colors of matplotlib's named color maps."""

import difflib
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

__all__ = ["color_map", "color_table", "is_gray", "is_identity"]

_STEPS = 256
_LISTED = 5
_FAMILIAR = ["viridis", "inferno", "magma", "cividis", "gray"]


def color_map(cmap: "str | Colormap") -> "Colormap":
    """Return a color map of matplotlib.

    Args:
        cmap: a name in `matplotlib.colormaps`, such as "viridis" or "gray", or a color map.

    Raises:
        ValueError: if matplotlib has no color map of this name; the error lists similar ones.
    """
    import matplotlib
    from matplotlib.colors import Colormap

    if isinstance(cmap, Colormap):
        return cmap
    if not isinstance(cmap, str) or cmap not in matplotlib.colormaps:
        names = list(matplotlib.colormaps)
        near = difflib.get_close_matches(str(cmap), names, _LISTED) or _FAMILIAR
        raise ValueError(
            f"cmap={cmap!r} is not a color map of matplotlib: use a name such as "
            f"{', '.join(map(repr, near))}, or another one from matplotlib.colormaps."
        )
    return matplotlib.colormaps[cmap]


def color_table(cmap: "str | Colormap") -> npt.NDArray[np.uint8]:
    """Return the colors of a color map, from those of the lowest numbers to the highest.

    Args:
        cmap: a name in `matplotlib.colormaps`, such as "viridis" or "gray", or a color map.

    Returns:
        RGB colors, (256, 3) uint8.

    Raises:
        ValueError: if matplotlib has no color map of this name; the error lists similar ones.
    """
    is_kept = isinstance(cmap, str) and cmap in _FAMILIAR
    return _kept_table(cmap) if is_kept else _table(cmap)


def is_gray(table: npt.NDArray[np.uint8]) -> bool:
    """Tell whether all colors of a table are shades of gray."""
    return bool((table == table[:, :1]).all())


def is_identity(table: npt.NDArray[np.uint8]) -> bool:
    """Tell whether a table leaves gray shades as they are."""
    return bool((table == np.arange(_STEPS)[:, np.newaxis]).all())


def _table(cmap: "str | Colormap") -> npt.NDArray[np.uint8]:
    shares = color_map(cmap)(np.linspace(0, 1, _STEPS))[:, :3]
    colors: npt.NDArray[np.uint8] = np.rint(255 * shares).astype(np.uint8)
    colors.flags.writeable = False
    return colors


# Only for maps of matplotlib itself: those that a user registers can be replaced.
_kept_table = cache(_table)
