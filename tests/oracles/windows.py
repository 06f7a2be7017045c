"""Make files and paths behave as on Windows, as far as Linux can imitate that."""

import contextlib
import ntpath
import os
import stat
from pathlib import Path
from types import SimpleNamespace

with contextlib.suppress(ImportError):
    import fcntl

__all__ = ["PREFIX", "files_in_use", "locks", "system_with_backslashes"]

ACCESS_DENIED, USED_BY_ANOTHER_PROCESS = 5, 32


def files_in_use(monkeypatch):
    """Refuse to rename, replace or remove a file that this process has open or is read-only.

    Windows refuses that whatever process has the file open, unless each opened it in a way that
    Python's `open` and `os.open` don't.
    """
    for name in ("rename", "replace"):
        monkeypatch.setattr(os, name, _refusing_two(getattr(os, name)))
    for name in ("remove", "unlink"):
        monkeypatch.setattr(os, name, _refusing_one(getattr(os, name)))


def locks():
    """Return a module like `msvcrt` that locks parts of files."""
    return SimpleNamespace(LK_NBLCK=2, locking=_locking)


def _locking(descriptor, mode, count):
    position = os.lseek(descriptor, 0, os.SEEK_CUR)
    assert mode == 2
    assert position > 1000, "nobody can read what is locked"
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, count, position)
    except BlockingIOError:
        raise PermissionError(13, "Permission denied") from None


# The first lines of a script that finds the locks of Windows.
PREFIX = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from oracles import windows
sys.modules.update(fcntl=None, msvcrt=windows.locks())
"""


def system_with_backslashes():
    """Return a module like `os` that joins paths with backslashes, and takes these for slashes."""
    return _Backslashes()


class _Backslashes:
    sep, path = "\\", ntpath

    def __getattr__(self, name):
        return getattr(os, name)

    def scandir(self, path):
        return os.scandir(_on_this_system(path))

    def stat(self, path):
        return os.stat(_on_this_system(path))  # noqa: PTH116 -- it may be bytes


def _on_this_system(path):
    return path.replace(b"\\", b"/") if isinstance(path, bytes) else path.replace("\\", "/")


def _refusing_two(function):
    def refusing(source, target, **options):
        _check(source, target)
        return function(source, target, **options)

    return refusing


def _refusing_one(function):
    def refusing(path, *, dir_fd=None):
        within = "" if dir_fd is None else f"/proc/self/fd/{dir_fd}"
        _check(Path(within, path))
        return function(path, dir_fd=dir_fd)

    return refusing


def _check(*paths):
    opened = set(_opened())
    for path in paths:
        try:
            status = Path(path).lstat()
        except OSError:
            continue
        if (status.st_dev, status.st_ino) in opened:
            raise _error(USED_BY_ANOTHER_PROCESS, "The process cannot access the file", *paths)
        if stat.S_ISREG(status.st_mode) and not status.st_mode & stat.S_IWUSR:
            raise _error(ACCESS_DENIED, "Access is denied", *paths)


def _opened():
    """Yield the identity of each file that this process has open."""
    for entry in Path("/proc/self/fd").iterdir():
        try:
            status = os.fstat(int(entry.name))
        except OSError:  # that of the list itself
            continue
        yield status.st_dev, status.st_ino


def _error(code, text, source, target=None):
    error = PermissionError(13, text, os.fspath(source), None, target and os.fspath(target))
    error.winerror = code
    return error
