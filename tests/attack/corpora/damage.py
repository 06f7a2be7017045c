"""Damage bytes, with seeded generators."""

import itertools

import numpy as np


def cut(data, number, seed):
    """Yield (name, data) truncated to different lengths, with the shortest and the longest."""
    rng = np.random.default_rng(seed)
    lengths = {0, 1, len(data) - 1}
    while len(lengths) < min(number, len(data)):
        lengths.add(int(rng.integers(len(data))))
    for length in sorted(lengths)[:number]:
        yield f"cut at {length}", data[:length]


def flipped(data, number, seed, start=0, stop=None):
    """Yield (name, data) with one flipped bit, at `number` positions spread over the data."""
    rng = np.random.default_rng(seed)
    edges = np.linspace(start, len(data) if stop is None else stop, number + 1).astype(int)
    for low, high in itertools.pairwise(edges):
        position, bit = int(rng.integers(low, max(high, low + 1))), int(rng.integers(8))
        changed = bytearray(data)
        changed[position] ^= 1 << bit
        yield f"bit {bit} of byte {position}", bytes(changed)


def overwritten(data, number, seed, longest=40):
    """Yield (name, data) with a range of bytes replaced by noise, zeros or ones."""
    rng = np.random.default_rng(seed)
    for _ in range(number):
        length = int(rng.integers(1, longest))
        position = int(rng.integers(max(1, len(data) - length)))
        kind = ("noise", "zeros", "ones")[rng.integers(3)]
        run = {"noise": rng.bytes(length), "zeros": bytes(length), "ones": b"\xff" * length}[kind]
        changed = data[:position] + run + data[position + length :]
        yield f"{length} bytes of {kind} at {position}", changed[: len(data)]


def shuffled(data, number, seed, block=64):
    """Yield (name, data) with two blocks swapped, one left out, or one repeated."""
    rng = np.random.default_rng(seed)
    for kind in [("exchanged", "left out", "twice")[index % 3] for index in range(number)]:
        one, other = sorted(int(at) for at in rng.integers(0, max(1, len(data) - block), 2))
        other = max(other, one + 1)
        first = data[one : one + block]
        if kind == "left out":
            made = data[:one] + data[one + block :]
        elif kind == "twice":
            made = data[:other] + first + data[other:]
        else:
            changed = bytearray(data)
            changed[one : one + block] = data[other : other + block]
            changed[other : other + block] = first
            made = bytes(changed[: len(data)])
        yield f"block at {one} {kind} at {other}", made
