"""Explain why a model answers as it does: scores, gradients, maps of the supporting regions."""

import kcore._backend  # noqa: F401
from kcore.explain._activation_maximization import ActivationMaximization, maximize_activation
from kcore.explain._class_activation import grad_cam, grad_cam_plus_plus, layer_cam, score_cam
from kcore.explain._class_scores import ClassScores, class_scores
from kcore.explain._faithfulness import FaithfulnessCurve, deletion, insertion
from kcore.explain._gradients import Gradients, gradients
from kcore.explain._integrated_gradients import Attributions, integrated_gradients
from kcore.explain._occlusion import occlusion
from kcore.explain._saliency import saliency, smooth_grad

__all__ = [
    "ActivationMaximization",
    "Attributions",
    "ClassScores",
    "FaithfulnessCurve",
    "Gradients",
    "class_scores",
    "deletion",
    "grad_cam",
    "grad_cam_plus_plus",
    "gradients",
    "insertion",
    "integrated_gradients",
    "layer_cam",
    "maximize_activation",
    "occlusion",
    "saliency",
    "score_cam",
    "smooth_grad",
]
