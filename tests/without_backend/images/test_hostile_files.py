"""Files that would start a program, last forever or fill the memory; and sound ones like them."""

import io
import os
import socket
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import needs
from oracles.image_files import chunk, encoded, png
from PIL import Image, PngImagePlugin

from kcore.images import FORMATS, ImageDecodeError, load_img

RGB = np.random.default_rng(8).integers(0, 256, (24, 31, 3), dtype=np.uint8)
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"


def write(path, data):
    path.write_bytes(data)
    return path


# Formats


@pytest.mark.parametrize(
    "data",
    [EPS, b"\xc5\xd0\xd3\xc6" + struct.pack("<6I", 32, len(EPS), 0, 0, 0, 0) + b"\0" * 4 + EPS],
)
def test_no_file_starts_a_program(tmp_path, monkeypatch, data):
    def refuse(*args, **kwargs):
        raise AssertionError("a program was started")

    monkeypatch.setattr("subprocess.Popen", refuse)
    monkeypatch.setattr("subprocess.check_call", refuse)
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", refuse, raising=False)
    path = write(tmp_path / "photo.png", data)
    with pytest.raises(ImageDecodeError, match=r"photo\.png: holds EPS, whatever its name says"):
        load_img(path)
    with pytest.raises(
        ValueError, match="formats names 'EPS', which is never decoded: that starts"
    ):
        load_img(path, formats=(*FORMATS, "eps"))
    with pytest.raises(ValueError, match="formats names 'IPTC', which is never decoded"):
        load_img(path, formats=["IPTC"])


@pytest.mark.parametrize(
    ("data", "content", "remedy"),
    [
        (encoded(Image.fromarray(RGB), "ICO").getvalue(), "ICO", "add 'ICO' to formats"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 30, "HEIC", "convert it to PNG"),
        (b"%PDF-1.7\n", "PDF", "convert it to PNG"),
        (b"\n <svg xmlns='http://www.w3.org/2000/svg'/>", "SVG", "convert it to PNG"),
        (b"<!DOCTYPE html><html>404</html>", "HTML", "convert it to PNG"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer, not the f", "convert"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_content_is_named(tmp_path, data, content, remedy):
    path = write(tmp_path / "a.jpg", data)
    with pytest.raises(ImageDecodeError, match=rf"holds {content}.*: {remedy}"):
        load_img(path)


def test_a_format_can_be_added_or_left_out(tmp_path):
    path = write(
        tmp_path / "a.ico", encoded(Image.fromarray(RGB), "ICO", sizes=[(16, 16)]).getvalue()
    )
    assert load_img(path, formats=(*FORMATS, "ico")).size == (16, 12)
    path = write(tmp_path / "a.png", encoded(Image.fromarray(RGB)).getvalue())
    with pytest.raises(ImageDecodeError, match=r"holds PNG, whatever its name says, .* add 'PNG'"):
        load_img(path, formats=["JPEG"])


@pytest.mark.parametrize("name", sorted(set(FORMATS) & set(Image.SAVE)))
def test_what_pillow_writes_in_these_formats_is_read(name):
    file = encoded(Image.new("L" if name == "MSP" else "RGB", (9, 7), 100), name)
    assert load_img(file).size == (9, 7)


@pytest.mark.parametrize(
    ("formats", "message"),
    [
        ("PNG", "formats='PNG' must be a list of names such as"),
        ([], r"formats=\[\] must be a list"),
        (["PNG", "HEIC"], "formats names 'HEIC', which this Pillow does not decode: use names"),
        ([3], "formats names 3"),
    ],
)
def test_wrong_formats_are_refused(formats, message):
    with pytest.raises(ValueError, match=message):
        load_img("no-such-file.png", formats=formats)


# What is not a regular file, or too large


@pytest.mark.parametrize("kind", ["a pipe", "a socket", "a device"])
def test_what_is_no_file_is_not_waited_for(tmp_path, kind, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    if kind == "a pipe":
        os.mkfifo("a.png")
    elif kind == "a device":
        Path("a.png").symlink_to(os.devnull)
    else:
        server = socket.socket(socket.AF_UNIX)
        server.bind("a.png")
        server.close()
    with pytest.raises(ImageDecodeError, match=rf"a\.png: not a regular file but {kind}$"):
        load_img("a.png")


def test_a_pipe_that_takes_the_name_in_between_is_not_waited_for(tmp_path, monkeypatch):
    path = write(tmp_path / "a.png", encoded(Image.fromarray(RGB)).getvalue())
    status, stat = path.stat(), os.stat
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(
        os, "stat", lambda name, **k: status if name == str(path) else stat(name, **k)
    )
    with pytest.raises(ImageDecodeError, match="not a regular file but a pipe"):
        load_img(path)


def sparse(path, start, size):
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size)
    return path


def test_a_file_of_60_gigabytes_is_not_read(tmp_path):
    path = sparse(tmp_path / "a.png", encoded(Image.fromarray(RGB)).getvalue(), 60 * 2**30)
    message = r"a\.png: has 64,424,509,440 bytes, more than max_file_bytes=1,073,741,824: give"
    with pytest.raises(ImageDecodeError, match=message):
        load_img(path)


def test_a_large_file_that_begins_like_no_image_is_not_read(tmp_path, monkeypatch):
    path = sparse(tmp_path / "a.png", b"no image", 900 * 2**20)
    with pytest.raises(ImageDecodeError, match=r"a\.png: not an image in a format that Pillow"):
        load_img(path, formats=["PNG", "JPEG", "BMP"])


def test_the_size_limit_can_be_set(tmp_path):
    data = encoded(Image.fromarray(RGB)).getvalue()
    path = write(tmp_path / "a.png", data)
    assert load_img(path, max_file_bytes=len(data)).size == (31, 24)
    with pytest.raises(ImageDecodeError, match=f"has {len(data):,} bytes, more than max_file"):
        load_img(path, max_file_bytes=len(data) - 1)
    with pytest.raises(ValueError, match="max_file_bytes=0 must be an integer of at least 1"):
        load_img(path, max_file_bytes=0)


# Decompression bombs


def test_a_warning_of_many_pixels_names_the_file_and_is_no_damage(tmp_path, monkeypatch):
    path = write(tmp_path / "a.png", encoded(Image.fromarray(RGB)).getvalue())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", RGB.size // 3 - 1)
    message = r"a\.png: 31 x 24 = 744 pixels, and PIL\.Image\.MAX_IMAGE_PIXELS is 743"
    with pytest.warns(Image.DecompressionBombWarning, match=message) as caught:
        np.testing.assert_array_equal(np.asarray(load_img(path)), RGB)
    assert len(caught) == 1, "Pillow's own, without the name, is not given too"
    with pytest.raises(Image.DecompressionBombWarning, match=message):  # as by python -W error
        load_img(path)


def test_a_warning_of_pillows_that_is_an_error_is_no_damage(tmp_path, monkeypatch):
    def warn(self):
        warnings.warn("Possibly corrupt EXIF data", stacklevel=1)

    path = write(tmp_path / "a.png", encoded(Image.fromarray(RGB)).getvalue())
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", warn)
    with pytest.raises(UserWarning, match=r"a\.png: Possibly corrupt EXIF data"):
        load_img(path)


# PNG


def test_each_flipped_bit_of_the_pixels_of_a_png_is_noticed():
    data = encoded(Image.fromarray(RGB[:4, :9])).getvalue()
    start = data.index(b"IDAT") - 4
    (length,) = struct.unpack_from(">I", data, start)
    for position in range(start, start + 12 + length):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[position] ^= 1 << bit
            with pytest.raises(ImageDecodeError, match="damaged"):
                load_img(io.BytesIO(bytes(damaged)))


@given(st.data())
@settings(max_examples=60)
def test_flipped_bits_of_a_png_of_several_chunks_are_noticed(data):
    rows = b"".join(b"\0" + row.tobytes() for row in RGB)
    stream = zlib.compress(rows)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=3)))
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole = b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", 31, 24, 8, 2, 0, 0, 0)),
            *(chunk(b"IDAT", part) for part in parts),
            chunk(b"IEND", b""),
        ]
    )
    np.testing.assert_array_equal(np.asarray(load_img(io.BytesIO(whole))), RGB)
    damaged = bytearray(whole)
    position = data.draw(st.integers(8, len(whole) - 13))
    damaged[position] ^= 1 << data.draw(st.integers(0, 7))
    try:
        img = load_img(io.BytesIO(bytes(damaged)))
    except ImageDecodeError:
        return
    np.testing.assert_array_equal(np.asarray(img), RGB)  # IDAT whose name became optional


def test_a_damaged_text_after_the_pixels_is_passed_over():
    data = encoded(Image.fromarray(RGB)).getvalue()
    text = bytearray(chunk(b"tEXt", b"Title\0damaged"))
    text[-1] ^= 1
    end = data.index(b"IEND") - 4
    img = load_img(io.BytesIO(data[:end] + bytes(text) + data[end:]))
    np.testing.assert_array_equal(np.asarray(img), RGB)


def with_much(kind):
    if kind == "color profile":
        return {"icc_profile": bytes(3 << 20)}
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "a" * (2 << 20), zip=True)
    return {"pnginfo": info}


@pytest.mark.parametrize("kind", ["text", "color profile"])
def test_a_png_with_megabytes_of_text_is_read(kind):
    file = encoded(Image.fromarray(RGB), **with_much(kind))
    np.testing.assert_array_equal(np.asarray(load_img(file)), RGB)


def test_a_png_with_megabytes_of_text_after_the_pixels_is_read():
    data = encoded(Image.fromarray(RGB)).getvalue()
    end = data.index(b"IEND") - 4
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * (2 << 20)))
    img = load_img(io.BytesIO(data[:end] + text + data[end:]))
    np.testing.assert_array_equal(np.asarray(img), RGB)


@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
def test_a_png_without_its_palette_is_not_black(color_mode):
    file = png(4, 4, 8, 3, bytes(20))
    with pytest.raises(
        ImageDecodeError, match="its pixels are indices into a palette, and it has none"
    ):
        load_img(file, color_mode)


def test_text_does_not_hide_damage():
    file = encoded(Image.fromarray(RGB), **with_much("text"))
    damaged = bytearray(file.getvalue())
    damaged[damaged.index(b"IDAT") + 20] ^= 1
    with pytest.raises(ImageDecodeError, match=r"damaged: the checksum of its IDAT chunk at byte"):
        load_img(io.BytesIO(bytes(damaged)))


def test_the_reason_for_a_damaged_header_says_which_format_it_was():
    data = png(0, 5, 8, 2, b"").getvalue()[:40]
    with pytest.raises(ImageDecodeError, match=r"PNG|damaged"):
        load_img(io.BytesIO(data))


@needs.ghostscript
def test_ghostscript_really_is_not_run(tmp_path):
    marker = tmp_path / "marker"
    program = f"({marker}) (w) file closefile showpage\n".encode()
    path = write(tmp_path / "photo.jpg", EPS.replace(b"showpage", program))
    with pytest.raises(ImageDecodeError, match="holds EPS"):
        load_img(path)
    assert not marker.exists()
