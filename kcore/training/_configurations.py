"""Texts for configurations of Keras that are the same in every process that makes them alike."""

import base64
import json
import marshal
import re
import types
from typing import Any

import numpy as np

__all__ = ["described", "text_of", "without_number"]


def described(value: Any) -> Any:
    """Return what tells two objects of Keras or functions apart, as values for JSON."""
    if isinstance(value, dict):
        return {str(name): described(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [described(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if not hasattr(value, "get_config"):  # a function, for instance
        return _named(value)
    config = json.loads(text_of(value.get_config()))
    config.pop("name", None)
    return [_named(value), config]


def text_of(config: Any) -> str:
    """Return a configuration as JSON, without what only tells where and when it was made.

    That is the numbers at the end of names, addresses in memory, and where the code of a lambda
    stands.
    """
    return without_number(json.dumps(_plain(config), sort_keys=True))


def without_number(name: str) -> str:
    """Return a name without the numbers that Keras counts up in a process: dense_3 -> dense."""
    return re.sub(r"_\d+(?=[_/\"]|$)", "", name)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        of_lambda = _parts_of_lambda(value)
        named = value if of_lambda is None else {"lambda": of_lambda}
        return {str(name): _plain(one) for name, one in named.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(one) for one in value), key=repr)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return _named(value)


def _parts_of_lambda(value: dict[str, Any]) -> list[Any] | None:
    """Return instructions, defaults and closure, if Keras has serialized a lambda as `value`.

    A layer `Lambda` has them under names of their own, and other objects under "value".
    """
    if value.keys() == {"value"}:
        parts = value["value"]
    else:
        parts = [value.get(name) for name in ("code", "defaults", "closure")]
    if not isinstance(parts, list | tuple) or len(parts) != 3 or not isinstance(parts[0], str):
        return None
    try:
        read = marshal.loads(base64.b64decode(parts[0]))
    except (EOFError, TypeError, ValueError):  # it is another text
        return None
    return [_instructions(read), *parts[1:]] if isinstance(read, types.CodeType) else None


def _instructions(code: types.CodeType) -> list[Any]:
    constants = [
        _instructions(one) if isinstance(one, types.CodeType) else repr(one)
        for one in code.co_consts
    ]
    return [code.co_code.hex(), list(code.co_names), constants]


def _named(value: Any) -> str:
    kind = value if hasattr(value, "__qualname__") else type(value)
    return str(getattr(kind, "__qualname__", kind))
