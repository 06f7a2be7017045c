"""Fashion-MNIST: 70,000 gray images of clothing in ten classes, from disk or by download.

The dataset was published by Xiao, Rasul and Vollgraf as "Fashion-MNIST: a Novel Image Dataset for
Benchmarking Machine Learning Algorithms" (arXiv 1708.07747), under the MIT license.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from kcore._arguments import check_path
from kcore.datasets._arrays import Images, Split
from kcore.datasets._download import download
from kcore.datasets._errors import (
    CorruptFileError,
    DatasetNotFoundError,
    DownloadError,
    MissingFilesError,
)
from kcore.datasets._idx import read_idx
from kcore.datasets._locations import (
    DATA_DIR_VARIABLE,
    Location,
    data_dir_location,
    explicit_location,
    keras_cache_location,
)

__all__ = ["CLASS_NAMES", "load_data"]

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@dataclass(frozen=True)
class IdxFile:
    """A file of the dataset: its name without `.gz`, its shape, its uncompressed SHA-256."""

    name: str
    shape: tuple[int, ...]
    sha256: str


FILES = (
    IdxFile(
        "train-images-idx3-ubyte",
        (60000, 28, 28),
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ),
    IdxFile(
        "train-labels-idx1-ubyte",
        (60000,),
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ),
    IdxFile(
        "t10k-images-idx3-ubyte",
        (10000, 28, 28),
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ),
    IdxFile(
        "t10k-labels-idx1-ubyte",
        (10000,),
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
)

DIRECTORY_NAME = "fashion-mnist"
DEBIAN_PACKAGE = "dataset-fashion-mnist"
DEBIAN_DIRECTORY = Path("/usr/share/datasets/fashion-mnist")
REMEDY = (
    "To get the real images, connect to the network, and they will be downloaded; or install "
    f"Debian's package (apt-get install {DEBIAN_PACKAGE}); or put the four files into a directory "
    f"named {DIRECTORY_NAME} and set {DATA_DIR_VARIABLE} to its parent directory."
)
BASE_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
TIMEOUT_SECONDS = 10.0
MAX_DOWNLOAD_BYTES = 50_000_000  # the largest file has 47,040,016 bytes uncompressed


def load_data(path: str | os.PathLike[str] | None = None) -> tuple[Split, Split]:
    """Load Fashion-MNIST from disk, or download it.

    The dataset is looked for in this order:

    1. `path`. If it is given, no other directory is searched.
    2. The directory `fashion-mnist` inside `$KCORE_DATA_DIR`.
    3. The Keras cache, where `keras.datasets.fashion_mnist` keeps it: `datasets/fashion-mnist` in
       `$KERAS_HOME` or `~/.keras`.
    4. `/usr/share/datasets/fashion-mnist`, from Debian's package `dataset-fashion-mnist`.
    5. Google's copy of the files, which is downloaded into the Keras cache.

    A directory without any of the files is skipped. A directory with only some of them, or with a
    damaged one, is an error, because these files were put there to be used. The only exception is
    an incomplete Keras cache, which an interrupted download leaves behind: it is skipped, and step
    5 downloads the missing files.

    Each file may be compressed with gzip (`<name>.gz`) or not (`<name>`). The SHA-256 digest is
    checked on the uncompressed content, so it doesn't matter how a copy was compressed.

    Args:
        path: directory of the four files, or `None` to search for them.

    Returns:
        `((x_train, y_train), (x_test, y_test))`. Images are uint8 of shape (60000, 28, 28) and
        (10000, 28, 28), axes (image, row, column), from 0 (background) to 255. Labels are uint8 of
        shape (60000,) and (10000,), indices into `CLASS_NAMES`.

    Raises:
        MissingFilesError: if a directory holds only some of the files, or `path` lacks any.
        CorruptFileError: if a file is cut short, damaged, or a different file of this name.
        DatasetNotFoundError: if the dataset is in no directory and can't be downloaded. The
            message lists what was tried and what can be done.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, y_train.shape, x_test.shape, y_test.shape
        ((60000, 28, 28), (60000,), (10000, 28, 28), (10000,))
        >>> CLASS_NAMES[y_train[0]]
        'Ankle boot'
    """
    if path is not None:
        check_path("path", path, "directory")
        location = explicit_location(path)
        _require_complete(location)
        return _read(location)
    cache = keras_cache_location(DIRECTORY_NAME)
    tried = []
    for location in _locations(cache):
        missing = location.missing(_names())
        if not missing:
            return _read(location)
        if len(missing) < len(FILES) and location is not cache:
            _require_complete(location)
        tried.append(location.describe(_names()))
    _complete_by_download(cache, tried)
    return _read(cache)


def _locations(cache: Location) -> list[Location]:
    debian = Location(
        DEBIAN_DIRECTORY,
        "Debian's package",
        f"Reinstall the package: apt-get install --reinstall {DEBIAN_PACKAGE}.",
    )
    data_dir = data_dir_location(DIRECTORY_NAME)
    return [cache, debian] if data_dir is None else [data_dir, cache, debian]


def _names() -> list[str]:
    return [file.name for file in FILES]


def _require_complete(location: Location) -> None:
    if missing := location.missing(_names()):
        raise MissingFilesError(
            location.directory, [f"{name}.gz" for name in missing], location.remedy
        )


def _read(location: Location) -> tuple[Split, Split]:
    x_train, y_train, x_test, y_test = (_read_file(location, file) for file in FILES)
    return (x_train, y_train), (x_test, y_test)


def _read_file(location: Location, file: IdxFile) -> Images:
    path = location.find(file.name)
    if path is None:
        raise MissingFilesError(
            location.directory,
            [f"{file.name}.gz"],
            "It was there a moment ago; load the dataset again.",
        )
    try:
        return read_idx(path, shape=file.shape, sha256=file.sha256)
    except CorruptFileError as error:
        raise CorruptFileError(path, error.problem, location.remedy) from error


def _complete_by_download(cache: Location, tried: list[str]) -> None:
    for file in FILES:
        if cache.find(file.name) is None:
            try:
                _download_file(file, cache.directory / f"{file.name}.gz")
            except DownloadError as error:
                raise _not_found([*tried, str(error)]) from error


def _download_file(file: IdxFile, path: Path) -> None:
    download(
        f"{BASE_URL}{file.name}.gz",
        path,
        verify=lambda part: read_idx(part, shape=file.shape, sha256=file.sha256),
        max_bytes=MAX_DOWNLOAD_BYTES,
        timeout=TIMEOUT_SECONDS,
    )


def _not_found(tried: list[str]) -> DatasetNotFoundError:
    files = ", ".join(f"{name}.gz" for name in _names())
    return DatasetNotFoundError(
        "Fashion-MNIST",
        tried,
        f"Do one of these: install Debian's package (apt-get install {DEBIAN_PACKAGE}); "
        f"put {files} into a directory and pass it as path=; "
        f"put them into a directory named {DIRECTORY_NAME} and set {DATA_DIR_VARIABLE} to its "
        "parent directory; or connect to the network, and the files will be downloaded.",
    )
