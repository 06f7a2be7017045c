"""Show data and what was learned from it: pictures, charts and reports.

Pictures of pixels are Pillow images, which a notebook shows and whose `save` writes a file. Charts
are matplotlib figures, which a notebook shows and whose `savefig` writes a file. Only the callbacks
need a backend; they are imported when they are first used.
"""

from typing import TYPE_CHECKING

from kcore.visualize._confusion import confusion_matrix, plot_confusion_matrix
from kcore.visualize._feature_grid import feature_grid
from kcore.visualize._filters import filters
from kcore.visualize._gallery import gallery
from kcore.visualize._history import plot_history
from kcore.visualize._mistakes import Mistake, misclassified, worst_mistakes
from kcore.visualize._overlay import overlay
from kcore.visualize._reporting import ReportFile, report

if TYPE_CHECKING:
    from kcore.visualize._callbacks import FeatureMapWriter, LiveReport

__all__ = [
    "FeatureMapWriter",
    "LiveReport",
    "Mistake",
    "ReportFile",
    "confusion_matrix",
    "feature_grid",
    "filters",
    "gallery",
    "misclassified",
    "overlay",
    "plot_confusion_matrix",
    "plot_history",
    "report",
    "worst_mistakes",
]

_CALLBACKS = ("FeatureMapWriter", "LiveReport")


# If a type checker saw `__getattr__`, it would accept any name as a member of this module.
if not TYPE_CHECKING:

    def __getattr__(name):
        if name in _CALLBACKS:
            # They subclass Keras's callback, so they need a backend.
            from kcore.visualize import _callbacks as callbacks

            return getattr(callbacks, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
