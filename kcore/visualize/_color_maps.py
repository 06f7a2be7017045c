"""Turn numbers into the colors of matplotlib's named color maps."""

import difflib
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

__all__ = ["color_map", "color_table", "is_gray"]

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
            f"cmap={cmap!r} is no color map of matplotlib: use a name such as "
            f"{', '.join(map(repr, near))}, or another one of matplotlib.colormaps."
        )
    return matplotlib.colormaps[cmap]


def color_table(cmap: str) -> npt.NDArray[np.uint8]:
    """Return the colors of a color map, from those of the lowest numbers to the highest.

    Args:
        cmap: a name in `matplotlib.colormaps`, such as "viridis" or "gray".

    Returns:
        RGB colors, (256, 3) uint8.

    Raises:
        ValueError: if matplotlib has no color map of this name; the error lists similar ones.
    """
    shares = color_map(cmap)(np.linspace(0, 1, _STEPS))[:, :3]
    return np.rint(255 * shares).astype(np.uint8)


def is_gray(table: npt.NDArray[np.uint8]) -> bool:
    """Tell whether all colors of a table are shades of gray."""
    return bool((table == table[:, :1]).all())
