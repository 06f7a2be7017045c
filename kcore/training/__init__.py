"""Training that stops at a target, checks its labels, and goes on exactly after a crash."""

import kcore._backend  # noqa: F401
from kcore.training._check_targets import CheckTargets
from kcore.training._fit import fit
from kcore.training._stop_at_non_finite import StopAtNonFinite
from kcore.training._stop_at_target import StopAtTarget

__all__ = ["CheckTargets", "StopAtNonFinite", "StopAtTarget", "fit"]
