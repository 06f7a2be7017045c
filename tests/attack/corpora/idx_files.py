"""Make damaged IDX files, plain and compressed, from a small intact one."""

import gzip
import hashlib
import struct
import zlib
from itertools import chain

import numpy as np
from attack.corpora.damage import cut, flipped, overwritten, shuffled

ARRAY = np.random.default_rng(13).integers(0, 256, (7, 6, 5), dtype=np.uint8)
CONTENT = struct.pack(">4B3I", 0, 0, 8, 3, *ARRAY.shape) + ARRAY.tobytes()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def idx_files():
    """Yield (name, bytes); each must be refused or give `ARRAY`."""
    packed = gzip.compress(CONTENT, mtime=0)
    for kind, data in (("plain", CONTENT), ("gzip", packed)):
        damaged = chain(
            cut(data, 45, 1), flipped(data, 80, 2), overwritten(data, 50, 3), shuffled(data, 30, 4)
        )
        for name, content in damaged:
            yield f"{kind}, {name}", content
    for name, content in crafted():
        yield name, content
        yield f"{name}, gzip", gzip.compress(content, mtime=0)
    stream = zlib.compress(CONTENT)
    yield "zlib, not gzip", stream
    yield "two members", packed + gzip.compress(b"more", mtime=0)
    yield "two members, the second empty", packed + gzip.compress(b"", mtime=0)
    yield "gzip in gzip", gzip.compress(packed, mtime=0)
    yield "bytes behind gzip", packed + b"bytes"
    yield "zeros behind gzip", packed + bytes(100)
    yield "header of gzip alone", packed[:10]
    yield "a bomb", gzip.compress(CONTENT[:16] + bytes(1 << 26), 1, mtime=0)


def crafted():
    """Yield (name, bytes) with false headers."""
    for code in (0, 7, 9, 10, 11, 12, 13, 14, 255):
        yield f"type {code}", CONTENT[:2] + bytes([code]) + CONTENT[3:]
    for dimensions in (0, 1, 2, 4, 32, 33, 255):
        yield f"{dimensions} dimensions", CONTENT[:3] + bytes([dimensions]) + CONTENT[4:]
    for lengths in (
        (0, 6, 5),
        (7, 0, 5),
        (7, 6, 0),
        (7, 5, 6),
        (5, 6, 7),
        (42, 5, 1),
        (1, 1, 210),
        (8, 6, 5),
        (6, 6, 5),
        (2**31, 1, 1),
        (2**32 - 1, 1, 1),
        (2**32 - 1,) * 3,
        (2**16, 2**16, 2**16),
    ):
        yield f"shape {lengths}", CONTENT[:4] + struct.pack(">3I", *lengths) + CONTENT[16:]
    yield "little-endian lengths", CONTENT[:4] + struct.pack("<3I", *ARRAY.shape) + CONTENT[16:]
    yield "a byte too many", CONTENT + b"\0"
    yield "twice", CONTENT * 2
    yield "empty", b""
    yield "HTML", b"<!DOCTYPE html><html><body>404</body></html>"
    yield "PNG", b"\x89PNG\r\n\x1a\n" + CONTENT
    yield "NUL bytes", bytes(len(CONTENT))
