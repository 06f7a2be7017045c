"""The chunks of a PNG file: check their checksums, and remove those that hold text."""

import struct
import zlib
from collections.abc import Iterator

from kcore.images._errors import ImageDecodeError

__all__ = ["SIGNATURE", "check_png", "without_text"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Text, and a color profile, which is not applied: pixels don't depend on them.
_TEXT = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")


def check_png(data: bytes, name: str | None) -> None:
    """Raise an error if a chunk that pixels depend on is damaged or cut off.

    Pillow checks the chunks before the pixels, but not those of the pixels themselves.

    Raises:
        ImageDecodeError: if a checksum is wrong, or such a chunk ends beyond the file.
    """
    view = memoryview(data)
    for kind, start, end in _chunks(data):
        if kind[0] & 32:  # a lower-case letter marks a chunk that decoders may skip
            continue
        if end > len(data):
            if kind == b"IEND":
                return
            raise ImageDecodeError(
                name,
                f"damaged or truncated: image file is truncated, as its {_shown(kind)} chunk at "
                f"byte {start:,} should go on to byte {end:,}",
            )
        (expected,) = struct.unpack(">I", view[end - 4 : end])
        if zlib.crc32(view[start + 4 : end - 4]) != expected:
            raise ImageDecodeError(
                name,
                f"damaged: the checksum of its {_shown(kind)} chunk at byte {start:,} is wrong",
            )
        if kind == b"IEND":
            return


def without_text(data: bytes) -> bytes:
    """Return a PNG file without the chunks that hold text or a color profile."""
    kept = [data[start:end] for kind, start, end in _chunks(data) if kind not in _TEXT]
    return b"".join([SIGNATURE, *kept])


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each chunk, and where it begins and ends with its checksum."""
    position = len(SIGNATURE)
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        yield kind, position, end
        position = end


def _shown(kind: bytes) -> str:
    return kind.decode("ascii", "backslashreplace")
