import io

import pytest

from kcore._progress import Progress, counted, megabytes


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    """A clock that the test moves."""

    now = 100.0

    def __call__(self):
        return self.now


def run(stream, steps, *, total=10, delay=0.0, **options):
    """Make one step of work after each of the waits in `steps`."""
    clock = Clock()
    with Progress("Work", total, delay=delay, stream=stream, clock=clock, **options) as progress:
        for wait in steps:
            clock.now += wait
            progress.advance()
    return stream.getvalue()


def test_rewrites_one_line_on_a_terminal():
    text = run(Terminal(), [1.0, 1.0, 0.01, 0.01])
    assert text == "\rWork: 1 of 10 (10%)\rWork: 2 of 10 (20%)\rWork: 4 of 10 (40%)\n"


def test_adds_a_line_every_ten_seconds_elsewhere():
    text = run(io.StringIO(), [1.0] * 12, total=12)
    assert text == "Work: 1 of 12 (8%)\nWork: 11 of 12 (91%)\nWork: 12 of 12 (100%)\n"


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_quick_work_prints_nothing(stream):
    assert run(stream, [0.1] * 10, delay=2.0) == ""


def test_slow_work_prints_after_the_delay():
    text = run(io.StringIO(), [0.9, 0.9, 0.9], delay=2.0)
    assert text == "Work: 3 of 10 (30%)\n"


def test_an_unknown_total_is_left_out():
    assert run(io.StringIO(), [1.0], total=None) == "Work: 1\n"


def test_a_shorter_line_covers_the_longer_one():
    class Shrinking:
        lengths = iter([5, 2, 2])

        def __call__(self, number):
            return "x" * next(self.lengths)

    text = run(Terminal(), [1.0, 1.0], total=None, amount=Shrinking())
    assert text == "\rWork: xxxxx\rWork: xx   \n"


def test_ends_the_line_when_the_work_fails():
    stream = Terminal()

    def work():
        with Progress("Work", 10, stream=stream) as progress:
            progress.advance(3)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert stream.getvalue() == "\rWork: 3 of 10 (30%)\n"


def test_writes_to_stderr(capsys):
    with Progress("Work", 2) as progress:
        progress.advance(2)
    assert capsys.readouterr() == ("", "Work: 2 of 2 (100%)\n")


def test_amounts():
    assert counted(1234567) == "1,234,567"
    assert megabytes(26421880) == "26.4 MB"
