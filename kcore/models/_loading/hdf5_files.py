"""Open HDF5 files, even inside a `.keras` archive, so that errors name the file."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kcore._console import printable
from kcore.models._loading.errors import WeightsFileError

__all__ = ["HDF5_SIGNATURE", "WEIGHTS_IN_MODEL", "named", "opened", "signature"]

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
WEIGHTS_IN_MODEL = "model.weights.h5"
_ARCHIVE_SIGNATURE = b"PK"


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open the weights of a file for reading; any error becomes a `WeightsFileError`."""
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
        raise WeightsFileError(
            f"{printable(path.name)} is damaged, or not HDF5: {error}"
        ) from error


def signature(path: Path) -> bytes:
    """Return the first bytes of a file, which tell HDF5 from other files."""
    with path.open("rb") as file:
        return file.read(len(HDF5_SIGNATURE))


@contextmanager
def named(path: Path, suffix: str) -> Iterator[Path]:
    """Give a file a name with the suffix by which Keras knows its kind."""
    # After an error, Keras may have the file still open, and Windows doesn't remove it then.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        link = Path(folder, f"file{suffix}")
        try:
            link.symlink_to(path.absolute())
        except OSError:  # if the user isn't allowed to make links, as on Windows
            link.write_bytes(path.read_bytes())
        yield link
