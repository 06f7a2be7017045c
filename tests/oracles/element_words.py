"""Masks and noise of kcore.layers by definition, in integers of Python."""

import math
from statistics import NormalDist

import numpy as np

from oracles import threefry

PURPOSE = 0x6B636F72
MASK = 2**32 - 1


def word(seed, counter, row, column):
    return hashed(column, *threefry.block((seed, PURPOSE), (row, counter)))


def hashed(column, first, second):
    h = (column ^ first) * 0x9E3779B1 & MASK
    h = ((h ^ h >> 16) + second) & MASK
    h = (h ^ h >> 16) * 0x7FEB352D & MASK  # lowbias32 from here on
    h = (h ^ h >> 15) * 0x846CA68B & MASK
    return h ^ h >> 16


def words(seed, counter, shape):
    rows, columns = (shape[0], math.prod(shape[1:])) if shape else (1, 1)
    every = [word(seed, counter, row, column) for row in range(rows) for column in range(columns)]
    return np.array(every, "uint32").reshape(shape)


def is_kept(seed, counter, shape, rate):
    return (words(seed, counter, shape) >> 8) < round((1 - rate) * 2**24)


def normals(seed, counter, shape):
    """Return standard normal numbers, to within 2e-6."""
    numbers = [
        (1 if each & 1 else -1) * -NormalDist().inv_cdf((each | 1) / 2**33)
        for each in words(seed, counter, shape).ravel().tolist()
    ]
    return np.array(numbers).reshape(shape)
