"""Read a model: what each layer does to a shape, and what is lost on the way."""

from kcore.inspect.audit import Audit, Finding, audit
from kcore.inspect.trace import Row, Trace, trace

__all__ = ["Audit", "Finding", "Row", "Trace", "audit", "trace"]
