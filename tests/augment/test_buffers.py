"""Memory of outputs is used again, but never while somebody holds it."""

import gc

import keras
import numpy as np

from kcore.augment._buffers import empty

LARGE = (32, 200, 200, 1)


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
