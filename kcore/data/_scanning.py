"""Find the image files and classes of a folder."""

import math
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TextIO

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_choice, check_path, check_switch
from kcore._arrays import read_array
from kcore._console import say
from kcore._progress import progress_bar
from kcore._renamed import renamed
from kcore._warning import warn
from kcore.data._image_files import FileTable, ImageFiles
from kcore.data._packing import PackedFiles
from kcore.data._targets import check_class_names
from kcore.data._walking import Listing, Walk, checked_suffixes

__all__ = ["BESIDE_CLASSES", "scan", "scanned"]

PROGRESS_DELAY = 2.0
BESIDE_CLASSES = "beside the class directories"


@renamed(classes="class_names")
def scan(
    directory: str | os.PathLike[str],
    labels: str | npt.ArrayLike | None = "inferred",
    class_names: Sequence[str] | None = None,
    *,
    follow_links: bool = False,
    unreadable: str = "raise",
    suffixes: Sequence[str] | None = None,
    verbose: bool = True,
    stream: TextIO | None = None,
) -> ImageFiles:
    """Find the image files of a folder that holds one subdirectory for each class.

    A file belongs to the class whose subdirectory it is in, at any depth. Image files are those
    whose name ends, in upper or lower case, with one of `suffixes`, by default .apng, .avif, .bmp,
    .dib, .gif, .j2c, .j2k, .jfif, .jp2, .jpc, .jpe, .jpeg, .jpf, .jpg, .jpx, .mpo, .pbm, .pcx,
    .pfm, .pgm, .png, .pnm, .ppm, .qoi, .sgi, .tga, .tif, .tiff and .webp. No file is opened. Files
    and directories whose name begins with a dot are left out, and so are files beside the class
    directories; `left_out` of the result counts them.

    The order is that of `keras.utils.image_dataset_from_directory` with `shuffle=False`: class by
    class, within a class directory by directory in the order of their names, and within a directory
    file by file. Names are compared by their bytes in UTF-8, with slashes on Windows too, so the
    order is the same on every system and in every language.

    A folder without subdirectories gives its files without labels.

    If the scan takes longer than two seconds, its progress and rate are shown on stderr, and at its
    end the number of files of each class.

    Args:
        directory: the folder.
        labels: "inferred" for the subdirectory that a file is in; None for all image files of the
            tree, without labels; or integers of shape (files,), 0 to classes - 1, for the files of
            the tree in the order of those that None finds. The classes are then named "0", "1" and
            so on.
        class_names: names of subdirectories, in the order of the labels; None for all of them,
            sorted. A name without a subdirectory keeps its label, so
            `class_names=train.class_names` gives the files of another folder the same labels.
        follow_links: whether to enter directories inside a class through symbolic links. Each
            directory is entered once per class, so loops end, and a link to the folder itself is
            not followed, because that would mix the classes. Links to files, and class directories
            that are links, are always followed. Junctions of Windows are links too.
        unreadable: what to do with a directory that can't be listed: "raise" an error, or "skip" it
            and count it in `left_out`.
        suffixes: suffixes of the names of image files, such as (".jpg", ".png"); None for those
            listed above.
        verbose: whether to show the progress of a scan that takes longer than two seconds.
        stream: where progress is shown; None for stderr.

    Returns:
        The files. Each takes some tens of bytes of memory.

    Raises:
        FileNotFoundError: if the folder, or every directory of `class_names`, does not exist.
        NotADirectoryError: if `directory`, or what should be the directory of a class, is a file.
        BadFileError: if a directory can't be listed, with `unreadable="raise"`.
        ValueError: if `class_names` is not a list of distinct names, two of them are the same
            directory, `labels` doesn't fit the files, or no image file was found.

    Warns:
        UserWarning: if a class has no image file.

    Example:
        >>> import tempfile
        >>> import kcore
        >>> folder = tempfile.TemporaryDirectory()
        >>> root = kcore.datasets.scenes.write_directory(
        ...     folder.name, train=5, validation=2, image_size=(8, 8), classes=("ball", "star")
        ... )
        >>> files = kcore.data.scan(root / "train")
        >>> print(files.summary())
        5 images, 2 classes
          ball          3
          star          2
        >>> files.filename(3)
        'star/star-00001.png'
        >>> folder.cleanup()
    """
    return scanned(
        directory,
        labels=labels,
        class_names=class_names,
        follow_links=follow_links,
        unreadable=unreadable,
        suffixes=suffixes,
        verbose=verbose,
        stream=stream,
    )


def scanned(
    directory: str | os.PathLike[str],
    *,
    labels: str | npt.ArrayLike | None = "inferred",
    class_names: Sequence[str] | None,
    follow_links: bool,
    unreadable: str,
    suffixes: Sequence[str] | None,
    verbose: bool = True,
    stream: TextIO | None = None,
    names_argument: str = "class_names",
) -> ImageFiles:
    """Scan as `scan` does; errors call its argument `class_names` by `names_argument`."""
    is_inferred = _is_inferred(labels, class_names)
    check_choice("unreadable", unreadable, ("raise", "skip"))
    check_switch("verbose", verbose)
    check_switch("follow_links", follow_links)
    wanted = checked_suffixes(suffixes)
    if stream is not None and not (hasattr(stream, "write") and hasattr(stream, "isatty")):
        raise TypeError(f"stream={stream!r} must be a text stream such as sys.stdout, or None.")
    _check_directory(directory)
    root = os.fsencode(directory)
    started = time.monotonic()
    delay = PROGRESS_DELAY if verbose else math.inf
    with progress_bar("Scanning", unit="entries", delay=delay, stream=stream) as progress:
        walk = Walk(
            root,
            follow_links=follow_links,
            raise_unreadable=unreadable == "raise",
            advance=progress.update,
            suffixes=wanted,
        )
        if is_inferred:
            table = _table_of_classes(walk, root, class_names, names_argument)
        else:
            table = _table_of_tree(walk, root)
    if not len(table):
        raise ValueError(_nothing_found(directory, table, wanted))
    if labels is not None and not is_inferred:
        table = _labeled(table, labels)
    files = ImageFiles(table)
    _warn_of_empty_classes(directory, files)
    if time.monotonic() - started > delay:
        say(files.summary(), sys.stderr if stream is None else stream)
    return files


def _check_directory(directory: str | os.PathLike[str]) -> None:
    path = check_path("directory", directory, "directory")
    if not path.exists():
        raise FileNotFoundError(f"directory={str(path)!r} does not exist.")
    if not path.is_dir():
        raise NotADirectoryError(f"directory={str(path)!r} is a file; give a directory.")


def _is_inferred(labels: object, class_names: object) -> bool:
    """Tell whether directories are classes, or raise an error if the arguments conflict."""
    if isinstance(labels, str):
        if labels != "inferred":
            raise ValueError(
                f"labels={labels!r} is unknown: use 'inferred', None or a list of integers."
            )
        return True
    if class_names is not None:
        raise ValueError(
            f"class_names={class_names!r} names subdirectories, which are classes only with "
            "labels='inferred': leave one of the two arguments out."
        )
    return False


def _table_of_tree(walk: Walk, root: bytes) -> FileTable:
    packed = PackedFiles()
    for directory, listing in walk.below(b"", None):
        packed.add(directory, listing.files)
    ordered = PackedFiles()
    ordered.extend(packed)
    return ordered.table(root, (), walk.left_out)


def _labeled(table: FileTable, labels: npt.ArrayLike) -> FileTable:
    """Return the table with these labels, which also name the classes, as in Keras."""
    values = read_array("labels", labels)
    if values.shape != (len(table),):
        raise ValueError(
            f"labels has shape {values.shape}, but there are {len(table)} image files: give one "
            "integer for each."
        )
    if values.dtype.kind not in "iu" or values.min() < 0:
        raise ValueError("labels must be integers from 0, one for each image file.")
    used = np.unique(values)
    if len(used) != used[-1] + 1:
        raise ValueError(
            f"labels has {len(used)} different values, from {used[0]} to {used[-1]}: use 0 to "
            f"{len(used) - 1}, as np.unique(labels, return_inverse=True)[1] does."
        )
    names = tuple(map(str, used.tolist()))
    return replace(table, labels=values.astype(np.int32), class_names=names)


def _table_of_classes(
    walk: Walk, root: bytes, class_names: Sequence[str] | None, argument: str
) -> FileTable:
    top = walk.listing(b"", None, enter_links=True)
    names = _class_names(root, top, class_names, argument)
    packed = PackedFiles()
    if not names:
        packed.add(b"", top.files)
        return packed.table(root, (), walk.left_out)
    for file in sorted(top.files):
        walk.leave_out(BESIDE_CLASSES, file)
    for label, name in enumerate(names):
        of_class = PackedFiles()
        is_there = Path(os.fsdecode(root), name).is_dir()
        top_of_class = os.fsencode(PurePath(name).as_posix())
        for directory, listing in walk.below(top_of_class, name) if is_there else ():
            of_class.add(directory, listing.files, label)
        packed.extend(of_class)
    return packed.table(root, names, walk.left_out)


def _class_names(
    root: bytes, top: Listing, class_names: Sequence[str] | None, argument: str
) -> tuple[str, ...]:
    if class_names is None:
        return tuple(os.fsdecode(name) for name in sorted(top.directories))
    names = check_class_names(class_names, argument)
    if not names or len({PurePath(name) for name in names}) != len(names):
        raise ValueError(f"{argument}={list(names)!r} must be one or more distinct names.")
    is_there = [_is_class_directory(root, name, argument) for name in names]
    if not any(is_there):
        raise FileNotFoundError(
            f"{argument}={list(names)!r}, but there is no directory with any of these names in "
            f"{os.fsdecode(root)!r}."
        )
    present = [name for name, found in zip(names, is_there, strict=True) if found]
    _check_distinct(root, present, argument)
    return names


def _check_distinct(root: bytes, names: Sequence[str], argument: str) -> None:
    """Refuse two names of one directory, as "Cat" and "cat" are on Windows and macOS."""
    found: dict[tuple[int, int], str] = {}
    for name in names:
        status = Path(os.fsdecode(root), name).stat()
        other = found.setdefault((status.st_dev, status.st_ino), name)
        if other != name and status.st_ino:  # some network drives on Windows number all files 0
            raise ValueError(
                f"{argument} holds {other!r} and {name!r}, which are the same directory here: its "
                "files would be in both classes. Name it once."
            )


def _is_class_directory(root: bytes, name: str, argument: str) -> bool:
    """Tell whether a class has a directory, or say that no directory can have this name."""
    parts = PurePath(name).parts
    if not parts or PurePath(name).is_absolute() or ".." in parts or "\0" in name:
        raise ValueError(f"{argument} holds {name!r}, which is not a subdirectory.")
    path = Path(os.fsdecode(root)) / name
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(f"{argument} holds {name!r}, but {str(path)!r} is a file.")
    return path.is_dir()


def _warn_of_empty_classes(directory: str | os.PathLike[str], files: ImageFiles) -> None:
    empty = [name for name, count in files.counts().items() if not count]
    if empty:
        missing = [name for name in empty if not Path(directory, name).is_dir()]
        hint = f" There is no subdirectory {', '.join(map(repr, missing))}." if missing else ""
        warn(
            f"No image file in directory={os.fspath(directory)!r} is of class "
            f"{', '.join(map(repr, empty))}; each keeps its label.{hint}"
        )


def _nothing_found(
    directory: str | os.PathLike[str], table: FileTable, wanted: frozenset[bytes]
) -> str:
    suffixes = ", ".join(sorted(f".{suffix.decode()}" for suffix in wanted))
    instead = "".join(
        f" Left out, {reason}: {left_out.count}, e.g. {left_out.examples[0]!r}."
        for reason, left_out in sorted(table.left_out.items())
    )
    where = f"{len(table.class_names)} class directories of" if table.class_names else ""
    return (
        f"There is no image file in {where + ' ' if where else ''}directory="
        f"{os.fspath(directory)!r}: names that end with {suffixes} are looked for "
        f"(argument suffixes).{instead}"
    )
