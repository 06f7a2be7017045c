import socket
import stat
import threading
import time

import pytest

from kcore.datasets._download import download
from kcore.datasets._errors import CorruptFileError, DownloadError
from kcore.datasets._pace import Pace, TooSlowError

CONTENT = bytes(range(256)) * 1000


def accept(path):
    pass


def fetch(server, path, *, verify=accept, max_bytes=1_000_000, timeout=5.0, pace=None):
    download(
        f"{server.url}data.bin",
        path,
        verify=verify,
        max_bytes=max_bytes,
        timeout=timeout,
        pace=pace,
    )


@pytest.fixture
def target(tmp_path):
    return tmp_path / "cache" / "fashion" / "data.bin"


@pytest.fixture(autouse=True)
def content(server):
    server.contents["data.bin"] = CONTENT


def test_saves_what_the_server_sends(server, target):
    fetch(server, target)
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_takes_a_server_that_states_no_length(server, target):
    server.fault = "no length"
    fetch(server, target)
    assert target.read_bytes() == CONTENT


def test_reports_progress_on_stderr(server, target, capsys):
    fetch(server, target)
    last = capsys.readouterr().err.rpartition("\r")[2]
    assert last.startswith("Downloading data.bin: 100%|")
    assert "| 256k/256k [" in last


def test_verifies_a_temporary_file_beside_the_target(server, target):
    seen = []

    def verify(path):
        seen.append(path)
        assert path.read_bytes() == CONTENT
        assert not target.exists()

    fetch(server, target, verify=verify)
    assert seen[0].parent == target.parent
    assert seen[0] != target


def test_the_file_has_the_permissions_of_any_other(server, target):
    fetch(server, target)
    ordinary = target.with_name("ordinary")
    ordinary.write_bytes(b"")
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)


FAULTS = {
    "closes early": "the connection broke off after 128,000 of 256,000 bytes",
    "stalls": "no answer in time",
    "silent": "no answer in time",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("fault", "problem"), FAULTS.items(), ids=FAULTS.keys())
def test_a_broken_connection_leaves_nothing(server, target, fault, problem):
    server.fault = fault
    with pytest.raises(DownloadError) as caught:
        fetch(server, target, timeout=0.3)
    assert caught.value.problem == problem
    assert str(caught.value) == f"download of {server.url}data.bin: {problem}"
    assert not target.parent.exists() or not any(target.parent.iterdir())


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "fault", ["drop by drop", "header drop by drop", "chunk sizes drop by drop"]
)
def test_a_server_that_sends_drop_by_drop_is_given_up(server, target, fault):
    server.fault = fault
    start = time.monotonic()
    with pytest.raises(DownloadError, match=r"the server sends too slowly: only \d+ bytes came in"):
        fetch(server, target, pace=Pace(seconds=0.5, least_bytes=2000))
    assert time.monotonic() - start > 0.4  # a slow start alone is no reason
    assert not target.parent.exists() or not any(target.parent.iterdir())


def test_a_pace_is_of_each_stretch_and_of_waiting_alone(server, target):
    pace = Pace(seconds=1, least_bytes=100)
    pace.note(1_000_000, 0.9)  # what came before doesn't make up for what comes after
    pace.note(0, 0.2)
    pace.note(99, 0.9)
    with pytest.raises(TooSlowError, match="only 99 bytes came in 1 seconds"):
        pace.note(0, 0.1)

    def verify(path):
        time.sleep(0.2)

    fetch(server, target, verify=verify, pace=Pace(seconds=0.1, least_bytes=10**6))
    assert target.read_bytes() == CONTENT


def test_redirections_end(server, target):
    server.fault = "redirects in a circle"
    with pytest.raises(DownloadError, match=r"the server answers 302 .*infinite loop") as caught:
        fetch(server, target)
    assert "\n" not in caught.value.problem
    assert len(server.requests) < 20
    server.fault = "redirects to a file"
    with pytest.raises(DownloadError, match="unknown url type: ftp"):
        fetch(server, target)
    assert not target.parent.exists()


def test_more_than_announced_is_not_taken(server, target):
    server.fault = "sends more"
    fetch(server, target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("zeros", [2, 20, 5000])
def test_a_file_announced_as_too_long_is_not_downloaded(server, target, zeros):
    server.zeros = zeros
    with pytest.raises(CorruptFileError, match=r"has 25,?6[0,]* bytes, more than 1,000,000"):
        fetch(server, target)
    assert not any(target.parent.iterdir())


def test_a_broken_connection_leaves_the_old_file(server, target):
    target.parent.mkdir(parents=True)
    target.write_bytes(b"old")
    server.fault = "closes early"
    with pytest.raises(DownloadError):
        fetch(server, target)
    assert target.read_bytes() == b"old"
    assert list(target.parent.iterdir()) == [target]


def test_a_refusal_by_the_server_names_its_answer(server, target):
    server.contents.clear()
    with pytest.raises(DownloadError, match="the server answers 404 Not Found"):
        fetch(server, target)
    assert not target.parent.exists()


def test_no_server_at_all(target):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/data.bin"
    with pytest.raises(DownloadError, match="refused"):
        download(url, target, verify=accept, max_bytes=10, timeout=1.0)
    assert not target.parent.exists()


def test_a_host_without_address(target):
    with pytest.raises(DownloadError):
        download("http://no-such-host.invalid/x", target, verify=accept, max_bytes=10, timeout=1.0)


def test_wrong_content_names_the_address_and_leaves_nothing(server, target):
    def verify(path):
        raise CorruptFileError(path, "is no IDX file")

    with pytest.raises(CorruptFileError) as caught:
        fetch(server, target, verify=verify)
    assert str(caught.value) == (
        f"{server.url}data.bin: the server sent a wrong file, which is no IDX file."
    )
    assert not any(target.parent.iterdir())


def test_an_endless_download_is_stopped(server, target):
    server.fault = "no length"
    with pytest.raises(CorruptFileError, match="is longer than 1,000 bytes"):
        fetch(server, target, max_bytes=1000)
    assert not any(target.parent.iterdir())


def test_an_interrupted_download_leaves_nothing(server, target):
    def interrupt(path):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(server, target, verify=interrupt)
    assert not any(target.parent.iterdir())


def test_two_downloads_at_once_do_not_interfere(server, target):
    both_there = threading.Barrier(2, timeout=10)
    paths, failures = [], []

    def verify(path):
        both_there.wait()
        paths.append(path)
        assert path.read_bytes() == CONTENT

    def work():
        try:
            fetch(server, target, verify=verify)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(paths)) == 2
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]
