"""Write a file completely, or leave an earlier one unchanged."""

import contextlib
import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["put_in_place", "replacing", "temporary_name", "write_whole"]

# Errors of file systems that can't flush a file or a directory to the disk.
_CAN_NOT_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EROFS, errno.EBADF)
# Errors of Windows, which doesn't replace a file while a program has it open: access is denied, the
# file is used by another process, a part of it is locked.
_IN_USE = frozenset({5, 32, 33})
# Seconds before further attempts: virus scanners and indexers open each new file for a moment.
_PAUSES = (0.02, 0.04, 0.08, 0.16, 0.3, 0.6)


def write_whole(path: str | bytes | os.PathLike[Any], data: bytes, *, durable: bool = True) -> None:
    """Write a file completely or not at all, even if the machine crashes.

    The data are written to a temporary file in the same directory and flushed to the disk; then the
    temporary file is renamed to `path`. Any number of processes and threads may write the same file
    at once: each has its own temporary file, and the last one renamed stays. A reader finds one
    complete file or another, never a part.

    Args:
        path: the file. If it is a symbolic link, the file that it points to is replaced.
        data: the whole content of the file.
        durable: whether to wait until the data are on the disk. Without it, the file is complete
            after a crash of the process, but maybe not after a crash of the machine.

    Raises:
        OSError: if the file can't be written; the message says whether an earlier one is still
            there.
    """
    with replacing(path, durable=durable) as partial:
        partial.write_bytes(data)


@contextlib.contextmanager
def replacing(
    path: str | bytes | os.PathLike[Any], suffix: str = ".partial", *, durable: bool = True
) -> Iterator[Path]:
    """Yield a temporary path, and rename that file to `path` when the `with` block ends.

    If the block raises or writes no file, an earlier file at `path` stays, and the temporary file
    is removed. Otherwise this is as safe as `write_whole`.

    Args:
        path: the file to write. If it is a symbolic link, the file that it points to is replaced.
        suffix: ending of the temporary name, for writers that choose the format by it.
        durable: whether to wait until the data are on the disk.

    Raises:
        OSError: if the file can't be written. An `OSError` of the block is raised again with the
            name of `path`.
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
            raise  # about another file, such as one that the block reads
        raise _of_target(error, target) from error
    finally:
        with contextlib.suppress(OSError):
            # It may have taken over that it is read-only, and Windows removes no such file.
            partial.chmod(stat.S_IRUSR | stat.S_IWUSR)
            partial.unlink()


def temporary_name(target: Path, suffix: str = ".partial") -> Path:
    """Return a hidden name in the directory of `target` that no other writer uses.

    It is short, because the name of `target` may be as long as the system allows.
    """
    return target.with_name(f".{secrets.token_hex(8)}{suffix}")


def put_in_place(partial: Path, target: Path, *, durable: bool = True) -> None:
    """Rename a file to `target`, in the same directory.

    It takes the permissions of the file that it replaces; if there is none, it keeps its own. On
    Windows, it waits up to 1.2 seconds for other programs to close the two files.

    Raises:
        OSError: if it can't be renamed.
    """
    if durable:
        _sync(partial)
    if target.is_file():
        with contextlib.suppress(OSError):  # the file may belong to another user
            shutil.copymode(target, partial)
    _rename(partial, target)
    if durable:
        with contextlib.suppress(OSError):  # some systems can't open a directory
            _sync(target.parent)


def _rename(partial: Path, target: Path) -> None:
    for pause in _PAUSES:
        try:
            partial.replace(target)
            return
        except PermissionError as error:
            if not _is_in_use(error):
                raise
            time.sleep(pause)
    partial.replace(target)


def _is_in_use(error: OSError) -> bool:
    """Tell whether Windows refuses because a program may have the file open."""
    return getattr(error, "winerror", None) in _IN_USE


def _sync(path: Path) -> None:
    """Flush a file, or the names in a directory, to the disk."""
    # Windows flushes only files that are open for writing, and no directories.
    flags = os.O_RDWR if os.name == "nt" else os.O_RDONLY
    descriptor = os.open(path, flags)
    try:
        _flush(descriptor)
    except OSError as error:
        if error.errno not in _CAN_NOT_SYNC:
            raise
    finally:
        os.close(descriptor)


def _flush(descriptor: int) -> None:
    command = getattr(fcntl, "F_FULLFSYNC", None)
    if command is not None:  # on macOS, where os.fsync leaves the data in the cache of the disk
        with contextlib.suppress(OSError):  # network drives don't know it
            fcntl.fcntl(descriptor, command)
            return
    os.fsync(descriptor)


def _of_target(error: OSError, target: Path) -> OSError:
    """Return the same error with the name of the file that should have been written."""
    cause = " It is read-only, or open in another program, which must close it."
    remedy = cause if _is_in_use(error) else ""
    kept = " The earlier file is still there, whole." if target.exists() else ""
    reason = f"{error.strerror or error}; it could not be written.{remedy}{kept}"
    kind = type(error) if type(error).__module__ == "builtins" else OSError
    return kind(error.errno, reason, str(target))
