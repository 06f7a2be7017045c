"""What accompanies a training run."""

import kcore._backend  # noqa: F401
from kcore.training._check_targets import CheckTargets
from kcore.training._stop_at_target import StopAtTarget

__all__ = ["CheckTargets", "StopAtTarget"]
