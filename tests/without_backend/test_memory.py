import ctypes
import os
import subprocess
import sys

import pytest
from oracles import needs

from kcore import _memory as memory
from kcore._memory import check_memory, machine_memory


def test_an_array_that_fits_is_accepted():
    check_memory("x=1", (10, 10), 4, "use less")
    check_memory("x=1", (), 4, "use less")


@pytest.mark.parametrize("limit", [10**9, None])
def test_more_than_the_memory_is_refused_with_both_sizes(limit, monkeypatch):
    monkeypatch.setattr(memory, "machine_memory", lambda: limit)
    if limit is None:
        check_memory("x=1", (10**6, 10**6), 4, "use less")
        return
    with pytest.raises(ValueError, match=r"^x=1 needs 4,000\.0 GB of memory, .* 1\.0 GB: use less"):
        check_memory("x=1", (10**6, 10**6), 4, "use less")


def test_the_lowest_limit_counts(monkeypatch, tmp_path):
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_LIMIT_OF_CONTAINERS", limit)
    limit.write_text("max\n")
    without = machine_memory()
    limit.write_text("1000\n")
    assert machine_memory() == 1000
    assert without is None or without > 1000


@pytest.mark.parametrize("succeeds", [True, False])
def test_on_windows_the_system_is_asked(monkeypatch, tmp_path, succeeds):
    class Kernel32:
        @staticmethod
        def GlobalMemoryStatusEx(reference):  # noqa: N802 -- that is its name
            status = reference._obj
            assert status.length == ctypes.sizeof(status) == 64, "as Windows defines it"
            status.physical = 16 * 2**30
            return succeeds

    class Libraries:
        kernel32 = Kernel32

    monkeypatch.delattr(os, "sysconf", raising=False)
    monkeypatch.setattr(ctypes, "windll", Libraries, raising=False)
    monkeypatch.setattr(memory, "_of_container", lambda: None)
    monkeypatch.setattr(memory, "_of_process", lambda: None)
    assert machine_memory() == (16 * 2**30 if succeeds else None)


def test_a_system_that_tells_nothing_refuses_nothing(monkeypatch):
    monkeypatch.delattr(os, "sysconf", raising=False)
    monkeypatch.setattr(memory, "_of_container", lambda: None)
    monkeypatch.setitem(sys.modules, "resource", None)
    assert machine_memory() is None
    check_memory("x=1", (10**6, 10**6), 4, "use less")


@needs.limits_of_processes
def test_a_limit_of_the_process_counts():
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9)); "
        "from kcore._memory import machine_memory; print(machine_memory())"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(run.stdout) == 10**9
