"""The error for files that no picture can be made of."""

from kcore._console import printable

__all__ = ["ImageDecodeError"]


class ImageDecodeError(ValueError):
    """The file is there, but no picture can be made of it.

    Attributes:
        path: the file's name, or None for a file object that has none.
        reason: what is wrong with it: empty, of no known format, damaged or truncated, too large
            to be safe, of a format that is not decoded, no regular file, or of values that the
            requested color mode can't show.
    """

    def __init__(self, path: str | None, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{printable(self.path or 'image without a file name')}: {printable(self.reason)}"
