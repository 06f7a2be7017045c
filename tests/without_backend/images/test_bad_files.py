"""Files that hold no complete picture: one error names the file and the reason, at once."""

import contextlib
import io
import pickle
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kcore.images import ImageDecodeError, load_img

PICTURE = np.random.default_rng(3).integers(0, 256, (11, 13, 3), dtype=np.uint8)


def encoded(file_format: str, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PICTURE).save(file, file_format, **options)
    return file.getvalue()


FILES = {
    "png": encoded("PNG"),
    "jpeg": encoded("JPEG"),
    "progressive jpeg": encoded("JPEG", progressive=True),
    "gif": encoded("GIF"),
    "bmp": encoded("BMP"),
    "tiff": encoded("TIFF"),
    "compressed tiff": encoded("TIFF", compression="tiff_lzw"),
    "webp": encoded("WEBP"),
    "ppm": encoded("PPM"),
}


# What Pillow says of the metadata of damaged TIFF files, and what is said of damaged sizes.
PASS_OVER_WARNINGS = pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning"
)


@PASS_OVER_WARNINGS
@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_anywhere_is_refused_or_gives_the_whole_picture(name):
    data = FILES[name]
    whole = np.asarray(load_img(io.BytesIO(data)))
    refused = 0
    for length in range(len(data)):
        try:
            img = load_img(io.BytesIO(data[:length]))
        except ImageDecodeError:
            refused += 1
        else:  # what was cut off held no pixels
            np.testing.assert_array_equal(np.asarray(img), whole)
    assert refused >= len(data) - 24


@PASS_OVER_WARNINGS
@given(st.sampled_from(sorted(FILES)), st.data())
@settings(max_examples=300)
def test_damaged_files_raise_nothing_else(name, data):
    damaged = bytearray(FILES[name])
    positions = st.integers(0, min(len(damaged), 200) - 1)
    for position, value in data.draw(
        st.lists(st.tuples(positions, st.integers(0, 255)), min_size=1)
    ):
        damaged[position] = value
    with contextlib.suppress(ImageDecodeError):
        assert load_img(io.BytesIO(bytes(damaged))).mode == "RGB"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", r"the file is empty \(0 bytes\)"),
        (
            b"no image",
            "not an image in a format that Pillow reads, or cut off or damaged at",
        ),
        (FILES["jpeg"][:-100], "damaged or truncated: image file is truncated"),
        (FILES["png"][:-100], "damaged or truncated: image file is truncated"),
    ],
    ids=["empty", "no image", "truncated jpeg", "truncated png"],
)
def test_the_error_names_the_file_and_the_reason(tmp_path, data, reason):
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    with pytest.raises(ImageDecodeError, match=f"^{re.escape(str(path))}: {reason}") as caught:
        load_img(path)
    assert caught.value.path == str(path)
    assert re.match(reason, caught.value.reason)
    with path.open("rb") as file, pytest.raises(ImageDecodeError) as caught:
        load_img(file)
    assert caught.value.path == str(path)


def test_a_file_without_a_name():
    with pytest.raises(
        ImageDecodeError, match=r"^image without a file name: the file is empty"
    ) as e:
        load_img(io.BytesIO())
    assert e.value.path is None


@pytest.mark.parametrize("limit", [PICTURE.size // 3 // 3, PICTURE.size // 3 // 2 - 1])
def test_a_decompression_bomb_is_refused(monkeypatch, limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(ImageDecodeError, match=r"too large to decode safely: .*143 pixels"):
        load_img(io.BytesIO(FILES["png"]))


def test_running_out_of_memory_names_the_file(monkeypatch, tmp_path):
    def fail(*args):
        raise MemoryError

    (tmp_path / "a.png").write_bytes(FILES["png"])
    monkeypatch.setattr(Image.Image, "load", fail)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    with pytest.raises(ImageDecodeError, match=r"a\.png: decoding it needs more memory than there"):
        load_img(tmp_path / "a.png")


def test_a_missing_file_stays_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.png"):
        load_img(tmp_path / "missing.png")


def test_a_directory_is_no_damaged_file(tmp_path):
    with pytest.raises(OSError, match=re.escape(tmp_path.name)):
        load_img(tmp_path)


def test_the_error_comes_back_whole_from_another_process():
    error = pickle.loads(pickle.dumps(ImageDecodeError("a.png", "the file is empty (0 bytes)")))
    assert isinstance(error, ValueError)
    assert (error.path, error.reason) == ("a.png", "the file is empty (0 bytes)")
    assert str(error) == "a.png: the file is empty (0 bytes)"
