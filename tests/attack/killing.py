"""Kill a process in the middle of its work."""

import threading
import time

__all__ = ["kill_after", "kill_after_lines"]


def kill_after(process, first_line, seconds):
    """Wait until a process has started its work, and kill it a little later.

    Args:
        process: a `subprocess.Popen` whose output is a pipe of text.
        first_line: the line that it prints when it has started.
        seconds: time from then until it is killed.
    """
    with process:
        assert process.stdout.readline() == first_line
        _kill(process, seconds)


def kill_after_lines(process, lines, seconds):
    """Wait until a process has printed some lines, and kill it a little later.

    Args:
        process: a `subprocess.Popen` whose output is a pipe of text.
        lines: how many lines it must print first.
        seconds: time from then until it is killed.
    """
    with process:
        for _ in range(lines):
            assert process.stdout.readline(), "it ended before it was killed"
        _kill(process, seconds)


def _kill(process, seconds):
    drain = threading.Thread(target=process.stdout.read)  # a full pipe would block it
    drain.start()
    time.sleep(seconds)
    process.kill()
    drain.join()
