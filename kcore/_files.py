"""Write a file whole, or leave what was there as it was."""

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["put_in_place", "replacing", "temporary_name", "write_whole"]

# What file systems answer that can't flush a file, or a directory, to the disk.
_CAN_NOT_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EROFS, errno.EBADF)


def write_whole(path: str | bytes | os.PathLike[Any], data: bytes, *, durable: bool = True) -> None:
    """Write a file whole or not at all, so that also a crash of the machine leaves a whole one.

    The data go to a temporary file in the same directory and from memory to the disk, and then the
    temporary file takes the name of `path`. Any number of processes and threads may write the same
    file at the same time: each writes a temporary file of its own, and the last takes the name.
    A reader finds an earlier file or a later one, never a part of one.

    Args:
        path: the file. Where it is a symbolic link, the file that it leads to is replaced.
        data: all that the file shall hold.
        durable: whether to wait until the data are on the disk. Without that the file is still
            whole after a crash of the process, but not of the machine.

    Raises:
        OSError: if the file can't be written; it says whether an earlier one is still there.
    """
    with replacing(path, durable=durable) as partial:
        partial.write_bytes(data)


@contextlib.contextmanager
def replacing(
    path: str | bytes | os.PathLike[Any], suffix: str = ".partial", *, durable: bool = True
) -> Iterator[Path]:
    """Give a temporary path, and when the body ends give the file there the name of `path`.

    If the body raises, or writes no file, what was at `path` stays, and the temporary file is
    removed. See `write_whole` for the rest.

    Args:
        path: the file to write.
        suffix: how the temporary name ends, for writers that go by it.
        durable: as in `write_whole`.

    Raises:
        OSError: if the file can't be written. An error of the system that the body raises is
            raised again with the name of `path` in it.
    """
    target = Path(os.path.realpath(os.fsdecode(path)))
    partial = temporary_name(target, suffix)
    try:
        yield partial
        put_in_place(partial, target, durable=durable)
    except OSError as error:
        if error.filename is not None and Path(os.fsdecode(error.filename)) not in (
            partial,
            target,
        ):
            raise  # of another file, such as one that the body reads
        raise _of_target(error, target) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def temporary_name(target: Path, suffix: str = ".partial") -> Path:
    """Return a hidden name in the directory of `target` that no other writer has.

    It is short whatever the name of `target`, which may be as long as the system allows.
    """
    return target.with_name(f".{secrets.token_hex(8)}{suffix}")


def put_in_place(partial: Path, target: Path, *, durable: bool = True) -> None:
    """Give a file that was written the name of another one in the same directory.

    It has the permissions of the file that it replaces, as if that had been written to; where there
    is none it keeps its own.

    Raises:
        OSError: if that can't be done.
    """
    if durable:
        _sync(partial)
    if target.is_file():
        with contextlib.suppress(OSError):  # permissions of a file of another user's
            shutil.copymode(target, partial)
    partial.replace(target)
    if durable:
        with contextlib.suppress(OSError):  # some systems can't open a directory
            _sync(target.parent)


def _sync(path: Path) -> None:
    """Bring what was written to a file, or the names in a directory, from memory to the disk."""
    # Windows flushes files that are open for writing alone, and no directories.
    flags = os.O_RDWR if os.name == "nt" else os.O_RDONLY
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CAN_NOT_SYNC:
            raise
    finally:
        os.close(descriptor)


def _of_target(error: OSError, target: Path) -> OSError:
    """Return an error of the same kind that names the file that should have been written."""
    kept = " The earlier file is still there, whole." if target.exists() else ""
    reason = f"{error.strerror or error}; it could not be written.{kept}"
    kind = type(error) if type(error).__module__ == "builtins" else OSError
    return kind(error.errno, reason, str(target))
