"""Memory of outputs is used again, but never while somebody holds it."""

import gc

import keras
import numpy as np
import pytest

from kcore import _buffers
from kcore._buffers import empty
from kcore.data import from_arrays

LARGE = (32, 200, 200, 1)


@pytest.fixture(autouse=True)
def nothing_is_kept_from_other_tests():
    gc.collect()
    _buffers._kept.clear()


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_comes_back_when_the_array_is_gone():
    array = empty(LARGE)
    first = address(array)
    del array
    gc.collect()
    assert address(empty(LARGE)) == first


def test_a_view_keeps_the_memory():
    array = empty(LARGE)
    view = array[3:4, 5]
    view[...] = 7
    del array
    gc.collect()
    others = [empty(LARGE) for _ in range(3)]
    for other in others:
        other[...] = 1
    assert (view == 7).all()


def test_a_buffer_keeps_the_memory():
    array = empty(LARGE)
    array[...] = 7
    buffer = memoryview(array)
    del array
    gc.collect()
    empty(LARGE)[...] = 1
    assert buffer[0, 0, 0, 0] == 7


def test_a_tensor_that_shares_the_memory_keeps_it():
    array = empty(LARGE)
    array[...] = 7
    tensor = keras.ops.convert_to_tensor(array)
    del array
    gc.collect()
    others = [empty(LARGE) for _ in range(3)]
    for other in others:
        other[...] = 1
    assert (keras.ops.convert_to_numpy(tensor) == 7).all()


def test_memory_of_two_sizes_comes_back_in_turns():
    sizes = [LARGE, (32, 200, 200, 3)]
    addresses = []
    for _ in range(3):
        arrays = [empty(size) for size in sizes]
        addresses.append([address(array) for array in arrays])
        del arrays
        gc.collect()
    assert addresses[0] == addresses[1] == addresses[2]


def test_memory_of_sizes_that_are_gone_from_is_dropped():
    empty(LARGE)
    before = sum(len(memory) for memory in _buffers._kept)
    assert before >= 4 * 32 * 200 * 200
    for extra in range(1, 9):
        empty((32, 200, 200 + extra, 1))
        gc.collect()
    assert all(len(memory) > 4 * 32 * 200 * 200 for memory in _buffers._kept)
    assert len(_buffers._kept) == 4


@pytest.mark.parametrize("order", ["C", "F"])
def test_batches_of_large_images_are_copies_that_last(order):
    x = np.asarray(
        np.random.default_rng(0).integers(0, 256, (40, 320, 320, 3), "uint8"), order=order
    )
    dataset = from_arrays(x, batch_size=16, seed=1)
    kept = list(dataset)
    assert [len(batch) for batch in kept] == [16, 16, 8]
    list(dataset)
    for number, batch in enumerate(kept):
        np.testing.assert_array_equal(batch, x[dataset.indices(number, epoch=0)])
        batch[...] = 0
    assert x.any(axis=(1, 2, 3)).all()


def test_other_sizes_are_not_mixed_up():
    empty(LARGE)
    assert empty((33, 200, 200, 1)).shape == (33, 200, 200, 1)


def test_arrays_are_writeable_float32():
    array = empty(LARGE)
    assert (array.dtype, array.flags.writeable, array.flags.c_contiguous) == (
        np.float32,
        True,
        True,
    )
