"""Make hostile image files: intact ones of odd kinds, damaged ones, and other files."""

import gzip
import io
import os
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from attack.corpora.damage import cut, flipped, overwritten
from oracles import needs
from oracles.image_files import chunk, png
from PIL import Image

HEIGHT, WIDTH = 18, 14

# The allowed outcomes of a file.
SOUND = "sound"  # it must be read right
BAD = "bad"  # it must be refused
CHECKED = "checked"  # it must be refused or read right
UNCHECKED = "unchecked"  # its format has no checksums: it may give any picture


@dataclass(frozen=True)
class HostileFile:
    """A file that is written on demand.

    Attributes:
        name: name of the file.
        about: what is wrong with it, for messages.
        write: function that writes it to a path.
        kind: the allowed outcome.
        pixels: uint8 (height, width, 3) of the file, before it was damaged.
    """

    name: str
    about: str
    write: Callable[[Path], None]
    kind: str
    pixels: np.ndarray | None = None


def hostile_files():
    """Yield all files, with distinct names."""
    makers = (
        _odd_but_sound,
        _misnamed,
        _cut,
        _flipped,
        _overwritten,
        _no_images,
        _headers,
        _no_files,
    )
    number = 0
    for maker in makers:
        for suffix, about, content, kind, pixels in maker():
            write = content if callable(content) else _writer(content)
            yield HostileFile(f"{number:04d}{suffix}", about, write, kind, pixels)
            number += 1


def _writer(content):
    return lambda path: path.write_bytes(content)


def _picture():
    """Return smooth colors with a little noise, which lossy formats change."""
    rng = np.random.default_rng(17)
    coarse = Image.fromarray(rng.integers(0, 256, (3, 3, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR), np.int16)
    return np.clip(smooth + rng.integers(-3, 4, smooth.shape), 0, 255).astype(np.uint8)


PIXELS = _picture()


def _encoded(file_format, img=None, **options):
    file = io.BytesIO()
    (Image.fromarray(PIXELS) if img is None else img).save(file, file_format, **options)
    return file.getvalue()


def _decoded(data):
    """Return the pixels of an intact file as Pillow reads them."""
    with Image.open(io.BytesIO(data)) as img:
        return np.asarray(img.convert("RGB"))


def _files():
    """Return an intact file of each format: name -> (suffix, data, kind of damage)."""
    frames = {"save_all": True, "append_images": [Image.new("RGB", (WIDTH, HEIGHT), "red")]}
    return {
        "PNG": (".png", _encoded("PNG"), CHECKED),
        "JPEG": (".jpg", _encoded("JPEG", quality=90), UNCHECKED),
        "progressive JPEG": (".jpeg", _encoded("JPEG", progressive=True), UNCHECKED),
        "WebP": (".webp", _encoded("WEBP"), UNCHECKED),
        "lossless WebP": (".webp", _encoded("WEBP", lossless=True), UNCHECKED),
        "GIF": (".gif", _encoded("GIF", **frames), UNCHECKED),
        "BMP": (".bmp", _encoded("BMP"), UNCHECKED),
        "TIFF": (".tif", _encoded("TIFF"), UNCHECKED),
        "LZW TIFF": (".tiff", _encoded("TIFF", compression="tiff_lzw"), UNCHECKED),
        "deflated TIFF": (".tiff", _encoded("TIFF", compression="tiff_adobe_deflate"), UNCHECKED),
        "AVIF": (".avif", _encoded("AVIF"), UNCHECKED),
        "JPEG 2000": (".jp2", _encoded("JPEG2000"), UNCHECKED),
        "PPM": (".ppm", _encoded("PPM"), UNCHECKED),
        "DIB": (".dib", _encoded("DIB"), UNCHECKED),
        "PCX": (".pcx", _encoded("PCX"), UNCHECKED),
        "QOI": (".qoi", _encoded("QOI"), UNCHECKED),
        "SGI": (".sgi", _encoded("SGI"), UNCHECKED),
        "TGA": (".tga", _encoded("TGA"), UNCHECKED),
        "packed TGA": (".tga", _encoded("TGA", compression="tga_rle"), UNCHECKED),
    }


FILES = _files()
# A reader can't tell where these end, or reads them as far as they go.
_CUT_UNNOTICED = ("JPEG 2000",)


def _odd_but_sound():
    img = Image.fromarray(PIXELS)
    gray = img.convert("L")
    palette = img.quantize(16)
    clear = img.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(img.size))
    deep = np.asarray(gray, np.uint16) * 257
    shades = np.repeat(np.asarray(gray)[..., None], 3, axis=2)
    by_palette = np.asarray(palette.convert("RGB"))
    for name, (suffix, data, _) in FILES.items():
        yield suffix, f"sound {name}", data, SOUND, _decoded(data)
        yield suffix.upper(), f"sound {name} in capitals", data, SOUND, _decoded(data)
    yield ".png", "gray", _encoded("PNG", gray), SOUND, shades
    yield ".png", "16-bit gray", _encoded("PNG", Image.fromarray(deep)), SOUND, shades
    yield ".tif", "16-bit gray", _encoded("TIFF", Image.fromarray(deep)), SOUND, shades
    yield ".png", "palette", _encoded("PNG", palette), SOUND, by_palette
    yield ".gif", "palette", _encoded("GIF", palette), SOUND, by_palette
    yield ".png", "alpha", _encoded("PNG", clear), SOUND, PIXELS
    yield ".tif", "alpha", _encoded("TIFF", clear), SOUND, PIXELS
    yield ".tga", "alpha", _encoded("TGA", clear), SOUND, PIXELS
    yield ".png", "gray and alpha", _encoded("PNG", clear.convert("LA")), SOUND, shades
    yield (
        ".png",
        "one bit",
        _encoded("PNG", gray.convert("1")),
        SOUND,
        _decoded(_encoded("PNG", gray.convert("1"))),
    )
    rows = b"".join(
        b"\0" + np.repeat(row, 2).astype(np.uint8).tobytes() for row in PIXELS.reshape(HEIGHT, -1)
    )
    yield ".png", "16 bits a channel", png(WIDTH, HEIGHT, 16, 2, rows).getvalue(), SOUND, PIXELS
    for name in ("JPEG", "TIFF"):
        inks = _encoded(name, img.convert("CMYK"))
        yield f".{name.lower()}", f"CMYK {name}", inks, SOUND, _decoded(inks)
    for name in ("PNG", "WEBP", "TIFF"):
        several = _encoded(
            name,
            save_all=True,
            append_images=[Image.new("RGB", img.size, "red")] * 3,
            **({"lossless": True} if name == "WEBP" else {}),
        )
        yield f".{name.lower()}", f"{name} of four pictures", several, SOUND, PIXELS
    for orientation in range(1, 10):
        exif = Image.Exif()
        exif[0x0112] = orientation
        for name in ("PNG", "TIFF"):
            data = _encoded(name, exif=exif)
            yield (
                f".{name.lower()}",
                f"EXIF {orientation} in {name}",
                data,
                SOUND,
                turned(orientation),
            )
    for exif in (b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"\xff" * 70_000):
        if len(exif) < 65_000:
            lossy = _encoded("JPEG", exif=exif)
            yield ".jpg", f"JPEG with EXIF {exif[:12]!r}", lossy, SOUND, _decoded(_encoded("JPEG"))
        yield ".png", f"PNG with EXIF {exif[:12]!r}", _encoded("PNG", exif=exif), SOUND, PIXELS
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2 << 20)))
    data = FILES["PNG"][1]
    yield ".png", "megabytes of text", data[:33] + text + data[33:], SOUND, PIXELS
    yield ".png", "bytes behind the end", data + b"<script>" * 99, SOUND, PIXELS
    yield (
        ".jpg",
        "bytes behind the end",
        FILES["JPEG"][1] + bytes(999),
        SOUND,
        _decoded(FILES["JPEG"][1]),
    )


def turned(orientation):
    """Return the pixels turned as the EXIF standard defines this orientation."""
    if orientation not in range(2, 9):
        return PIXELS
    # The sides of the picture that the first row and the first column of the file show.
    made = PIXELS.transpose(1, 0, 2) if orientation >= 5 else PIXELS
    upside_down, mirrored = {
        2: (False, True),
        3: (True, True),
        4: (True, False),
        5: (False, False),
        6: (False, True),
        7: (True, True),
        8: (True, False),
    }[orientation]
    made = made[::-1] if upside_down else made
    return made[:, ::-1] if mirrored else made


def _misnamed():
    suffixes = [suffix for suffix, _, _ in FILES.values()]
    for number, (name, (_, data, _)) in enumerate(FILES.items()):
        suffix = suffixes[(number + 7) % len(suffixes)]
        yield suffix, f"{name} named {suffix}", data, SOUND, _decoded(data)


def _cut():
    for seed, (name, (suffix, data, _)) in enumerate(FILES.items()):
        kind = UNCHECKED if name in _CUT_UNNOTICED else CHECKED
        for about, content in cut(data, 12, seed):
            yield suffix, f"{name} {about}", content, kind, _decoded(data)


def _flipped():
    for seed, (name, (suffix, data, kind)) in enumerate(FILES.items()):
        for about, content in flipped(data, 12, 100 + seed):
            yield suffix, f"{name}, {about}", content, kind, _decoded(data)
    # In a smooth picture, the decoder itself misses one flipped bit in fifty.
    smooth = Image.fromarray(PIXELS).resize((120, 100), Image.Resampling.BICUBIC)
    data = _encoded("PNG", smooth)
    for about, content in flipped(data, 240, 99):
        yield ".png", f"smooth PNG, {about}", content, CHECKED, _decoded(data)


def _overwritten():
    for seed, (name, (suffix, data, kind)) in enumerate(FILES.items()):
        for about, content in overwritten(data, 6, 200 + seed):
            yield suffix, f"{name}, {about}", content, kind, _decoded(data)


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"


def _no_images():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb.png", bytes(1 << 24))
    rng = np.random.default_rng(19)
    contents = {
        "EPS": EPS,
        "EPS for DOS": b"\xc5\xd0\xd3\xc6"
        + struct.pack("<6I", 32, len(EPS), 0, 0, 0, 0)
        + b"\0\0\xff\xff"
        + EPS,
        "PostScript": b"%!PS\nshowpage\n",
        "PDF": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF",
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "XML with entities": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><svg>&b;</svg>",
        "HTML": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        "HEIC": b"\0\0\0\x18ftypheic" + bytes(64),
        "Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
        "ZIP bomb": archive.getvalue(),
        "gzip": gzip.compress(FILES["PNG"][1]),
        "gzip bomb": gzip.compress(bytes(1 << 24)),
        "ICO": _encoded("ICO"),
        "FITS": b"SIMPLE  =                    T" + b" " * 50 + b"END" + b" " * 77,
        "XBM": b"#define a_width 8\n#define a_height 8\nstatic char a_bits[] = {0};",
        "IPTC": b"\x1c\x03\x0a\x00\x01\x00\x1c\x08\x0a\x00\x01\x00",
        "pickle": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
        "ELF": b"\x7fELF" + bytes(60),
        "text": b"no image\n",
        "one byte": b"\x89",
        "empty": b"",
        "NUL bytes": bytes(5000),
        "ones": b"\xff" * 5000,
        "noise": rng.bytes(5000),
        "more noise": rng.bytes(300_000),
    }
    for about, content in contents.items():
        for suffix in (".png", ".jpg"):
            # TGA has no signature, so other bytes may be read as TGA.
            yield suffix, f"{about} named {suffix}", content, BAD, None


def _headers():
    """Yield valid headers that announce huge, empty or impossible pictures."""
    huge, pixels = 60_000, bytes(1000)
    for width, height in ((huge, huge), (2**31 - 1, 1), (2**31, 2**31), (2**32 - 1, 2**32 - 1)):
        yield (
            ".png",
            f"PNG of {width} x {height}",
            png(width, height, 8, 2, pixels).getvalue(),
            BAD,
            None,
        )
    for width, height in ((0, 0), (0, 5), (5, 0)):
        yield (
            ".png",
            f"PNG of {width} x {height}",
            png(width, height, 8, 2, b"").getvalue(),
            BAD,
            None,
        )
    for depth, color in ((0, 2), (3, 2), (32, 0), (8, 1), (8, 5), (8, 255), (16, 3)):
        data = png(WIDTH, HEIGHT, depth, color, bytes(1000)).getvalue()
        yield ".png", f"PNG of {depth} bits, color type {color}", data, BAD, None
    data = png(4, 4, 8, 3, bytes(20)).getvalue()
    yield ".png", "palette PNG without a palette", data, BAD, None
    yield ".png", "PNG without pixels", png(4, 4, 8, 2, b"").getvalue(), BAD, None
    yield (
        ".png",
        "PNG that unpacks to more",
        png(WIDTH, HEIGHT, 8, 2, bytes(1 << 26)).getvalue(),
        CHECKED,
        np.zeros_like(PIXELS),
    )
    many = b"".join(chunk(b"tEXt", b"a\0b") for _ in range(20_000))
    data = FILES["PNG"][1]
    yield ".png", "PNG of 20,000 texts", data[:33] + many + data[33:], SOUND, PIXELS
    yield (
        ".png",
        "PNG of a chunk of 4 GiB",
        data[:33] + b"\xff\xff\xff\xffIDAT" + data[41:],
        BAD,
        None,
    )
    for size in (huge, 0):
        sides = struct.pack("<HH", min(size, 65535), min(size, 65535))
        yield (
            ".gif",
            f"GIF of {size}",
            b"GIF89a" + sides + b"\0\0\0,\0\0\0\0" + sides + b"\0\x02\0;",
            BAD,
            None,
        )
        yield (
            ".qoi",
            f"QOI of {size}",
            b"qoif" + struct.pack(">IIBB", size, size, 3, 0) + bytes(20),
            BAD,
            None,
        )
        yield ".ppm", f"PPM of {size}", f"P6\n{size} {size}\n255\n".encode() + pixels, BAD, None
        bmp = bytearray(FILES["BMP"][1])
        struct.pack_into("<ii", bmp, 18, size, size)
        yield ".bmp", f"BMP of {size}", bytes(bmp), BAD, None
        tiff = FILES["TIFF"][1]
        yield ".tif", f"TIFF of {size}", _resized_tiff(tiff, size), BAD, None
    for size in ("-5 5", "5 -5", "1e9 1", "99999999999999999999 1", "5", ""):
        yield ".ppm", f"PPM of {size!r}", f"P6\n{size}\n255\n".encode() + pixels, BAD, None
    for white in (0, -1, 65536, 10**30):
        yield ".ppm", f"PPM up to {white}", f"P6\n5 5\n{white}\n".encode() + pixels, BAD, None
    tga = bytearray(FILES["TGA"][1])
    struct.pack_into("<HH", tga, 12, 65535, 65535)
    yield ".tga", "TGA of 65535", bytes(tga), BAD, None
    loop = bytearray(FILES["TIFF"][1])
    (start,) = struct.unpack_from("<I", loop, 4)
    (entries,) = struct.unpack_from("<H", loop, start)
    struct.pack_into("<I", loop, start + 2 + 12 * entries, start)
    yield ".tif", "TIFF whose directories are a ring", bytes(loop), CHECKED, PIXELS


def _resized_tiff(data, size):
    changed = bytearray(data)
    (start,) = struct.unpack_from("<I", changed, 4)
    (entries,) = struct.unpack_from("<H", changed, start)
    for number in range(entries):
        at = start + 2 + 12 * number
        if struct.unpack_from("<H", changed, at)[0] in (256, 257):
            struct.pack_into("<HII", changed, at + 2, 4, 1, size)
    return bytes(changed)


def _no_files():
    """Yield paths that are not regular files, or can't be read."""
    if needs.HAS_NAMED_PIPES:
        yield ".png", "pipe", os.mkfifo, BAD, None
    for about, target in (
        ("a device that never ends", "/dev/zero"),
        ("a device that is empty", os.devnull),
        ("a link to itself", None),
        ("a link to nothing", "gone.png"),
        ("a link to a directory", "."),
    ):
        yield ".png", about, _link(target), BAD, None
    yield ".png", "a directory", Path.mkdir, BAD, None
    yield ".jpg", "a socket", _socket, BAD, None
    for about, start in (
        ("zeros", b""),
        ("PNG", FILES["PNG"][1][:40]),
        ("BMP", FILES["BMP"][1][:60]),
    ):
        yield ".png", f"60 GiB of {about}", _sparse(start, 60 << 30), BAD, None
    yield ".bmp", "900 MiB, mostly holes", _sparse(b"no image", 900 << 20), BAD, None
    data = FILES["PNG"][1]
    yield ".png", "a link to a sound file", _linked(data), SOUND, PIXELS
    for number, odd in enumerate(
        ("\n", "\x1b[31m", "'\"", "\udcff", "\u202e", "<b>", "a" * 180, "%s", "{0}", "$(x)")
    ):
        yield f"{odd}.png", f"a sound file of odd name {number}", data, SOUND, PIXELS
        yield f"{odd}.png", f"a bad file of odd name {number}", data[:99], BAD, None


def _link(target):
    return lambda path: path.symlink_to(path.name if target is None else target)


def _linked(data):
    def write(path):
        target = path.with_suffix(".target")
        target.write_bytes(data)
        path.symlink_to(target.name)

    return write


def _socket(path):
    server = socket.socket(socket.AF_UNIX)
    before = Path.cwd()
    os.chdir(path.parent)  # the name of a socket must be short
    try:
        server.bind(path.name)
    finally:
        os.chdir(before)
        server.close()


def _sparse(start, size):
    def write(path):
        with path.open("wb") as file:
            file.write(start)
            file.truncate(size)

    return write
