"""A file is written completely or not at all, even if others write it at the same time."""

import errno
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from oracles import needs, windows

from kcore import _files as files
from kcore._files import replacing, write_whole


def test_the_file_is_replaced(tmp_path):
    path = tmp_path / "a.bin"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
def test_a_failure_keeps_the_earlier_file(tmp_path, monkeypatch, step):
    path = tmp_path / "a.bin"
    write_whole(path, b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(step, fail)
    with pytest.raises(OSError, match=r"No space left on device; .* The earlier file"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]


@needs.flushed_directories
def test_the_data_are_on_the_disk_before_the_name_changes(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (steps.append("sync"), fsync(fd)))
    monkeypatch.setattr(Path, "replace", lambda *a: (steps.append("replace"), replace(*a)))
    write_whole(tmp_path / "a.bin", b"new")
    assert steps == ["sync", "replace", "sync"]


def test_the_kind_of_error_is_kept(tmp_path):
    with pytest.raises(FileNotFoundError, match="it could not be written"):
        write_whole(tmp_path / "gone" / "a.bin", b"")


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.bin").write_bytes(b"old")
    (tmp_path / "link.bin").symlink_to("real.bin")
    write_whole(tmp_path / "link.bin", b"new")
    assert (tmp_path / "link.bin").is_symlink()
    assert (tmp_path / "real.bin").read_bytes() == b"new"


def test_an_error_of_a_library_becomes_a_plain_oserror(tmp_path):
    class OddError(OSError):
        def __init__(self, one):
            super().__init__(one)

    with pytest.raises(OSError, match="odd; it could not be written"), replacing(tmp_path / "a"):
        raise OddError("odd")


def test_errors_about_other_files_are_unchanged(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match=r"No such file or directory: '.*other'") as caught,
        replacing(tmp_path / "a"),
    ):
        (tmp_path / "other").read_bytes()
    assert "could not be written" not in str(caught.value)


def test_a_body_that_fails_keeps_the_earlier_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "a.bin"
    write_whole(path, b"old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as partial:  # noqa: PT012
        partial.write_bytes(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_body_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a\.bin'$"), replacing(tmp_path / "a.bin"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_temporary_name_is_hidden_and_has_the_given_ending(tmp_path):
    path = tmp_path / ("a" * 249 + ".keras")
    with replacing(path, ".keras") as partial:
        assert partial.name.startswith(".")
        assert partial.suffix == ".keras"
        assert partial.parent == tmp_path
        partial.write_bytes(b"new")
    assert path.read_bytes() == b"new"


def test_permissions_are_those_that_a_plain_write_gives(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    write_whole(tmp_path / "new", b"")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "new")]
    assert modes[0] == modes[1]
    (tmp_path / "new").chmod(0o604)
    write_whole(tmp_path / "new", b"again")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604


def test_names_of_every_kind(tmp_path):
    for kind in (Path, str, os.fsencode):
        write_whole(kind(tmp_path / "ä.bin"), b"new")
        assert (tmp_path / "ä.bin").read_bytes() == b"new"


def test_a_file_that_is_not_durable_is_not_flushed(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: pytest.fail("it was flushed"))
    write_whole(tmp_path / "a", b"new", durable=False)
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_can_not_flush_can_be_written_to(tmp_path, monkeypatch, code):
    def refuse(descriptor):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


# Windows and macOS, imitated


@pytest.fixture
def pauses(monkeypatch):
    """The seconds that are slept, without sleeping."""
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


@needs.open_files
def test_a_file_that_another_program_has_open_for_a_moment_is_replaced(
    tmp_path, monkeypatch, pauses
):
    path = tmp_path / "a.bin"
    write_whole(path, b"old")
    windows.files_in_use(monkeypatch)
    scanner = path.open("rb")

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            scanner.close()

    monkeypatch.setattr(time, "sleep", pause)
    write_whole(path, b"new")
    assert len(pauses) == 3
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@needs.open_files
def test_a_file_that_another_program_keeps_open_is_named_after_a_second(
    tmp_path, monkeypatch, pauses
):
    path = tmp_path / "a.bin"
    write_whole(path, b"old")
    windows.files_in_use(monkeypatch)
    message = (
        r"cannot access the file; it could not be written\. It is read-only, or open in another "
        r"program, which must close it\. The earlier file is still there, whole\.: '.*a\.bin'"
    )
    with path.open("rb"), pytest.raises(PermissionError, match=message):
        write_whole(path, b"new")
    assert sum(pauses) == pytest.approx(1.2)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@needs.open_files
@pytest.mark.usefixtures("pauses")
def test_a_file_that_is_read_only_on_windows_is_kept_and_nothing_is_left(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    write_whole(path, b"old")
    path.chmod(0o444)
    windows.files_in_use(monkeypatch)
    with pytest.raises(PermissionError, match="Access is denied; it could not be written"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_refusal_that_time_does_not_change_is_not_waited_for(tmp_path, monkeypatch, pauses):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError, match="Permission denied; it could not be written"):
        write_whole(tmp_path / "a", b"new")
    assert pauses == []


def test_directories_that_can_not_be_opened_need_no_flushing(tmp_path, monkeypatch):
    opened = os.open

    def refuse(path, flags, *mode):
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *mode)

    monkeypatch.setattr(os, "open", refuse)
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


@needs.flushed_directories
@pytest.mark.parametrize("is_known", [True, False])
def test_on_macos_the_cache_of_the_disk_is_flushed_too(tmp_path, monkeypatch, is_known):
    commands, flushed = [], []

    class MacOS:
        F_FULLFSYNC = 51

        @staticmethod
        def fcntl(descriptor, command):
            commands.append(command)
            if not is_known:
                raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(files, "fcntl", MacOS, raising=False)
    monkeypatch.setattr(os, "fsync", flushed.append)
    write_whole(tmp_path / "a", b"new")
    assert commands == [51, 51], "the file and its directory"
    assert len(flushed) == (0 if is_known else 2)


WRITER = """
import sys
from kcore._files import write_whole
for number in range(40):
    write_whole(sys.argv[1], bytes([int(sys.argv[2]) + number]) * 300_000)
"""


def test_two_processes_that_write_one_file_for_40_rounds(tmp_path):
    path = tmp_path / "a.bin"
    write_whole(path, b"\0" * 300_000)
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [
        subprocess.Popen([*command, start], stderr=subprocess.PIPE, text=True)
        for start in ("1", "101")
    ]
    reads = 0
    while reads == 0 or any(writer.poll() is None for writer in writers):
        content = path.read_bytes()
        assert len(content) == 300_000
        assert len(set(content)) == 1, "a reader found a part of one and a part of another"
        reads += 1
    assert [writer.communicate()[1] for writer in writers] == ["", ""]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert path.read_bytes()[0] in (40, 140)
    assert list(tmp_path.iterdir()) == [path]


LIMITED = """
import resource, sys
from pathlib import Path
from kcore._files import write_whole

# Python ignores the signal for a file that grows too large, so the write fails as on a full disk.
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_whole(sys.argv[1], bytes(200_000))
except OSError as error:
    print(type(error).__name__, error)
"""


@needs.limits_of_processes
@pytest.mark.parametrize("earlier", [b"old", None])
def test_a_write_that_fails_halfway_keeps_the_earlier_file(tmp_path, earlier):
    path = tmp_path / "a.bin"
    if earlier is not None:
        path.write_bytes(earlier)
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, timeout=60
    )
    assert ended.stdout.startswith("OSError [Errno 27] File too large; it could not be written.")
    assert ("The earlier file is still there, whole." in ended.stdout) == (earlier is not None)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [earlier] * (earlier is not None)
