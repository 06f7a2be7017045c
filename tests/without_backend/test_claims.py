"""One file, one training run: in a process, among processes, and after a fork."""

import os
import subprocess
import sys

import pytest
from oracles import needs, windows
from oracles.markup import Page

from kcore import _claims as claims
from kcore._claims import Claim
from kcore.visualize._reporting.live_file import LiveFile


def goes_on():
    return True


def has_ended():
    return False


@pytest.fixture
def path(tmp_path):
    return tmp_path / "live.html"


def shown(path):
    return Page(path.read_text(encoding="utf-8")).text


def test_a_second_claim_is_refused_until_the_first_is_released(path):
    first = Claim(path, goes_on)
    with pytest.raises(
        ValueError,
        match=r"path='.*live\.html' is written by another training run "
        r"in",
    ):
        Claim(path, goes_on)
    assert first.is_held
    first.release()
    assert not first.is_held
    assert Claim(path, goes_on).is_held


def test_other_files_can_be_claimed(path):
    claims = [Claim(path, goes_on), Claim(path.with_name("other.html"), goes_on)]
    assert all(claim.is_held for claim in claims)


def test_a_link_is_the_file_that_it_leads_to(path):
    link = path.with_name("link.html")
    link.symlink_to(path)
    claim = Claim(path, goes_on)
    with pytest.raises(ValueError, match="is written by another training run"):
        Claim(link, goes_on)
    claim.release()


def test_what_has_ended_is_taken_over(path):
    first = Claim(path, has_ended)
    second = Claim(path, goes_on)
    assert (first.is_held, second.is_held) == (False, True)
    first.release()
    assert second.is_held
    assert run(CLAIM.format(path=str(path))).startswith("refused")
    second.release()
    assert run(CLAIM.format(path=str(path))) == "claimed"


def test_nothing_is_left_behind(path):
    claim = Claim(path, goes_on)
    assert len(list(path.parent.iterdir())) == 1
    claim.release()
    claim.release()
    assert list(path.parent.iterdir()) == []


def test_where_no_file_can_be_locked_the_process_still_knows(path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        claim = Claim(path, goes_on)
    with pytest.raises(ValueError, match="is written by another training run in this process"):
        Claim(path, goes_on)
    claim.release()


CLAIM = """
from kcore._claims import Claim
try:
    claim = Claim({path!r}, lambda: True)
    print("claimed")
except ValueError as error:
    print("refused:", error)
"""


def run(script):
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return ended.stdout.strip()


@needs.fork
def test_another_process_is_refused_and_told_by_whom(path):
    claim = Claim(path, goes_on)
    assert run(CLAIM.format(path=str(path))) == (
        f"refused: path={str(path)!r} is written by a training run of process {os.getpid()}, which "
        "has not ended: give each training run its own file."
    )
    claim.release()
    assert run(CLAIM.format(path=str(path))) == "claimed"


@needs.fork
def test_a_killed_process_is_no_hindrance(path):
    killed = CLAIM.format(path=str(path)) + "import os; os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", killed], timeout=60, capture_output=True)
    assert len(list(path.parent.iterdir())) == 1
    claim = Claim(path, goes_on)
    claim.release()
    assert list(path.parent.iterdir()) == []


@pytest.fixture
def on_windows(monkeypatch):
    """Lock files as on Windows, and refuse to remove open ones."""
    monkeypatch.setattr(claims, "fcntl", None)
    monkeypatch.setattr(claims, "msvcrt", windows.locks())
    windows.files_in_use(monkeypatch)


@needs.fork
@needs.open_files
@pytest.mark.usefixtures("on_windows")
def test_on_windows_another_process_is_refused_until_the_claim_is_released(path):
    claim = Claim(path, goes_on)
    script = windows.PREFIX + CLAIM.format(path=str(path))
    assert run(script) == (
        f"refused: path={str(path)!r} is written by a training run of process {os.getpid()}, which "
        "has not ended: give each training run its own file."
    )
    claim.release()
    assert list(path.parent.iterdir()) == []
    assert run(script) == "claimed"


@needs.fork
@needs.open_files
@pytest.mark.usefixtures("on_windows")
def test_on_windows_a_killed_process_is_no_hindrance(path):
    killed = windows.PREFIX + CLAIM.format(path=str(path)) + "import os; os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", killed], timeout=60, capture_output=True)
    assert len(list(path.parent.iterdir())) == 1
    claim = Claim(path, goes_on)
    claim.release()
    assert list(path.parent.iterdir()) == []


@needs.fork
@needs.open_files
@pytest.mark.timeout(60)
@pytest.mark.usefixtures("on_windows")
def test_a_drive_of_windows_that_can_not_compare_files_can_hold_a_claim(path, monkeypatch):
    monkeypatch.setattr(os.path, "samestat", lambda one, other: False)
    claim = Claim(path, goes_on)
    assert run(windows.PREFIX + CLAIM.format(path=str(path))).startswith("refused")
    claim.release()


FORKED = """
import os, sys, time, weakref
from kcore._claims import Claim
from kcore.visualize._reporting.live_file import LiveFile

class Callback:
    pass

callback = Callback()
file = LiveFile({path!r}, {{}})
weakref.finalize(callback, file.interrupt)
file.begin("No epoch yet.", lambda: True)
before = open({path!r}, "rb").read()
child = os.fork()
if child == 0:
    try:
        Claim({path!r}, lambda: True)
    except ValueError as error:
        print(error, flush=True)
    file.interrupt()
    os._exit(3)  # what a backend does at the end of a process may hang in a forked one
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
assert open({path!r}, "rb").read() == before
child = os.fork()
if child == 0:
    file._claim.release()
    os._exit(4)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 4
assert file._claim.is_held
print(len(os.listdir(os.path.dirname({path!r}))))
file.write("running", "Epoch 1 is done.")
print("Epoch 1 is done." in open({path!r}).read())
child = os.fork()
if child == 0:
    time.sleep(60)
file.write("finished", "Done.")
again = LiveFile({path!r}, {{}})
again.begin("Again.", lambda: True)
again.write("finished", "Done again.")
print(len(os.listdir(os.path.dirname({path!r}))))
os.kill(child, 9)
"""


@needs.fork
def test_a_forked_child_leaves_the_report_of_its_parent_alone(path):
    first, *others = run(FORKED.format(path=str(path))).splitlines()
    assert "is written by a training run of process" in first
    assert others == ["2", "True", "1"]
    assert "✓ finishedDone again." in shown(path)


def test_two_files_of_trainings_that_go_on(path):
    first, second = LiveFile(path, {"title": "first"}), LiveFile(path, {"title": "second"})
    first.begin("No epoch yet.", goes_on)
    with pytest.raises(ValueError, match="give each training run its own report"):
        second.begin("No epoch yet.", goes_on)
    second.interrupt()
    assert "first▶ running" in shown(path)
    first.write("finished", "Done.")
    second.begin("No epoch yet.", goes_on)
    assert "second▶ running" in shown(path)
    second.write("finished", "Done.")
    assert list(path.parent.iterdir()) == [path]


def test_a_training_that_has_ended_does_not_speak_for_its_successor(path):
    """In a notebook a cell is broken off and run again, and its first callback is forgotten."""
    first, second = LiveFile(path, {"title": "first"}), LiveFile(path, {"title": "second"})
    first.begin("No epoch yet.", has_ended)
    second.begin("No epoch yet.", goes_on)
    first.interrupt()
    assert "second▶ running" in shown(path)
    second.write("finished", "Done.")
    first.interrupt()
    assert "second✓ finishedDone." in shown(path)


def test_a_training_whose_file_was_taken_over_says_so_once(path):
    first, second = LiveFile(path, {"title": "first"}), LiveFile(path, {"title": "second"})
    first.begin("No epoch yet.")
    second.begin("No epoch yet.")
    with pytest.warns(RuntimeWarning, match="no longer writes .*: another training run does"):
        first.write("running", "Epoch 1 is done.")
    first.write("running", "Epoch 2 is done.")  # warnings are errors here
    first.write("finished", "Done.")
    assert "second▶ running" in shown(path)
    second.write("finished", "Done.")


def test_what_can_not_be_shown_gives_the_file_back(path):
    file = LiveFile(path, {"history": {}})
    with pytest.raises(ValueError, match="history holds no epoch"):
        file.begin("No epoch yet.", goes_on)
    assert list(path.parent.iterdir()) == []
    Claim(path, goes_on).release()
