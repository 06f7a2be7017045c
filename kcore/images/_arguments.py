"""Check the argument that is a file's name or an open file."""

import os
from typing import IO, Any, TypeAlias

from kcore._arguments import check_path

__all__ = ["PathOrFile", "check_file", "file_name"]

PathOrFile: TypeAlias = str | bytes | os.PathLike[Any] | IO[bytes]


def check_file(path: PathOrFile, method: str) -> None:
    """Check that `path` is a file's name or an object with the method `method`.

    Raises:
        TypeError: if it is neither.
        ValueError: if no file can have this name.
    """
    if isinstance(path, (str, bytes, os.PathLike)):
        check_path("path", os.fsdecode(path))
        return
    if not hasattr(path, method):
        raise TypeError(
            f"path is of type {type(path).__name__}: use a file's name or a binary file object "
            f"with the method {method!r}."
        )


def file_name(path: PathOrFile) -> str | None:
    """Return the name of a path or of an open file; None for a file object without a name."""
    if isinstance(path, (str, bytes, os.PathLike)):
        return os.fsdecode(path)
    name = getattr(path, "name", None)
    return name if isinstance(name, str) else None
