"""Write scenes as image files, with a directory for each class."""

import functools
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore._arguments import check_path
from kcore._files import replacing
from kcore._progress import progress_bar
from kcore.datasets.scenes._generation import PROGRESS_DELAY, check_count, scene
from kcore.datasets.scenes._painting import Scene
from kcore.datasets.scenes._silhouettes import CLASS_NAMES

__all__ = ["write_directory"]

_PNG_COMPRESSION = 1  # zlib's fastest: higher levels take several times longer and save little


def write_directory(
    path: str | os.PathLike[str],
    *,
    train: int = 1000,
    validation: int = 200,
    image_size: tuple[int, int] = (300, 300),
    classes: Sequence[str] = CLASS_NAMES,
    seed: int = 0,
) -> Path:
    """Write scenes as PNG files, with a directory for each split and class.

    The files are `train/<class>/<class>-<index>.png` and `validation/<class>/<class>-<index>.png`;
    each holds the image of `scene(index, split=...)`. The classes take turns, so their numbers of
    images differ by at most one. A progress bar is shown on stderr if the work takes longer than
    two seconds.

    Each file is written under a temporary name and renamed when it is complete. If an exception
    occurs, everything that was written is removed.

    Args:
        path: directory to write into. It is made if it doesn't exist, and must be empty.
        train: number of images in `train`.
        validation: number of images in `validation`.
        image_size: height and width in pixels, each at least 8.
        classes: names from `CLASS_NAMES`.
        seed: 0 to 2**64 - 1.

    Returns:
        The path of the directory.

    Raises:
        FileExistsError: if the directory is not empty.
        NotADirectoryError: if `path` is a file.
        ValueError: if an argument is out of range.

    Example:
        >>> import tempfile
        >>> directory = tempfile.TemporaryDirectory()
        >>> root = write_directory(
        ...     directory.name, train=4, validation=2, image_size=(32, 32), classes=("ball", "star")
        ... )
        >>> for file in sorted(root.rglob("*.png")):
        ...     print(file.relative_to(root).as_posix())
        train/ball/ball-00000.png
        train/ball/ball-00002.png
        train/star/star-00001.png
        train/star/star-00003.png
        validation/ball/ball-00000.png
        validation/star/star-00001.png
        >>> directory.cleanup()
    """
    root = check_path("path", path, "directory")
    counts = {"train": train, "validation": validation}
    for split, count in counts.items():
        check_count(split, count)
    make = functools.partial(scene, image_size=image_size, classes=classes, seed=seed)
    make(0)  # wrong arguments are refused before anything is written
    existed = _is_empty_directory(root)
    try:
        _write_splits(root, counts, classes, make)
    except BaseException:
        for split in counts:
            shutil.rmtree(root / split, ignore_errors=True)
        if not existed:
            shutil.rmtree(root, ignore_errors=True)
        raise
    return root


def _is_empty_directory(path: Path) -> bool:
    """Tell whether `path` exists, and refuse it unless it is an empty directory."""
    if not path.exists():
        return False
    if not path.is_dir():
        raise NotADirectoryError(f"path={str(path)!r} is a file; give a directory.")
    if any(path.iterdir()):
        raise FileExistsError(
            f"path={str(path)!r} is not empty; scenes are written only into a new or empty "
            "directory. Empty it or choose another."
        )
    return True


def _write_splits(
    root: Path, counts: dict[str, int], classes: Sequence[str], make: Callable[..., Scene]
) -> None:
    with progress_bar("Writing scenes", sum(counts.values()), delay=PROGRESS_DELAY) as progress:
        for split, count in counts.items():
            for name in classes:
                (root / split / name).mkdir(parents=True)
            for index in range(count):
                made = make(index, split=split)
                name = classes[made.label]
                _save(made.image, root / split / name / f"{name}-{index:05d}.png")
                progress.update()


def _save(image: npt.NDArray[np.uint8], path: Path) -> None:
    with replacing(path, ".part", durable=False) as part:  # the seed draws it again
        Image.fromarray(image).save(part, format="PNG", compress_level=_PNG_COMPRESSION)
