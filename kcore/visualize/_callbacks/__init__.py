"""Callbacks that draw while a model trains; only these of kcore.visualize need a backend."""

import kcore._backend  # noqa: F401
from kcore.visualize._callbacks.feature_map_writer import FeatureMapWriter
from kcore.visualize._callbacks.live_report import LiveReport

__all__ = ["FeatureMapWriter", "LiveReport"]
