"""Warnings of Pillow name the file, on threads and under every filter."""

import io
import os
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from oracles.image_files import odd_tiff
from PIL import Image

from kcore.images import load_img
from kcore.images._pillow_warnings import PillowWarnings

PICTURE = Image.fromarray(np.arange(192, dtype="uint8").reshape(8, 8, 3))


def odd_apng():
    """Encode a PNG that says that it has no frame of its animation."""
    file = io.BytesIO()
    PICTURE.save(file, "PNG")
    data = file.getvalue()
    body = b"acTL" + struct.pack(">II", 0, 0)
    chunk = struct.pack(">I", 8) + body + struct.pack(">I", zlib.crc32(body))
    return data[:33] + chunk + data[33:]  # behind the signature and the header


def odd_mpo():
    """Encode a JPEG whose index of several pictures is damaged."""
    file, second = io.BytesIO(), PICTURE.copy()
    PICTURE.save(file, "MPO", save_all=True, append_images=[second])
    data = bytearray(file.getvalue())
    at = data.index(b"MPF\0") + 4
    data[at + 8 : at + 10] = b"\xff\xff"
    return bytes(data)


ODD = {"a.tiff": odd_tiff(PICTURE), "a.png": odd_apng(), "a.jpg": odd_mpo()}


@pytest.fixture(params=ODD)
def path(request, tmp_path):
    path = tmp_path / request.param
    path.write_bytes(ODD[request.param])
    return path


def test_the_file_is_named_once_at_the_line_of_the_user(path):
    with pytest.warns(UserWarning, match=rf"^{path}: ") as caught:
        load_img(path)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_an_error_by_the_users_filter_names_the_file(path):
    with pytest.raises(UserWarning, match=rf"^{path}: "):
        load_img(path)


def test_ignored_warnings_stay_ignored(path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", UserWarning)
        load_img(path)
    assert not caught


def test_the_filters_of_the_user_stay_as_they_are(path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            load_img(path)
            warnings.filterwarnings("ignore", "something else")
        with Image.open(path) as img:  # not through kcore: as Pillow says it
            img.load()
        length = len(warnings.filters)
        load_img(path)
        assert len(warnings.filters) == length
    named = [str(each.message).startswith(str(path)) for each in caught]
    assert named[:3] == [True] * 3
    assert named[-1]
    assert not any(named[3:-1])
    assert len(named) > 4


def test_what_others_are_warned_of_meanwhile_is_not_taken():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with PillowWarnings("a.png") as found:
            warnings.warn("of this thread", stacklevel=1)
            warnings.warn("deprecated", DeprecationWarning, stacklevel=1)
            warnings.warn("not closed", ResourceWarning, stacklevel=1)
            thread = threading.Thread(target=warnings.warn, args=("of another thread",))
            thread.start()
            thread.join()
        warnings.warn("later", stacklevel=1)
        found.issue()
    messages = [str(each.message) for each in caught]
    assert messages == [
        "deprecated",
        "not closed",
        "of another thread",
        "later",
        "a.png: of this thread",
    ]


def test_threads_name_their_own_files(tmp_path):
    paths = []
    for number in range(40):
        paths.append(tmp_path / f"{number}.tiff")
        paths[-1].write_bytes(ODD["a.tiff"])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(load_img, paths))
    names = sorted(str(each.message).partition(": ")[0] for each in caught)
    assert names == sorted(map(str, paths))


SCRIPT = """
import sys
from concurrent.futures import ThreadPoolExecutor
from PIL import Image
from kcore.images import load_img
Image.open(sys.argv[1]).load()
with ThreadPoolExecutor(2) as threads:
    list(threads.map(load_img, sys.argv[1:]))
"""


def test_each_file_is_named_under_pythons_own_filters(tmp_path):
    """Python shows a text once, so that without its name the second file would not be told of."""
    paths = []
    for number in range(3):
        for name, data in ODD.items():
            paths.append(tmp_path / f"{number}{name}")
            paths[-1].write_bytes(data)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONWARNINGS"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, paths)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    for path in paths:
        assert done.stderr.count(f"Warning: {path}: ") == 1, done.stderr
    assert done.stderr.count("Warning: ") == len(paths) + 1  # the first, of Pillow alone
