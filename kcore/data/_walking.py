"""Walk a directory tree, and sort its entries into image files, directories and others."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kcore.data._file_audit import BadFileError, reason_of
from kcore.data._image_files import LeftOut, system_path

__all__ = ["SUFFIXES", "Listing", "Walk", "checked_suffixes"]

SUFFIXES = frozenset(
    b"apng avif bmp dib gif j2c j2k jfif jp2 jpc jpe jpeg jpf jpg jpx mpo pbm pcx pfm pgm png pnm "
    b"ppm qoi sgi tga tif tiff webp".split()
)
"""The suffixes of image files, without the dot and in lower case."""

_ENTRIES_PER_ADVANCE = 4096
_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT of Windows
_Identity = tuple[int, int | bytes]


@dataclass
class Listing:
    """The names of the image files and directories inside a directory, unsorted."""

    files: list[bytes] = field(default_factory=list)
    directories: list[bytes] = field(default_factory=list)


class Walk:
    """A walk through the directories below `root`; all names are relative to it, with slashes.

    Args:
        root: the directory to begin with.
        follow_links: whether to enter directories through symbolic links.
        raise_unreadable: whether a directory that can't be listed is an error.
        advance: called with the number of entries seen since its last call.
        suffixes: suffixes of image files, as `checked_suffixes` returns them.
    """

    def __init__(
        self,
        root: bytes,
        *,
        follow_links: bool,
        raise_unreadable: bool,
        advance: Callable[[int], object],
        suffixes: frozenset[bytes] = SUFFIXES,
    ) -> None:
        self._root, self._follow_links = root, follow_links
        self._raise_unreadable, self._advance = raise_unreadable, advance
        self._suffixes = suffixes
        self.left_out: dict[str, LeftOut] = {}

    def leave_out(self, reason: str, path: bytes) -> None:
        """Count an entry that is left out."""
        self.left_out.setdefault(reason, LeftOut()).add(path)

    def below(self, top: bytes, class_name: str | None) -> Iterator[tuple[bytes, Listing]]:
        """Yield each directory of the tree below `top`, b"" for the root, and its listing."""
        entered: set[_Identity] = set()
        if top:
            self._is_new(b"", entered)  # a link back to the root would mix the classes
        waiting = [top]
        while waiting:
            directory = waiting.pop()
            if self._follow_links and not self._is_new(directory, entered):
                self.leave_out("directories entered before through another name", directory)
                continue
            listing = self.listing(directory, class_name, enter_links=self._follow_links)
            waiting += [_join(directory, name) for name in listing.directories]
            yield directory, listing

    def listing(self, directory: bytes, class_name: str | None, enter_links: bool) -> Listing:
        """List one directory.

        Raises:
            BadFileError: if it can't be listed, with `raise_unreadable`.
        """
        listing = Listing()
        path = system_path(self._root, directory)
        seen = 0
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    self._sort(entry, directory, listing, enter_links)
                    seen += 1
                    if seen == _ENTRIES_PER_ADVANCE:
                        self._advance(seen)
                        seen = 0
        except OSError as error:
            reason = f"the directory can't be listed: {reason_of(error)}"
            if self._raise_unreadable:
                raise BadFileError(os.fsdecode(path), class_name, reason) from error
            self.leave_out("directories that can't be listed", directory)
            return Listing()
        self._advance(seen)
        return listing

    def _sort(
        self, entry: "os.DirEntry[bytes]", directory: bytes, listing: Listing, enter_links: bool
    ) -> None:
        name = entry.name
        if name.startswith(b"."):
            self.leave_out("hidden", _join(directory, name))
        elif _is_directory(entry) or (enter_links and _leads_to_directory(entry)):
            listing.directories.append(name)
        elif self._has_image_suffix(name) and _may_be_image(entry):
            listing.files.append(name)
        elif _leads_to_directory(entry):
            self.leave_out("linked directories (see follow_links)", _join(directory, name))
        else:
            self.leave_out("no image files", _join(directory, name))

    def _has_image_suffix(self, name: bytes) -> bool:
        _, dot, suffix = name.rpartition(b".")
        return bool(dot) and suffix.lower() in self._suffixes

    def _is_new(self, directory: bytes, entered: set[_Identity]) -> bool:
        path = system_path(self._root, directory)
        try:
            status = os.stat(path)  # noqa: PTH116 -- the name is bytes
        except OSError:
            return True  # listing it reports the error
        # Some network drives on Windows number all files 0.
        identity = (status.st_dev, status.st_ino or os.path.realpath(path))
        if identity in entered:
            return False
        entered.add(identity)
        return True


def checked_suffixes(suffixes: Sequence[str] | None) -> frozenset[bytes]:
    """Return suffixes in the form of `SUFFIXES`, which None stands for.

    Raises:
        ValueError: if they are not a list of suffixes, such as [".png", ".jpg"].
    """
    if suffixes is None:
        return SUFFIXES
    is_list = isinstance(suffixes, Iterable) and not isinstance(suffixes, str | bytes)
    is_list = is_list and getattr(suffixes, "ndim", 1) == 1
    names = list(suffixes) if is_list else []
    for name in names:
        if not isinstance(name, str) or not name.removeprefix(".") or "." in name[1:]:
            raise ValueError(f"suffixes holds {name!r}: use suffixes such as '.png'.")
    if not names:
        raise ValueError(f"suffixes={suffixes!r} must be a list such as ['.png', '.jpg'].")
    return frozenset(os.fsencode(name.removeprefix(".").lower()) for name in names)


def _may_be_image(entry: "os.DirEntry[bytes]") -> bool:
    """Tell whether an entry is a file, or a link to a file or to nothing.

    A broken link is reported when it is decoded. A pipe or a device is refused, as reading it could
    last forever.
    """
    if entry.is_file(follow_symlinks=False):
        return True
    if not entry.is_symlink():
        return False
    try:
        return stat.S_ISREG(entry.stat().st_mode)
    except OSError:
        return True


def _is_directory(entry: "os.DirEntry[bytes]") -> bool:
    """Tell whether an entry is a directory, and neither a link to one nor a junction of Windows."""
    is_directory = entry.is_dir(follow_symlinks=False)
    if not is_directory or not hasattr(os.stat_result, "st_reparse_tag"):  # only Windows has it
        return is_directory
    return getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) != _JUNCTION


def _leads_to_directory(entry: "os.DirEntry[bytes]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _join(directory: bytes, name: bytes) -> bytes:
    return b"/".join((directory, name)) if directory else name
