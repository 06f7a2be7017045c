"""Kill a process in the middle of what it does."""

import threading
import time

__all__ = ["kill_after"]


def kill_after(process, first_line, seconds):
    """Wait until a process has begun, and kill it a while later.

    Args:
        process: a `subprocess.Popen` whose output is a pipe of text.
        first_line: what it prints when it has begun.
        seconds: how long it goes on from then.
    """
    with process:
        assert process.stdout.readline() == first_line
        drain = threading.Thread(target=process.stdout.read)  # a full pipe would stop it
        drain.start()
        time.sleep(seconds)
        process.kill()
        drain.join()
