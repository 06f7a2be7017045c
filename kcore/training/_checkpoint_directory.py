"""The directory of a resumable training run: its last two checkpoints, and who may write them."""

import contextlib
import os
from pathlib import Path
from types import TracebackType

from kcore._claims import Claim
from kcore._warning import warn
from kcore.training._checkpoint_file import (
    UNFINISHED,
    Checkpoint,
    DamagedCheckpointError,
    read,
    write,
)

__all__ = ["CheckpointDirectory"]

_NAMES = ("checkpoint-a.kcore", "checkpoint-b.kcore")


class CheckpointDirectory:
    """Two files that are written in turns, so that a whole checkpoint is left at every moment.

    Use it in a `with` statement, during which no other training run may write to the directory.

    Args:
        path: the directory; it is made if it doesn't exist.
        is_written: whether this process writes it. Of processes that train together, one does.

    Attributes:
        path: as given.
        is_written: as given.
        number: number of the last checkpoint, from 1; 0 if there is none.
    """

    def __init__(self, path: Path, is_written: bool = True) -> None:
        self.path, self.is_written = path, is_written
        self._claim: Claim | None = None
        self.number = 0
        self._next = 0

    def __enter__(self) -> "CheckpointDirectory":
        if not self.is_written:
            return self
        self.path.mkdir(parents=True, exist_ok=True)
        self._claim = Claim(self.path / "training", _always, self._refusal)
        for left in self.path.glob(f".*{UNFINISHED}"):  # of a process that was killed while saving
            with contextlib.suppress(OSError):
                left.unlink()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._claim is not None:
            self._claim.release()

    def load(self) -> Checkpoint | None:
        """Return the last checkpoint that is whole, or None if there is none.

        Raises:
            DamagedCheckpointError: if there are checkpoints, but none that is whole.
            NewerCheckpointError: if a later version of kcore wrote one.
            OSError: if a file can't be read.
        """
        found: list[tuple[int, int, Checkpoint]] = []
        damages = []
        for position, name in enumerate(_NAMES):
            try:
                checkpoint = read(self.path / name)
            except FileNotFoundError:
                continue
            except DamagedCheckpointError as error:
                damages.append(str(error))
                self._next = position
                continue
            found.append((int(checkpoint.description["number"]), position, checkpoint))
        if not found:
            if damages:
                raise DamagedCheckpointError(
                    f"{' '.join(damages)} No other checkpoint is left in "
                    f"resume={os.fspath(self.path)!r}: remove the directory to start over."
                )
            return None
        self.number, position, checkpoint = max(found, key=lambda one: one[0])
        self._next = 1 - position
        for damage in damages:
            warn(f"{damage} Training resumes from the other checkpoint.", RuntimeWarning)
        return checkpoint

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint in place of the older one.

        Raises:
            OSError: if it can't be written; both earlier ones are then still there.
        """
        number = self.number + 1
        description = {"number": number, **checkpoint.description}
        write(self.path / _NAMES[self._next], Checkpoint(description, checkpoint.arrays))
        self.number, self._next = number, 1 - self._next

    def _refusal(self, by: str) -> str:
        path = os.fspath(self.path)
        return f"resume={path!r} is used by {by}: give each training run its own directory."


def _always() -> bool:
    return True
