"""The process in which a backend runs: reads batches of cases, writes outcomes.

Run as `python -m backends_tests.worker`. Messages are pickles between one parent and its child,
each after its length in eight bytes, on the pipes that were standard input and output.
"""

import os
import pickle
import sys
from typing import BinaryIO

__all__ = ["main", "receive", "send"]


def send(stream: BinaryIO, message: object) -> None:
    """Write one message."""
    packed = pickle.dumps(message)
    stream.write(len(packed).to_bytes(8, "little") + packed)
    stream.flush()


def receive(stream: BinaryIO) -> object:
    """Read one message.

    Raises:
        EOFError: if the other side has gone.
    """
    head = stream.read(8)
    if len(head) < 8:
        raise EOFError
    size = int.from_bytes(head, "little")
    packed = stream.read(size)
    if len(packed) < size:
        raise EOFError
    return pickle.loads(packed)


def main() -> None:
    """Answer batches until the parent closes the pipe."""
    questions = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    from backends_tests.environment import keep_float32_exact

    keep_float32_exact()
    from backends_tests.execute import WAYS

    while True:
        try:
            way, cases = receive(questions)
        except EOFError:
            return
        send(answers, WAYS[way](cases))


if __name__ == "__main__":
    main()
