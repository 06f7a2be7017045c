"""HDF5 files, and those inside of a `.keras` archive, opened so that errors name the file."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kcore.models.file_errors import WeightsFileError

__all__ = ["WEIGHTS_IN_MODEL", "opened"]

WEIGHTS_IN_MODEL = "model.weights.h5"
_ARCHIVE_SIGNATURE = b"PK"


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open the weights of a file for reading; what goes wrong becomes a `WeightsFileError`."""
    import h5py

    try:
        with path.open("rb") as raw:
            is_archive = raw.read(len(_ARCHIVE_SIGNATURE)) == _ARCHIVE_SIGNATURE
        if not is_archive:
            with h5py.File(path, "r") as file:
                yield file
            return
        with (
            zipfile.ZipFile(path) as archive,
            archive.open(WEIGHTS_IN_MODEL) as member,
            h5py.File(member, "r") as file,
        ):
            yield file
    except WeightsFileError:
        raise
    except Exception as error:
        raise WeightsFileError(f"{path.name} is damaged or no sound HDF5: {error}") from error
