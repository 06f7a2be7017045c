"""Long work shows a bar; short work and programs without a console show nothing."""

import io
import sys
import threading

import pytest

from kcore._progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def work(stream, total=10, **options):
    with progress_bar("Work", total, stream=stream, **options) as bar:
        for _ in range(10):
            bar.update()
    return stream.getvalue()


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()], ids=["terminal", "log"])
def test_the_end_is_shown_with_its_counts(stream):
    last = work(stream).rpartition("\r")[2]
    assert last.startswith("Work: 100%|")
    assert "| 10/10 [" in last
    assert last.endswith("images/s]\n")


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()], ids=["terminal", "log"])
def test_quick_work_shows_nothing(stream):
    assert work(stream, delay=60.0) == ""


def test_a_log_file_gets_few_lines(monkeypatch):
    stream = io.StringIO()
    now = [1000.0]
    with progress_bar("Work", 400, stream=stream) as bar:
        monkeypatch.setattr(bar, "_time", lambda: now[0])
        bar.start_t = bar.last_print_t = now[0]
        for _ in range(400):
            now[0] += 0.1
            bar.update()
    # One line at the start, one every 10 seconds, and one at the end.
    assert len(stream.getvalue().split("\r")) - 1 in (5, 6)


def test_an_unknown_total_is_left_out():
    last = work(io.StringIO(), total=None).rpartition("\r")[2]
    assert last.startswith("Work: 10 images [")


def test_bytes_are_shown_as_megabytes():
    stream = io.StringIO()
    with progress_bar("Work", 26_421_880, unit="B", stream=stream) as bar:
        bar.update(26_421_880)
    assert "26.4M/26.4M" in stream.getvalue()


def test_the_line_ends_when_the_work_fails():
    stream = Terminal()

    def fail():
        with progress_bar("Work", 10, stream=stream) as bar:
            bar.update(3)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert "| 3/10 [" in stream.getvalue()
    assert stream.getvalue().endswith("]\n")


def test_it_goes_to_stderr(capsys):
    with progress_bar("Work", 2) as bar:
        bar.update(2)
    out, err = capsys.readouterr()
    assert out == ""
    assert "Work: 100%|" in err


def test_no_thread_is_left_running():
    before = threading.active_count()
    work(io.StringIO())
    assert threading.active_count() == before


def test_programs_without_a_console_show_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with progress_bar("Work", total=1) as bar:
        bar.update()


def test_names_that_control_a_terminal_are_escaped():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with progress_bar("Käse\x1b[2J", 1, stream=stream) as bar:
        bar.update()
    stream.flush()
    assert stream.buffer.getvalue().rpartition(b"\r")[2].startswith(rb"K\xe4se\x1b[2J: 100%|#")
