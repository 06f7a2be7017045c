"""Checkpoint files: whatever is damaged is noticed, and the other one is used."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore import _files
from kcore.training._checkpoint_directory import CheckpointDirectory
from kcore.training._checkpoint_file import (
    Checkpoint,
    DamagedCheckpointError,
    NewerCheckpointError,
    read,
    write,
)
from kcore.training._plain_values import decoded, encoded

ARRAYS = [
    np.arange(6, dtype="float32").reshape(2, 3),
    np.array(7, "uint64"),
    np.array(["a", "bcd"]),
    np.zeros((0, 4), "int8"),
    np.array([True, False]),
]


def checkpoint(value=1):
    return Checkpoint({"position": {"epoch": value}}, ARRAYS)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "checkpoint"
    write(path, checkpoint())
    return path


def test_a_file_gives_back_what_was_written(written):
    found = read(written)
    assert found.description == checkpoint().description
    for one, other in zip(found.arrays, ARRAYS, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other, strict=True)


def test_every_flipped_bit_and_every_cut_is_noticed(written, tmp_path):
    content = written.read_bytes()
    path = tmp_path / "damaged"
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        with pytest.raises((DamagedCheckpointError, NewerCheckpointError), match="damaged'"):
            read(path)
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(DamagedCheckpointError):
            read(path)


def save(path, *values):
    with CheckpointDirectory(path) as directory:
        directory.load()
        for value in values:
            directory.save(checkpoint(value))


def load(path):
    with CheckpointDirectory(path) as directory:
        return directory.load().description["position"]["epoch"]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_last_checkpoint_is_loaded(tmp_path, count):
    save(tmp_path, *range(count))
    assert load(tmp_path) == count - 1
    save(tmp_path, 10)
    assert load(tmp_path) == 10


def newest(path):
    return max(path.glob("*.kcore"), key=lambda one: read(one).description["number"])


def test_a_damaged_checkpoint_is_left_for_the_one_before(tmp_path):
    save(tmp_path, 1, 2, 3)
    damaged = newest(tmp_path)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with pytest.warns(RuntimeWarning, match="is damaged.* resumes from the other checkpoint"):
        assert load(tmp_path) == 2
    whole = [path for path in tmp_path.glob("*.kcore") if path != damaged]
    before = whole[0].read_bytes()
    with pytest.warns(RuntimeWarning, match="is damaged"):
        save(tmp_path, 4)  # writes over the damaged one
    assert whole[0].read_bytes() == before
    assert load(tmp_path) == 4


def test_only_damaged_checkpoints_are_an_error(tmp_path):
    save(tmp_path, 1)
    newest(tmp_path).write_bytes(b"")
    with pytest.raises(DamagedCheckpointError, match="remove the directory to start over"):
        load(tmp_path)


def test_a_newer_format_is_refused(tmp_path):
    save(tmp_path, 1)
    path = newest(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"checkpoint 1\n", b"checkpoint 2\n"))
    with pytest.raises(NewerCheckpointError, match="has format 2, and this version of kcore knows"):
        load(tmp_path)


def test_what_a_killed_process_was_writing_is_removed(tmp_path, monkeypatch):
    save(tmp_path, 1)
    names = []
    with monkeypatch.context() as patch:
        patch.setattr(_files, "put_in_place", lambda partial, *_, **__: names.append(partial.name))
        save(tmp_path, 2)
    left, other = tmp_path / names[0], tmp_path / ".1234.partial"
    left.touch()
    other.touch()
    assert load(tmp_path) == 1
    assert not left.exists()
    assert other.exists()


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.floats(width=32).map(np.float32),
    st.integers(0, 255).map(np.uint8),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(st.one_of(st.text(), st.integers()), inner),
        st.lists(st.floats()).map(np.array),
    ),
    max_leaves=12,
)


@given(values)
def test_plain_values_come_back_with_their_types(value):
    arrays = []
    found = decoded(encoded(value, arrays), arrays)
    np.testing.assert_equal(found, value)
    assert types_of(found) == types_of(value)


def types_of(value):
    if isinstance(value, dict):
        return [(type(key), types_of(one)) for key, one in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [types_of(one) for one in value]
    return type(value), getattr(value, "dtype", None)


def test_other_values_are_refused():
    with pytest.raises(TypeError, match="type object can't be saved"):
        encoded(object(), [])
