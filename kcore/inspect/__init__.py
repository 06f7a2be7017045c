"""Read a model: what each layer does to a shape, what it returns, and why a class was chosen."""

import kcore._backend  # noqa: F401
from kcore.inspect.activations import activations
from kcore.inspect.attribution import Attributions, integrated_gradients
from kcore.inspect.audit import Audit, Finding, audit
from kcore.inspect.class_activation import grad_cam, grad_cam_plus_plus, layer_cam, score_cam
from kcore.inspect.classes import ClassScores, class_scores
from kcore.inspect.faithfulness import Course, deletion, insertion
from kcore.inspect.gradients import Gradients, gradients
from kcore.inspect.maximisation import Maximisation, maximise_activation
from kcore.inspect.occlusion import occlusion
from kcore.inspect.saliency import saliency, smooth_grad
from kcore.inspect.trace import Row, Trace, trace

__all__ = [
    "Attributions",
    "Audit",
    "ClassScores",
    "Course",
    "Finding",
    "Gradients",
    "Maximisation",
    "Row",
    "Trace",
    "activations",
    "audit",
    "class_scores",
    "deletion",
    "grad_cam",
    "grad_cam_plus_plus",
    "gradients",
    "insertion",
    "integrated_gradients",
    "layer_cam",
    "maximise_activation",
    "occlusion",
    "saliency",
    "score_cam",
    "smooth_grad",
    "trace",
]
