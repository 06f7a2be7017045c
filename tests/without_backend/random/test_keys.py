import random

import numpy as np
import pytest

import kcore
from kcore.random._threefry import threefry2x32


def test_a_key_is_the_seed_in_two_words():
    assert kcore.random.key(0).tolist() == [0, 0]
    assert kcore.random.key(2**64 - 1).tolist() == [2**32 - 1, 2**32 - 1]
    key = kcore.random.key(np.int64(5 * 2**32 + 7))
    assert key.tolist() == [5, 7]
    assert key.dtype == np.uint32


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, True, "7", None])
def test_other_seeds_are_refused(seed):
    with pytest.raises(ValueError, match=r"must be an integer, 0 <= seed < 2\*\*64") as error:
        kcore.random.key(seed)
    assert f"seed={seed!r}" in str(error.value)


def test_fold_in_is_one_block_of_the_cipher():
    key = kcore.random.key(0x13198A2E_03707344)
    expected = threefry2x32(
        np,
        (key[:1], key[1:]),
        (np.array([0x243F6A88], dtype="uint32"), np.zeros(1, dtype="uint32")),
    )
    np.testing.assert_array_equal(kcore.random.fold_in(key, 0x243F6A88), np.concatenate(expected))


def test_fold_in_of_many_is_fold_in_of_each():
    key, numbers = kcore.random.key(3), [0, 5, 2**32 - 1]
    folded = kcore.random.fold_in(key, numbers)
    assert folded.shape == (3, 2)
    assert folded.dtype == np.uint32
    for row, number in zip(folded, numbers, strict=True):
        np.testing.assert_array_equal(row, kcore.random.fold_in(key, number))
    twice = kcore.random.fold_in(folded, [7, 7, 9])
    for row, key_, number in zip(twice, folded, [7, 7, 9], strict=True):
        np.testing.assert_array_equal(row, kcore.random.fold_in(key_, number))
    np.testing.assert_array_equal(
        kcore.random.fold_in(folded, 7)[1], kcore.random.fold_in(folded[1], 7)
    )


def test_split_gives_different_keys_and_begins_alike():
    key = kcore.random.key(3)
    few, many = kcore.random.split(key), kcore.random.split(key, 5)
    np.testing.assert_array_equal(few, many[:2])
    assert len({tuple(row) for row in many.tolist()}) == 5
    batch = kcore.random.split(kcore.random.fold_in(key, range(4)), 3)
    assert batch.shape == (4, 3, 2)
    np.testing.assert_array_equal(batch[2], kcore.random.split(kcore.random.fold_in(key, 2), 3))


def test_no_two_uses_of_one_key_meet():
    key = kcore.random.key(3)
    uses = {
        "fold_in": kcore.random.fold_in(key, range(1000)).ravel(),
        "split": kcore.random.split(key, 1000).ravel(),
        "bits": kcore.random.bits(key, 2000),
        "integers": kcore.random.integers(key, 2000, minval=-(2**31), maxval=2**31).view("uint32"),
    }
    seen = np.concatenate(list(uses.values()))
    assert len(np.unique(seen)) > 8000 - 10  # 0.007 repeats of 8000 words are expected


def test_sample_keys_are_folded_one_after_the_other():
    expected = kcore.random.fold_in(kcore.random.fold_in(kcore.random.key(7), 3), [5, 2])
    np.testing.assert_array_equal(kcore.random.sample_keys(7, 3, [5, 2]), expected)


def test_sample_keys_do_not_depend_on_batch_or_order():
    order = np.array([4, 0, 3, 1, 2])
    whole = kcore.random.sample_keys(7, 1, np.arange(5))
    np.testing.assert_array_equal(kcore.random.sample_keys(7, 1, order), whole[order])
    assert kcore.random.sample_keys(7, 1, []).shape == (0, 2)


def test_the_golden_sample_keys():
    keys = kcore.random.sample_keys(seed=2**64 - 1, epoch=3, indices=[0, 1, 2**32 - 1])
    assert [[f"{word:08x}" for word in row] for row in keys.tolist()] == GOLDEN_SAMPLE_KEYS


def test_neighboring_seeds_epochs_and_samples_share_no_key():
    keys = np.concatenate(
        [
            kcore.random.sample_keys(seed, epoch, np.arange(50))
            for seed in (0, 1, 2, 2**32, 2**32 + 1, 2**64 - 1)
            for epoch in range(20)
        ]
    )
    assert len(np.unique(keys, axis=0)) == len(keys) == 6000


@pytest.mark.parametrize("axis", ["seed", "epoch", "index"])
def test_neighbors_are_uncorrelated(axis):
    """20,000 pairs of neighbors: a correlation beyond 6 standard errors is a fault."""
    numbers = np.arange(20_000)
    if axis == "index":
        keys = kcore.random.sample_keys(7, 0, numbers)
    elif axis == "epoch":
        epochs = kcore.random.fold_in(kcore.random.key(7), numbers)
        keys = kcore.random.fold_in(epochs, 11)
    else:
        seeds = np.stack([np.zeros_like(numbers), numbers], axis=-1).astype("uint32")
        keys = kcore.random.fold_in(kcore.random.fold_in(seeds, 0), 11)
    draws = kcore.random.uniform(keys, (2,)).astype("float64")
    for lag in (1, 2, 3):
        for first in range(2):
            for second in range(2):
                pair = np.corrcoef(draws[:-lag, first], draws[lag:, second])[0, 1]
                assert abs(pair) < 6 / np.sqrt(len(numbers))


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (-1, ValueError, r"data=-1 is out of range: 0 <= data < 2\*\*32"),
        ([3, 2**32], ValueError, r"data=4294967296 is out of range"),
        (0.5, TypeError, r"data=0.5 must be integers; it has dtype float64"),
        (True, TypeError, r"data=True must be integers; it has dtype bool"),
        ([[1]], ValueError, r"data has shape \(1, 1\): give one number or a one-dimensional array"),
    ],
)
def test_wrong_numbers_to_fold_in(data, error, message):
    with pytest.raises(error, match=message):
        kcore.random.fold_in(kcore.random.key(0), data)


def test_as_many_keys_as_numbers():
    with pytest.raises(
        ValueError, match="2 keys and 3 numbers: give equally many, or one key or one number"
    ):
        kcore.random.fold_in(kcore.random.split(kcore.random.key(0)), [1, 2, 3])


@pytest.mark.parametrize("num", [0, -1, 1.5])
def test_split_into_a_whole_number(num):
    with pytest.raises(ValueError, match=f"num={num} must be an integer of at least 1"):
        kcore.random.split(kcore.random.key(0), num)


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (7, TypeError, r"key=7 is not a key: make one from a seed with kcore.random.key\(seed\)"),
        (np.zeros(2), TypeError, r"key has dtype float64: keys are uint32"),
        (np.zeros(3, "uint32"), ValueError, r"key has shape \(3,\): a key has the shape \(2,\)"),
        (np.zeros((1, 1, 2), "uint32"), ValueError, r"a batch of n keys \(n, 2\)"),
    ],
)
def test_what_is_no_key(key, error, message):
    for draw in (kcore.random.bits, kcore.random.uniform, kcore.random.split):
        with pytest.raises(error, match=message):
            draw(key)


def test_drawn_seeds_differ_and_make_keys():
    seeds = {kcore.random.draw_seed() for _ in range(100)}
    assert len(seeds) == 100
    assert all(kcore.random.key(seed).shape == (2,) for seed in seeds)
    assert max(seeds) > 2**56  # fails once in 10**240 runs


def test_global_random_state_is_neither_read_nor_changed():
    def everything():
        keys = kcore.random.sample_keys(7, 0, range(3))
        return [
            kcore.random.normal(keys, 5),
            kcore.random.uniform(keys, 5),
            kcore.random.permutation(keys, 5),
            kcore.random.integers(keys, 5, maxval=9),
            kcore.random.bernoulli(keys, 5),
        ]

    np.random.seed(1)  # noqa: NPY002 -- the global state is what is tested
    random.seed(1)
    before = np.random.get_state(legacy=False)["state"]["key"].tobytes(), random.getstate()  # noqa: NPY002
    first = everything()
    kcore.random.draw_seed()
    after = np.random.get_state(legacy=False)["state"]["key"].tobytes(), random.getstate()  # noqa: NPY002
    assert before == after
    np.random.seed(2)  # noqa: NPY002
    for one, other in zip(first, everything(), strict=True):
        np.testing.assert_array_equal(one, other)


GOLDEN_SAMPLE_KEYS = [["d0f95c2f", "f207f242"], ["028233fd", "bf10c29c"], ["f1a23735", "58c35b21"]]


@pytest.mark.parametrize(
    ("epoch", "indices", "error", "message"),
    [
        (-1, [0], ValueError, r"epoch=-1 is out of range: 0 <= epoch < 2\*\*32"),
        (2**32, [0], ValueError, r"epoch=4294967296 is out of range"),
        (0.5, [0], TypeError, r"epoch=0.5 must be integers; it has dtype float64"),
        ([0, 1], [0, 1], ValueError, r"epoch has shape \(2,\): give one number"),
        (0, [3, -1], ValueError, r"indices=-1 is out of range: 0 <= indices < 2\*\*32"),
        (
            0,
            [[1]],
            ValueError,
            r"indices has shape \(1, 1\): give one number or a one-dimensional array",
        ),
        (0, "a", TypeError, r"indices='a' must be integers"),
    ],
)
def test_wrong_samples_are_called_by_their_names(epoch, indices, error, message):
    with pytest.raises(error, match=message):
        kcore.random.sample_keys(7, epoch, indices)


@pytest.mark.parametrize(
    "data", [[[1], [2, 3]], ["1"], None, {1, 2}, 1.5, [10**30], np.array(["a"]), 1j]
)
def test_numbers_to_fold_in_are_whole(data):
    with pytest.raises((TypeError, ValueError), match=r"^data"):
        kcore.random.fold_in(kcore.random.key(7), data)


@pytest.mark.parametrize("dtype", ["int32", "uint64", "float32", "float64", "bool"])
def test_keys_of_another_dtype_are_refused(dtype):
    with pytest.raises(TypeError, match=f"key has dtype {dtype}: keys are uint32"):
        kcore.random.split(np.zeros(2, dtype))
