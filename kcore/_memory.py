"""Refuse arrays that are too large for the memory of this machine.

Operating systems promise more memory than there is, and kill the process that uses it; backends
end the process when they are refused memory. So kcore must check before a backend asks for it.
"""

import math
import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["check_memory", "machine_memory"]

_LIMIT_OF_CONTAINERS = Path("/sys/fs/cgroup/memory.max")


def check_memory(what: str, shape: Iterable[int], item_bytes: int, remedy: str) -> None:
    """Raise a ValueError if an array of `shape` needs more memory than this machine has.

    Args:
        what: what needs the memory, with the names of the arguments that ask for it.
        shape: shape of the array.
        item_bytes: bytes of each value.
        remedy: what to do, as the end of a sentence.
    """
    needed = math.prod(shape) * item_bytes
    memory = machine_memory()
    if memory is not None and needed > memory:
        raise ValueError(
            f"{what} needs {_gigabytes(needed)} of memory, and this process can have "
            f"{_gigabytes(memory)}: {remedy}."
        )


def machine_memory() -> int | None:
    """Return the most bytes that this process can have, or None if that is unknown."""
    limits = [limit for limit in (_installed(), _of_container(), _of_process()) if limit]
    return min(limits, default=None)


def _installed() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return _installed_on_windows()


def _installed_on_windows() -> int | None:
    import ctypes

    class MemoryStatus(ctypes.Structure):
        """MEMORYSTATUSEX of Windows, whose other members are not read."""

        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            ("physical", ctypes.c_uint64),
            ("others", ctypes.c_uint64 * 6),
        )

    status = MemoryStatus(length=ctypes.sizeof(MemoryStatus))
    libraries = getattr(ctypes, "windll", None)
    if libraries is None or not libraries.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status.physical)


def _of_container() -> int | None:
    try:
        return int(_LIMIT_OF_CONTAINERS.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such file, or "max"
        return None


def _of_process() -> int | None:
    try:
        import resource
    except ImportError:  # as on Windows
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"
