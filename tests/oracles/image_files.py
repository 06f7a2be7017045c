"""Make image files for tests, with Pillow, and by hand where Pillow can't write them."""

import io
import struct
import zlib

from PIL import Image


def encoded(img: Image.Image, file_format: str = "PNG", **options) -> io.BytesIO:
    file = io.BytesIO()
    img.save(file, file_format, **options)
    return file


def png(
    width: int, height: int, depth: int, color_type: int, rows: bytes, *chunks: bytes
) -> io.BytesIO:
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    parts = [
        chunk(b"IHDR", header),
        *chunks,
        chunk(b"IDAT", zlib.compress(rows)),
        chunk(b"IEND", b""),
    ]
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def gray_tiff(width: int, bits: int, data: bytes, photometric: int = 1) -> io.BytesIO:
    """Return a TIFF with one row of unsigned gray values, which Pillow can't write with 12 bits.

    With `photometric` 0, the value 0 is white.
    """
    tags = {
        256: width,
        257: 1,
        258: bits,
        259: 1,
        262: photometric,
        273: 8,
        277: 1,
        278: 1,
        279: len(data),
    }
    data += b"\0" * (len(data) % 2)
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    ifd = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    return io.BytesIO(b"II*\0" + struct.pack("<I", 8 + len(data)) + data + ifd)


def odd_tiff(picture: Image.Image) -> bytes:
    """Encode a TIFF that claims an artist's name longer than the file; Pillow warns about it.

    It is the last entry, because older releases of Pillow skip all entries after an unreadable one.
    """
    data = bytearray(encoded(picture, "TIFF", tiffinfo={315: "more than four bytes"}).getvalue())
    (table,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, table)
    last = table + 2 + 12 * (entries - 1)
    assert struct.unpack_from("<H", data, last) == (315,)
    struct.pack_into("<I", data, last + 4, 1 << 20)
    return bytes(data)
