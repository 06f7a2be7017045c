"""What accompanies a training run."""

from kcore.training.stop_at_target import StopAtTarget

__all__ = ["StopAtTarget"]
