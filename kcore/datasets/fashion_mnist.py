"""Fashion-MNIST: 70,000 gray images of clothing in ten classes, from disk or by download.

The dataset is Xiao, Rasul and Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking
Machine Learning Algorithms" (arXiv 1708.07747), and has the MIT license.
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
    Place,
    data_dir_place,
    explicit_place,
    keras_cache_place,
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
    """One file of the dataset: its name without `.gz`, its shape, its uncompressed SHA-256."""

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
BASE_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
TIMEOUT_SECONDS = 10.0
MAX_DOWNLOAD_BYTES = 50_000_000  # the largest file has 47,040,016 bytes uncompressed


def load_data(path: str | os.PathLike[str] | None = None) -> tuple[Split, Split]:
    """Load Fashion-MNIST, wherever it is.

    Searched in this order:

    1. `path`; if it is given, nothing else is.
    2. The directory `fashion-mnist` inside `$KCORE_DATA_DIR`.
    3. The Keras cache, where `keras.datasets.fashion_mnist` keeps it: `datasets/fashion-mnist` in
       `$KERAS_HOME` or `~/.keras`.
    4. `/usr/share/datasets/fashion-mnist`, from Debian's package `dataset-fashion-mnist`.
    5. Google's copy of the files, which is downloaded into the Keras cache.

    A place that holds nothing is passed over. A place that holds only some of the four files, or a
    damaged one, is an error, because whoever put files there means them to be used. The one
    exception is an incomplete Keras cache, which an interrupted download leaves: it is passed over,
    and step 5 fetches what it lacks.

    Each file may be compressed with gzip (`<name>.gz`) or not (`<name>`). Its SHA-256 digest is
    taken over the uncompressed content, so copies that were compressed differently are equal.

    Args:
        path: directory that holds the four files, or `None` to search.

    Returns:
        `((x_train, y_train), (x_test, y_test))`. Images are uint8 of shape (60000, 28, 28) and
        (10000, 28, 28), axes (image, row, column), 0 for the background up to 255. Labels are uint8
        of shape (60000,) and (10000,), indices into `CLASS_NAMES`.

    Raises:
        MissingFilesError: if a place holds some of the files, or `path` lacks any.
        CorruptFileError: if a file is cut short, damaged, or not what its name says.
        DatasetNotFoundError: if no place has the dataset and it can't be downloaded. The message
            lists what was tried and what can be done.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, y_train.shape, x_test.shape, y_test.shape
        ((60000, 28, 28), (60000,), (10000, 28, 28), (10000,))
        >>> CLASS_NAMES[y_train[0]]
        'Ankle boot'
    """
    if path is not None:
        check_path("path", path, "directory")
        place = explicit_place(path)
        _require_complete(place)
        return _read(place)
    cache = keras_cache_place(DIRECTORY_NAME)
    tried = []
    for place in _places(cache):
        missing = place.missing(_names())
        if not missing:
            return _read(place)
        if len(missing) < len(FILES) and place is not cache:
            _require_complete(place)
        tried.append(place.describe(_names()))
    _complete_by_download(cache, tried)
    return _read(cache)


def _places(cache: Place) -> list[Place]:
    debian = Place(
        DEBIAN_DIRECTORY,
        "Debian's package",
        f"Reinstall the package: apt-get install --reinstall {DEBIAN_PACKAGE}.",
    )
    data_dir = data_dir_place(DIRECTORY_NAME)
    return [cache, debian] if data_dir is None else [data_dir, cache, debian]


def _names() -> list[str]:
    return [file.name for file in FILES]


def _require_complete(place: Place) -> None:
    if missing := place.missing(_names()):
        raise MissingFilesError(place.directory, [f"{name}.gz" for name in missing], place.remedy)


def _read(place: Place) -> tuple[Split, Split]:
    x_train, y_train, x_test, y_test = (_read_file(place, file) for file in FILES)
    return (x_train, y_train), (x_test, y_test)


def _read_file(place: Place, file: IdxFile) -> Images:
    path = place.find(file.name)
    if path is None:
        raise MissingFilesError(
            place.directory, [f"{file.name}.gz"], "It was there a moment ago; load again."
        )
    try:
        return read_idx(path, shape=file.shape, sha256=file.sha256)
    except CorruptFileError as error:
        raise CorruptFileError(path, error.problem, place.remedy) from error


def _complete_by_download(cache: Place, tried: list[str]) -> None:
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
        f"put that directory under the name {DIRECTORY_NAME} into another one, and set "
        f"{DATA_DIR_VARIABLE} to the latter; or connect to the network, and the files will be "
        "downloaded.",
    )
