"""Kill a process in the middle of its work."""

import threading
import time

__all__ = ["kill_after"]


def kill_after(process, first_line, seconds):
    """Wait until a process has started its work, and kill it a little later.

    Args:
        process: a `subprocess.Popen` whose output is a pipe of text.
        first_line: the line that it prints when it has started.
        seconds: time from then until it is killed.
    """
    with process:
        assert process.stdout.readline() == first_line
        drain = threading.Thread(target=process.stdout.read)  # a full pipe would block it
        drain.start()
        time.sleep(seconds)
        process.kill()
        drain.join()
