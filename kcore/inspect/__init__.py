"""Show what a model is: shapes, windows and costs of its layers, and what each returns."""

import kcore._backend  # noqa: F401
from kcore.inspect._activations import activations
from kcore.inspect._audit import Audit, Finding, audit
from kcore.inspect._trace import Row, Trace, trace

__all__ = [
    "Audit",
    "Finding",
    "Row",
    "Trace",
    "activations",
    "audit",
    "trace",
]
