"""Callbacks that stop training at a target, and that check labels before the first step."""

import kcore._backend  # noqa: F401
from kcore.training._check_targets import CheckTargets
from kcore.training._stop_at_target import StopAtTarget

__all__ = ["CheckTargets", "StopAtTarget"]
