"""What the arguments of the image functions mean, and the errors when they mean nothing."""

import os
from typing import IO, Any, TypeAlias

__all__ = ["PathOrFile", "check_file", "file_name"]

PathOrFile: TypeAlias = str | bytes | os.PathLike[Any] | IO[bytes]


def check_file(path: PathOrFile, method: str) -> None:
    """Raise a TypeError unless `path` is a file's name or an object with `method`."""
    if not isinstance(path, (str, bytes, os.PathLike)) and not hasattr(path, method):
        raise TypeError(
            f"path is of type {type(path).__name__}: use a file's name or a binary file object "
            f"with the method {method!r}."
        )


def file_name(path: PathOrFile) -> str | None:
    """Return the name of a path or of an open file; None for what lives in memory alone."""
    if isinstance(path, (str, bytes, os.PathLike)):
        return os.fsdecode(path)
    name = getattr(path, "name", None)
    return name if isinstance(name, str) else None
