"""Which training writes a file, where several name the same one.

A training claims its file when it begins, and gives it back when it ends. Within a process a
registry holds the claims. Among processes a locked file beside the claimed one does, which the
system unlocks when its process ends, however it ends.
"""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

try:
    import fcntl
except ImportError:  # on Windows, where processes don't see each other's claims
    fcntl = None  # type: ignore[assignment]

__all__ = ["Claim"]

_CLAIMS: dict[Path, "Claim"] = {}
_GUARD = threading.Lock()


class Claim:
    """The right to write a file until `release`.

    A claim whose training has ended without giving it back, such as one that was interrupted, is
    taken over by the next.

    Args:
        path: the file.
        is_running: tells whether the training goes on.

    Raises:
        ValueError: if a training that goes on has claimed the file, or another process has that has
            not ended.
    """

    def __init__(self, path: str | os.PathLike[str], is_running: Callable[[], bool]):
        self._path = Path(os.path.realpath(path))
        self._is_running = is_running
        self._process = os.getpid()
        self._lock: int | None = None
        with _GUARD:
            earlier = _CLAIMS.get(self._path)
            if earlier is not None and earlier._process == self._process:
                if earlier._is_running():
                    raise ValueError(
                        _refusal(path, "another training in this process, which goes on")
                    )
                # Closing it would unlock the file, even if it were locked anew before.
                self._lock, earlier._lock = earlier._lock, None
            else:  # that of a process which was forked isn't its child's
                self._lock = _locked(path, _lock_path(self._path))
            _CLAIMS[self._path] = self

    @property
    def is_held(self) -> bool:
        """Whether the file is still this training's, and this process the one that claimed it."""
        return _CLAIMS.get(self._path) is self and os.getpid() == self._process

    def release(self) -> None:
        """Give the file back."""
        with _GUARD:
            if not self.is_held:
                return
            del _CLAIMS[self._path]
            if self._lock is not None:
                # Removed before it is unlocked, so that nobody locks what is about to be removed.
                with contextlib.suppress(OSError):
                    _lock_path(self._path).unlink()
                os.close(self._lock)


def _lock_path(path: Path) -> Path:
    """Return a hidden name beside the file, which is short whatever its name."""
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return path.with_name(f".kcore-{digest}.lock")


def _locked(path: str | os.PathLike[str], lock: Path) -> int | None:
    """Lock a file for this process; None where that can't be done, as on some file systems."""
    while fcntl is not None:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            return None
        try:
            # Not flock: a process that is forked would hold its lock too.
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            by = os.read(descriptor, 32).decode("ascii", "replace")
            os.close(descriptor)
            process = f"process {by or 'unknown'}, which has not ended"
            raise ValueError(_refusal(path, f"a training of {process}")) from None
        except OSError:
            os.close(descriptor)
            return None
        if _is_still(lock, descriptor):
            with contextlib.suppress(OSError):
                os.truncate(descriptor, 0)
                os.write(descriptor, str(os.getpid()).encode())
            return descriptor
        os.close(descriptor)  # removed between opening and locking, by whoever gave it back
    return None


def _is_still(path: Path, descriptor: int) -> bool:
    """Tell whether a name still stands for an open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _refusal(path: str | os.PathLike[str], by: str) -> str:
    return f"path={os.fspath(path)!r} is written by {by}: give each training a report of its own."
