"""Pack the names of files, directory by directory, into little memory."""

import itertools

import numpy as np

from kcore.data._image_files import FileTable, Labels, LeftOut

__all__ = ["PackedFiles"]


class PackedFiles:
    """The names of files, in one block of bytes for each directory."""

    def __init__(self) -> None:
        self._blocks: list[tuple[bytes, int, bytes, Labels]] = []

    def add(self, directory: bytes, files: list[bytes], label: int = -1) -> None:
        """Add the files of a directory in the order of their names.

        Args:
            directory: its name.
            files: the files' names; the list is sorted in place.
            label: the label of all of them; -1 for none.
        """
        if files:
            files.sort()
            lengths = np.fromiter(map(len, files), np.int32, len(files))
            self._blocks.append((directory, label, b"".join(files), lengths))

    def extend(self, other: "PackedFiles") -> None:
        """Add the directories of `other`, sorted by name."""
        self._blocks += sorted(other._blocks, key=lambda block: block[0])

    def table(
        self, root: bytes, class_names: tuple[str, ...], left_out: dict[str, LeftOut]
    ) -> FileTable:
        """Return all that was added as one table."""
        blocks = self._blocks
        counts = [len(lengths) for _, _, _, lengths in blocks]
        offsets = np.zeros(sum(counts) + 1, np.int64)
        np.cumsum(np.concatenate([np.zeros(0, np.int32), *(b[3] for b in blocks)]), out=offsets[1:])
        labels = np.repeat(np.array([block[1] for block in blocks], np.int32), counts)
        return FileTable(
            root=root,
            directories=tuple(block[0] for block in blocks),
            first_rows=np.array([0, *itertools.accumulate(counts)], np.int64),
            names=b"".join(block[2] for block in blocks),
            offsets=offsets,
            labels=labels if class_names else None,
            class_names=class_names,
            left_out=left_out,
        )
