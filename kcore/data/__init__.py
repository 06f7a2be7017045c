"""From a folder of images, or a list of files, or arrays, to batches for `fit`."""

import kcore._backend  # noqa: F401
from kcore.data.bad_files import Audit, BadFileError, Finding
from kcore.data.batches import ImageBatches
from kcore.data.functions import pure
from kcore.data.loading import from_arrays, from_directory, from_files
from kcore.data.records import ImageFiles
from kcore.data.scanning import scan
from kcore.data.splits import split

__all__ = [
    "Audit",
    "BadFileError",
    "Finding",
    "ImageBatches",
    "ImageFiles",
    "from_arrays",
    "from_directory",
    "from_files",
    "pure",
    "scan",
    "split",
]
