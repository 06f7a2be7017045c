"""Stop training at a target, resume it exactly, and divide it among devices and processes."""

import kcore._backend  # noqa: F401
from kcore.training._check_targets import CheckTargets
from kcore.training._distribute import distribute
from kcore.training._fit import fit
from kcore.training._stop_at_non_finite import StopAtNonFinite
from kcore.training._stop_at_target import StopAtTarget

__all__ = ["CheckTargets", "StopAtNonFinite", "StopAtTarget", "distribute", "fit"]
