"""From a folder to its image files and classes."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TextIO

from kcore._arguments import check_choice, check_path, check_switch
from kcore._console import say
from kcore._progress import progress_bar
from kcore._warning import warn
from kcore.data._image_files import FileTable, ImageFiles
from kcore.data._packing import PackedFiles
from kcore.data._targets import check_class_names
from kcore.data._walking import Listing, Walk, checked_suffixes

__all__ = ["scan"]

PROGRESS_DELAY = 2.0


def scan(
    directory: str | os.PathLike[str],
    *,
    classes: Sequence[str] | None = None,
    follow_links: bool = False,
    unreadable: str = "raise",
    suffixes: Sequence[str] | None = None,
    stream: TextIO | None = None,
) -> ImageFiles:
    """Find the image files of a folder that holds one sub-directory for each class.

    A file belongs to the class in whose sub-directory, at any depth, it is. Image files are those
    whose name ends in any case with one of `suffixes`, by default .apng, .avif, .bmp, .dib, .gif,
    .j2c, .j2k, .jfif, .jp2, .jpc, .jpe, .jpeg, .jpf, .jpg, .jpx, .mpo, .pbm, .pcx, .pfm, .pgm,
    .png, .pnm, .ppm, .qoi, .sgi, .tga, .tif, .tiff and .webp. No file is opened. Files and
    directories whose name begins with a dot are left out, and so are
    files beside the class directories; `left_out` of the result counts them.

    The order is that of `ImageDataGenerator.flow_from_directory`: class by class, in a class
    directory by directory in the order of their names, and in it file by file. Names are compared
    by their bytes, the same on every system and in every language.

    A folder without sub-directories gives its files without labels.

    If the scan takes longer than two seconds, its progress and rate are shown on stderr, and the
    number of files of each class at its end.

    Args:
        directory: the folder.
        classes: names of sub-directories, in the order of the labels; None for all of them, sorted.
            One that isn't there keeps its label, so that `classes=train.class_names` gives the
            labels of another folder.
        follow_links: whether to enter directories inside a class through symbolic links. Each
            directory is entered once in a class, so that loops end, and the folder itself not
            again, whose other classes are no part of this one. Links to files, and class
            directories that are links, are always followed.
        unreadable: "raise" if a directory that can't be listed is an error, or "skip" to leave it
            out and count it in `left_out`.
        suffixes: what the names of image files end with, such as (".jpg", ".png"), instead of the
            above.
        stream: where progress is shown; None for stderr.

    Returns:
        The files, at most some tens of bytes of memory for each.

    Raises:
        FileNotFoundError: if the folder, or every directory named in `classes`, does not exist.
        NotADirectoryError: if `directory`, or what should be the directory of a class, is a file.
        BadFileError: if a directory can't be listed, with `unreadable="raise"`.
        ValueError: if `classes` is no list of different names, or no image file was found.

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
    check_choice("unreadable", unreadable, ("raise", "skip"))
    check_switch("follow_links", follow_links)
    wanted = checked_suffixes(suffixes)
    if stream is not None and not (hasattr(stream, "write") and hasattr(stream, "isatty")):
        raise TypeError(f"stream={stream!r} must be a text stream such as sys.stdout, or None.")
    _check_directory(directory)
    root = os.fsencode(directory)
    started = time.monotonic()
    with progress_bar("Scanning", unit="entries", delay=PROGRESS_DELAY, stream=stream) as progress:
        walk = Walk(
            root,
            follow_links=follow_links,
            raise_unreadable=unreadable == "raise",
            advance=progress.update,
            suffixes=wanted,
        )
        table = _table(walk, root, classes)
    if not len(table):
        raise ValueError(_nothing_found(directory, table, wanted))
    files = ImageFiles(table)
    _warn_of_empty_classes(directory, files)
    if time.monotonic() - started > PROGRESS_DELAY:
        say(files.summary(), sys.stderr if stream is None else stream)
    return files


def _check_directory(directory: str | os.PathLike[str]) -> None:
    path = check_path("directory", directory, "directory")
    if not path.exists():
        raise FileNotFoundError(f"directory={str(path)!r} does not exist.")
    if not path.is_dir():
        raise NotADirectoryError(f"directory={str(path)!r} is a file; give a directory.")


def _table(walk: Walk, root: bytes, classes: Sequence[str] | None) -> FileTable:
    top = walk.listing(b"", None, enter_links=True)
    names = _class_names(root, top, classes)
    packed = PackedFiles()
    if not names:
        packed.add(b"", top.files)
        return packed.table(root, (), walk.left_out)
    for file in sorted(top.files):
        walk.leave_out("beside the class directories", file)
    for label, name in enumerate(names):
        of_class = PackedFiles()
        is_there = Path(os.fsdecode(root), name).is_dir()
        for directory, listing in walk.below(os.fsencode(name), name) if is_there else ():
            of_class.add(directory, listing.files, label)
        packed.extend(of_class)
    return packed.table(root, names, walk.left_out)


def _class_names(root: bytes, top: Listing, classes: Sequence[str] | None) -> tuple[str, ...]:
    if classes is None:
        return tuple(os.fsdecode(name) for name in sorted(top.directories))
    names = check_class_names(classes)
    if not names or len({PurePath(name) for name in names}) != len(names):
        raise ValueError(f"classes={list(names)!r} must be names that differ, at least one.")
    is_there = [_is_class_directory(root, name) for name in names]
    if not any(is_there):
        raise FileNotFoundError(
            f"classes={list(names)!r}, but there is no directory of one of these names in "
            f"{os.fsdecode(root)!r}."
        )
    return names


def _is_class_directory(root: bytes, name: str) -> bool:
    """Tell whether a class has a directory, or say that it can't have one of this name."""
    parts = PurePath(name).parts
    if not parts or PurePath(name).is_absolute() or ".." in parts or "\0" in name:
        raise ValueError(f"classes names {name!r}, which is no sub-directory.")
    path = Path(os.fsdecode(root)) / name
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(f"classes names {name!r}, but {str(path)!r} is a file.")
    return path.is_dir()


def _warn_of_empty_classes(directory: str | os.PathLike[str], files: ImageFiles) -> None:
    empty = [name for name, count in files.counts().items() if not count]
    if empty:
        missing = [name for name in empty if not Path(directory, name).is_dir()]
        hint = f" There is no sub-directory {', '.join(map(repr, missing))}." if missing else ""
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
