"""Compute in a process of its own: read batches of cases, write their outcomes.

Run as `python -m backends_tests.worker`. Parent and child send each other pickles, each after its
length in eight bytes, through pipes that were the child's standard input and output.
"""

import os
import pickle
import sys
from typing import IO, Any

__all__ = ["main", "receive", "send"]


def send(stream: IO[bytes], message: object) -> None:
    """Write one message."""
    packed = pickle.dumps(message)
    stream.write(len(packed).to_bytes(8, "little") + packed)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read one message.

    Raises:
        EOFError: if the sender has closed the pipe.
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
