"""The formats that are decoded, and how to recognize them by a file's first bytes."""

from collections.abc import Iterator, Sequence

from PIL import Image

__all__ = ["FORMATS", "SIGNATURE_BYTES", "candidates", "checked_formats", "content_of"]

FORMATS = (
    "JPEG",
    "PNG",
    "WEBP",
    "GIF",
    "BMP",
    "TIFF",
    "AVIF",
    "JPEG2000",
    "PPM",
    "DIB",
    "PCX",
    "QOI",
    "SGI",
    "TGA",
)
"""Pillow's names for the formats that are decoded by default; "JPEG" covers MPO too.

They are tried in this order: the frequent ones first, and TGA, which has no signature, last.
"""

SIGNATURE_BYTES = 64

# Pillow decodes EPS by starting Ghostscript, and IPTC files may hold any format.
_NEVER = {"EPS": "starts a program, Ghostscript", "IPTC": "may hold EPS, which starts a program"}

# First bytes -> content, for files that are mistaken for pictures and that Pillow can't decode.
_OTHER_CONTENT = (
    (b"%PDF", "PDF"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"<svg", "SVG"),
    (b"<?xml", "XML such as SVG"),
    (b"<!doctype html", "HTML"),
    (b"<html", "HTML"),
    (b"version https://git-lfs", "Git LFS pointer, not the file itself"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x1f\x8b", "gzip"),
)
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


def checked_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """Return formats by Pillow's names, without those of `FORMATS` that this Pillow lacks.

    Raises:
        ValueError: if a format is unknown to this Pillow or is never decoded, or there are no
            formats.
    """
    if isinstance(formats, str) or not isinstance(formats, Sequence) or not formats:
        raise ValueError(f"formats={formats!r} must be a list of names such as ['PNG', 'JPEG'].")
    Image.init()
    names = tuple(name.upper() if isinstance(name, str) else name for name in formats)
    for name in names:
        if not isinstance(name, str):
            raise ValueError(f"formats names {name!r}: use names such as 'PNG' alone.")
        if name in _NEVER:
            raise ValueError(
                f"formats names {name!r}, which is never decoded: that {_NEVER[name]}. Convert "
                "such files to PNG first."
            )
        if name not in Image.OPEN and name not in FORMATS:
            raise ValueError(
                f"formats names {name!r}, which this Pillow does not decode: use names such as "
                f"{', '.join(map(repr, sorted(set(Image.OPEN) - set(_NEVER))))}."
            )
    return tuple(name for name in names if name in Image.OPEN)


def candidates(start: bytes, formats: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield the possible formats of a file that begins with `start`.

    Args:
        start: its first `SIGNATURE_BYTES` bytes.
        formats: names in `Image.OPEN`.

    Yields:
        The name, and whether the first bytes are its signature; a few formats have none.
    """
    prefix = start[:16]  # as much as Pillow looks at
    for name in formats:
        accept = Image.OPEN[name][1]
        if accept is None:
            yield name, False
            continue
        answer = accept(prefix)
        if answer and not isinstance(answer, str):  # a string says why this Pillow can't
            yield name, True


def content_of(start: bytes) -> str | None:
    """Return what a file that is not decoded holds, if its first bytes show that."""
    text = start.lstrip().lower()
    if start[4:8] == b"ftyp" and start[8:12] in _HEIF_BRANDS:
        return "HEIC"
    for signature, content in _OTHER_CONTENT:
        if text.startswith(signature.lower()):
            return content
    Image.init()
    return next((name for name, is_shown in candidates(start, list(Image.OPEN)) if is_shown), None)
