"""Callbacks that draw while a model is trained. Unlike the rest of the room they need a backend."""

import kcore._backend  # noqa: F401
from kcore.visualize.callbacks.feature_map_writer import FeatureMapWriter
from kcore.visualize.callbacks.live_report import LiveReport

__all__ = ["FeatureMapWriter", "LiveReport"]
