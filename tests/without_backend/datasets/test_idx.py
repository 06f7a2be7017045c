import contextlib
import gzip
import hashlib
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kcore.datasets._errors import CorruptFileError
from kcore.datasets._idx import read_idx

SAMPLE = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(range(6))
MEMORY_LIMIT = 6_000_000  # far more than the reader's chunk of 1 MiB, far less than declared

same_directory = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60
)


@pytest.fixture(params=["plain", "gzip"])
def write(request, tmp_path):
    """Write bytes to a file, compressed or not, and return its path."""

    def write_file(content):
        path = tmp_path / "sample-idx2-ubyte"
        path.write_bytes(gzip.compress(content) if request.param == "gzip" else content)
        return path

    return write_file


def test_reads_what_the_format_describes(write):
    array = read_idx(write(SAMPLE))
    np.testing.assert_array_equal(array, [[0, 1, 2], [3, 4, 5]])
    assert array.dtype == np.uint8


arrays = st.sampled_from(["u1", "i1", "i2", "i4", "f4", "f8"]).flatmap(
    lambda dtype: hnp.arrays(
        np.dtype(dtype), hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)
    )
)


@same_directory
@given(array=arrays)
def test_reads_every_type_and_shape(write, encode_idx, array):
    read = read_idx(write(encode_idx(array)))
    np.testing.assert_array_equal(read, array)
    assert read.dtype == array.dtype  # also in the byte order of the machine
    assert read.shape == array.shape
    assert read.flags.writeable


def test_compression_is_told_by_the_content_and_not_by_the_name(tmp_path):
    misnamed = tmp_path / "sample.gz"
    misnamed.write_bytes(SAMPLE)
    assert read_idx(misnamed).shape == (2, 3)


DEFECTS = {
    "empty": (b"", "ends within the IDX header: the file is cut short"),
    "cut in the magic number": (SAMPLE[:3], "ends within the IDX header"),
    "cut in the lengths": (SAMPLE[:9], "ends within the IDX header"),
    "not IDX": (b"\x89PNG" + SAMPLE, "starts with the bytes 89 50 instead of 00 00"),
    "unknown type": (
        b"\0\0\x0a\x01\0\0\0\0",
        "has the element type 0x0a, but IDX has only 0x08, 0x09",
    ),
    "no dimension": (b"\0\0\x08\0", "declares 0 dimensions; 1 to 32 are allowed"),
    "too many dimensions": (b"\0\0\x08\x21" + bytes(4 * 33), "declares 33 dimensions; 1 to 32"),
    "impossible size": (
        b"\0\0\x0e\x04" + b"\xff" * 16,
        "declares the shape (4294967295, 4294967295, 4294967295, 4294967295), which is too",
    ),
    "impossible size times zero": (
        b"\0\0\x08\x04" + bytes(4) + b"\xff" * 12,
        "declares the shape (0, 4294967295, 4294967295, 4294967295), which is too large",
    ),
    "cut in the data": (
        SAMPLE[:-1],
        "declares the shape (2, 3), which is 6 bytes of data, but holds 5: the file is cut short",
    ),
    "data too long": (
        SAMPLE + b"\0",
        "declares the shape (2, 3), which is 6 bytes of data, but holds more",
    ),
}


@pytest.mark.parametrize(("content", "problem"), DEFECTS.values(), ids=DEFECTS.keys())
def test_says_what_is_wrong(write, content, problem):
    path = write(content)
    with pytest.raises(CorruptFileError) as caught:
        read_idx(path)
    assert caught.value.source == path
    assert caught.value.problem.startswith(problem)
    assert str(caught.value).startswith(f"{path}: {problem}")


@pytest.mark.parametrize("compress", [False, True])
def test_refuses_a_file_cut_anywhere(tmp_path, compress):
    content = gzip.compress(SAMPLE) if compress else SAMPLE
    path = tmp_path / "cut"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(CorruptFileError, match=r"cut short|starts with"):
            read_idx(path)


@same_directory
@given(data=st.data())
def test_a_damaged_gzip_file_is_refused_or_read_right(tmp_path, data):
    content = bytearray(gzip.compress(SAMPLE, mtime=0))
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "damaged.gz"
    path.write_bytes(content)
    with contextlib.suppress(CorruptFileError):
        assert read_idx(path).tobytes() == SAMPLE[12:]


def test_names_gzip_damage(tmp_path):
    path = tmp_path / "damaged.gz"
    content = bytearray(gzip.compress(SAMPLE))
    content[-8] ^= 1  # the checksum
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match=r"has damaged gzip data \(CRC check failed"):
        read_idx(path)
    path.write_bytes(gzip.compress(SAMPLE)[:-4])
    with pytest.raises(CorruptFileError, match="is cut short: its gzip data ends early"):
        read_idx(path)


@same_directory
@given(content=st.binary(max_size=64))
def test_any_bytes_are_read_or_refused_with_the_right_error(write, content):
    with contextlib.suppress(CorruptFileError):
        read_idx(write(content))


def test_checks_the_shape_before_the_data(write):
    with pytest.raises(
        CorruptFileError,
        match=r"holds an array of shape \(2, 3\) instead of \(60000,\): it may be another file of "
        r"the dataset",
    ):
        read_idx(write(SAMPLE[:-2]), shape=(60000,))
    assert read_idx(write(SAMPLE), shape=(2, 3)).shape == (2, 3)


def test_checks_the_digest_of_the_uncompressed_content(write):
    digest = hashlib.sha256(SAMPLE).hexdigest()
    assert read_idx(write(SAMPLE), sha256=digest.upper()).size == 6
    other = SAMPLE[:-1] + b"\x06"
    with pytest.raises(CorruptFileError) as caught:
        read_idx(write(other), sha256=digest)
    assert caught.value.problem == (
        "has the right format but different content: its uncompressed SHA-256 digest is "
        f"{hashlib.sha256(other).hexdigest()} instead of {digest}"
    )


def peak_memory(action):
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("lengths", [(2**32 - 1,), (2**31, 2**31)])
def test_a_huge_declared_size_takes_no_memory(write, lengths):
    path = write(struct.pack(f">4B{len(lengths)}I", 0, 0, 8, len(lengths), *lengths) + bytes(10))

    def read():
        with pytest.raises(CorruptFileError, match="but holds 10: the file is cut short"):
            read_idx(path)

    assert peak_memory(read) < MEMORY_LIMIT


def test_a_gzip_bomb_takes_no_memory(tmp_path):
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(bytes([0, 0, 8, 1, 0, 0, 0, 10]))
        for _ in range(64):
            file.write(bytes(1 << 20))

    def read():
        with pytest.raises(CorruptFileError, match="which is 10 bytes of data, but holds more"):
            read_idx(path)

    assert peak_memory(read) < MEMORY_LIMIT


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "nothing")
