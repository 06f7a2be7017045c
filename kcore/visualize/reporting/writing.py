"""A file that is there whole, or as it was before."""

import contextlib
import os
import secrets
from pathlib import Path

__all__ = ["check_target", "write_whole"]


def check_target(name: str, path: object, suffixes: tuple[str, ...]) -> Path:
    """Return the path of a file to write, or say what is wrong with it.

    Args:
        name: name of the argument.
        path: what was given for it.
        suffixes: how the file's name may end.

    Raises:
        TypeError: if it is no path.
        ValueError: if it ends otherwise, or is a directory.
        FileNotFoundError: if the directory that should hold the file doesn't exist.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"{name}={path!r} must be the path of a file.")
    target = Path(os.fsdecode(path))
    if target.suffix.lower() not in suffixes:
        raise ValueError(f"{name}={str(target)!r} must end in {' or '.join(suffixes)}.")
    if target.is_dir():
        raise ValueError(f"{name}={str(target)!r} is a directory; give the path of a file.")
    if not target.absolute().parent.is_dir():
        raise FileNotFoundError(
            f"{name}={str(target)!r}: there is no directory {str(target.parent)!r} to write into."
        )
    return target


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, so that also a crash of the machine leaves a whole one.

    The data go to a temporary file beside it and from memory to the disk, and then the temporary
    file takes the name of `path`.

    Raises:
        OSError: if it can't be written; what was there before is still there.
    """
    target = Path(os.path.realpath(path))
    partial = target.with_name(f".{target.name[:50]}.{secrets.token_hex(8)}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        _sync_directory(target.parent)
    except OSError as error:
        kept = " The earlier file is still there, whole." if target.exists() else ""
        raise type(error)(
            error.errno, f"{error.strerror or error}; it could not be written.{kept}", str(target)
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _sync_directory(directory: Path) -> None:
    """Make the new name last too, where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
