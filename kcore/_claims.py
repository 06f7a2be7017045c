"""Let only one training run at a time write a file.

A run claims its file when it begins and releases it when it ends. Claims within a process are kept
in a registry. Between processes, a locked file beside the claimed one stands for the claim; the
system unlocks it when the process ends, however it ends.
"""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]
try:
    import msvcrt
except ImportError:  # on other systems
    msvcrt = None  # type: ignore[assignment]

__all__ = ["Claim"]

_CLAIMS: dict[Path, "Claim"] = {}
_GUARD = threading.Lock()
# The byte that is locked on Windows, far behind the content: nobody can read a locked one.
_LOCKED_BYTE = 2**20


class Claim:
    """The right to write a file until `release`.

    If a training run ended without releasing its claim, for instance because it was interrupted,
    the next run takes the claim over.

    Args:
        path: the file.
        is_running: a function that tells whether the training run still goes on.
        refusal: a function of the words for who has claimed the file, which returns the text of
            the error; None for one that names the path.

    Raises:
        ValueError: if a training run of this process that still goes on, or another running
            process, has claimed the file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        is_running: Callable[[], bool],
        refusal: Callable[[str], str] | None = None,
    ):
        self._path = Path(os.path.realpath(path))
        self._is_running = is_running
        self._process = os.getpid()
        self._lock: int | None = None
        refusal = refusal or partial(_refusal, path)
        with _GUARD:
            earlier = _CLAIMS.get(self._path)
            if earlier is not None and earlier._process == self._process:
                if earlier._is_running():
                    raise ValueError(refusal("another training run in this process, which goes on"))
                # Closing it would unlock the file, even if it had been locked again before.
                self._lock, earlier._lock = earlier._lock, None
            else:  # a forked child doesn't have the claims of its parent
                self._lock = _locked(_lock_path(self._path), refusal)
            _CLAIMS[self._path] = self

    @property
    def is_held(self) -> bool:
        """Whether the claim still stands, and was made by this process."""
        return _CLAIMS.get(self._path) is self and os.getpid() == self._process

    def release(self) -> None:
        """Release the file."""
        with _GUARD:
            if not self.is_held:
                return
            del _CLAIMS[self._path]
            if self._lock is not None:
                _remove(_lock_path(self._path), self._lock)


def _lock_path(path: Path) -> Path:
    """Return a hidden name beside the file, which is short even if the file's name is long."""
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return path.with_name(f".kcore-{digest}.lock")


def _locked(lock: Path, refusal: Callable[[str], str]) -> int | None:
    """Lock a file for this process, or return None if its file system can't."""
    while True:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            return None
        try:
            _lock(descriptor)
        except (BlockingIOError, PermissionError):
            by = os.read(descriptor, 32).decode("ascii", "replace")
            os.close(descriptor)
            process = f"process {by or 'unknown'}, which has not ended"
            raise ValueError(refusal(f"a training run of {process}")) from None
        except OSError:
            os.close(descriptor)
            return None
        if _is_still(lock, descriptor):
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
                os.write(descriptor, str(os.getpid()).encode())
            return descriptor
        os.close(descriptor)  # another process removed it between opening and locking


def _lock(descriptor: int) -> None:
    """Lock an open file for this process.

    Raises:
        BlockingIOError, PermissionError: if another process has locked it.
        OSError: if its file system can't lock it.
    """
    if fcntl is not None:
        # Not flock: a forked process would hold that lock too.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)


def _remove(lock: Path, descriptor: int) -> None:
    """Unlock and remove a file."""
    # Removed before it is unlocked, so that no process locks a file that is then gone. Windows
    # removes it only when it is closed, and when no other process has opened it to lock it.
    if fcntl is None:
        os.close(descriptor)
    with contextlib.suppress(OSError):
        lock.unlink()
    if fcntl is not None:
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Tell whether a path still leads to an open file."""
    if fcntl is None:
        return True  # Windows removes no open file, and on some drives it can't compare files
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _refusal(path: str | os.PathLike[str], by: str) -> str:
    return f"path={os.fspath(path)!r} is written by {by}: give each training run its own file."
