"""Make batches for `fit` from a folder of images, a list of files, or arrays."""

import kcore._backend  # noqa: F401
from kcore.data._file_audit import BadFileError, FileAudit, FileFinding
from kcore.data._from_arrays import from_arrays
from kcore.data._from_directory import from_directory
from kcore.data._from_files import from_files
from kcore.data._functions import pure
from kcore.data._image_batches import ImageBatches
from kcore.data._image_files import ImageFiles
from kcore.data._scanning import scan
from kcore.data._splits import split

__all__ = [
    "BadFileError",
    "FileAudit",
    "FileFinding",
    "ImageBatches",
    "ImageFiles",
    "from_arrays",
    "from_directory",
    "from_files",
    "pure",
    "scan",
    "split",
]
