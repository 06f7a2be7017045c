import subprocess
import sys

import pytest
from oracles import needs
from oracles.markup import Page

from kcore.visualize._reporting.live_file import LiveFile


def shown(path):
    page = Page(path.read_text(encoding="utf-8"))
    assert page.problems == []
    return page.text


@pytest.fixture
def path(tmp_path):
    return tmp_path / "live.html"


def test_it_is_rewritten_with_what_is_known(path):
    file = LiveFile(path, {"title": "mine"})
    file.write("running", "No epoch yet.")
    assert "▶ running" in shown(path)
    file.contents["history"] = {"loss": [0.5]}
    file.write("finished", "Done.")
    assert "✓ finishedDone." in shown(path)
    assert "#curves" in Page(path.read_text(encoding="utf-8")).links


def test_only_what_runs_can_be_interrupted(path):
    file = LiveFile(path, {})
    file.interrupt()
    assert not path.exists()
    file.write("finished", "Done.")
    file.interrupt()
    assert "finished" in shown(path)


def test_an_interrupt_says_by_what(path):
    file = LiveFile(path, {"epoch_seconds": [1.0, 1.0]})
    file.write("running", "Epoch 2 is done.")
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        file.interrupt()
    text = shown(path)
    assert "✗ interrupted" in text
    assert "The training was interrupted by KeyboardInterrupt after 2 epochs." in text


def test_a_full_disk_is_said_and_the_next_time_tried_again(path, monkeypatch):
    file = LiveFile(path, {})
    file.write("running", "Epoch 1 is done.")
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
        with pytest.warns(RuntimeWarning, match=r"\(Epoch 2 is done.\): .*No space left"):
            file.write("running", "Epoch 2 is done.")
    assert path.read_bytes() == before
    file.write("running", "Epoch 3 is done.")
    assert "Epoch 3 is done." in shown(path)


ENDING = """
import weakref
from kcore.visualize._reporting.live_file import LiveFile

class Callback:
    pass

callback = Callback()
file = LiveFile({path!r}, {{}})
weakref.finalize(callback, file.interrupt)
file.write("running", "Epoch 1 is done.")
{end}
"""


# Whoever runs the tests may have told their processes to ignore this signal.
INTERRUPT = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
os.kill(os.getpid(), signal.SIGINT)
"""


# The child does of its end what concerns the report: what else is loaded may hang there.
FORK = """
import os
child = os.fork()
if child == 0:
    file.interrupt()
    os._exit(3)
os.waitpid(child, 0)
os._exit(9)
"""


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("raise MemoryError('too large')", "interrupted by MemoryError"),
        ("raise SystemExit(3)", "interrupted"),
        (INTERRUPT, "by KeyboardInterrupt"),
        ("import os; os._exit(9)", "Epoch 1 is done."),
        pytest.param(FORK, "Epoch 1 is done.", marks=needs.fork),
    ],
)
def test_how_a_process_ended_can_be_read(path, end, status):
    script = ENDING.format(path=str(path), end=end)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ended.returncode != 0
    assert status in shown(path), ended.stderr


def test_a_crash_while_writing_leaves_the_earlier_report(path):
    """The process dies between the temporary file and its new name."""
    LiveFile(path, {}).write("running", "Epoch 1 is done.")
    script = ENDING.format(path=str(path), end="") + (
        "import os, pathlib\npathlib.Path.replace = lambda *_: os._exit(9)\n"
        "file.write('running', 'Epoch 2 is done.')"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 9
    assert "Epoch 1 is done." in shown(path)


def test_what_can_not_be_shown_raises_at_first_and_is_a_warning_later(path):
    file = LiveFile(path, {"history": {}})
    with pytest.raises(ValueError, match="history holds no epoch"):
        file.begin("No epoch yet.")
    assert not path.exists()
    file.contents.clear()
    file.begin("No epoch yet.")
    file.contents["bad_files"] = [3]
    with pytest.warns(RuntimeWarning, match="bad_files holds 3") as caught:
        file.write("running", "Epoch 1 is done.")
    assert caught[0].filename == __file__
    file.contents.clear()
    file.interrupt()
    assert "✗ interrupted" in shown(path)
