"""The error for files that can't be decoded to a picture."""

from kcore._console import printable

__all__ = ["ImageDecodeError"]


class ImageDecodeError(ValueError):
    """A file exists, but can't be decoded to a picture.

    Attributes:
        path: the file's name, or None for a file object without a name.
        reason: what is wrong with it: it is empty, damaged, truncated, too large to decode safely,
            not a regular file, of an unknown or excluded format, or it has values that the
            requested color mode can't show.
    """

    def __init__(self, path: str | None, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{printable(self.path or 'image without a file name')}: {printable(self.reason)}"
