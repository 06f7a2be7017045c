import itertools
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.data._sampler import Order, checked_threads, read_ahead


def batches(order, epoch=0):
    dataset = order.indices(epoch)
    return [dataset[number].tolist() for number in range(order.batches)]


def flat(order, epoch=0):
    return joined(batches(order, epoch))


def joined(lists):
    return list(itertools.chain.from_iterable(lists))


@given(
    samples=st.integers(1, 60),
    batch_size=st.integers(1, 20),
    shuffle=st.booleans(),
    epoch=st.integers(0, 2**32 - 1),
    seed=st.integers(0, 2**64 - 1),
)
def test_an_epoch_has_each_sample_once(samples, batch_size, shuffle, epoch, seed):
    order = Order(samples, batch_size, shuffle, seed)
    got = batches(order, epoch)
    assert sorted(joined(got)) == list(range(samples))
    assert all(len(batch) == batch_size for batch in got[:-1])
    assert len(got) == order.batches == len(order.indices(epoch))
    if not shuffle:
        assert joined(got) == list(range(samples))


def test_epochs_and_seeds_give_other_orders():
    orders = {
        (seed, epoch): tuple(flat(Order(50, 8, True, seed), epoch))
        for seed in (0, 1, 2, 2**63)
        for epoch in range(4)
    }
    assert len(set(orders.values())) == len(orders), "in particular (0, 1) and (1, 0) differ"


def test_the_order_does_not_depend_on_the_batch_size():
    assert len({tuple(flat(Order(50, size, True, 3), 2)) for size in (1, 7, 50, 64)}) == 1


def test_golden_order():
    assert batches(Order(10, 4, True, 7), 0) == [[8, 3, 5, 0], [4, 2, 6, 1], [7, 9]]
    assert batches(Order(10, 4, True, 7), 1) == [[4, 9, 8, 6], [5, 7, 1, 3], [2, 0]]


def test_each_position_is_equally_likely_for_each_sample():
    counts = np.zeros((6, 6))
    for seed in range(600):
        counts[np.arange(6), flat(Order(6, 6, True, seed))] += 1
    deviation = np.sqrt(600 / 6 * 5 / 6)
    assert np.all(np.abs(counts - 100) < 5 * deviation)


@given(
    samples=st.integers(1, 60),
    count=st.integers(1, 5),
    share=st.integers(1, 6),
    shuffle=st.booleans(),
    drop_remainder=st.booleans(),
)
def test_the_blocks_of_all_hosts_make_up_the_batches_of_one(
    samples, count, share, shuffle, drop_remainder
):
    options = (samples, share * count, shuffle, 5)
    alone = batches(Order(*options, drop_remainder=drop_remainder), 1)
    expected = [batch[: len(batch) // count * count] for batch in alone]
    shards = [Order(*options, (index, count), drop_remainder) for index in range(count)]
    blocks = [batches(shard, 1) for shard in shards]
    assert [joined(each) for each in zip(*blocks, strict=True)] == list(filter(None, expected))
    assert all(len({len(block) for block in each}) == 1 for each in zip(*blocks, strict=True))


def test_the_first_samples_of_two_hosts():
    shards = [Order(11, 4, False, 0, (index, 2)) for index in range(2)]
    assert [batches(shard) for shard in shards] == [[[0, 1], [4, 5], [8]], [[2, 3], [6, 7], [9]]]


def test_a_batch_that_can_not_be_shared_equally_is_refused():
    with pytest.raises(ValueError, match=r"batch_size=8 with shard=\(0, 3\).* such as 9"):
        Order(20, 8, True, 0, (0, 3))


@pytest.mark.parametrize(("samples", "expected"), [(10, 2), (12, 3), (3, 0)])
def test_drop_remainder(samples, expected):
    order = Order(samples, 4, False, 0, drop_remainder=True)
    assert order.batches == expected == len(batches(order))


@given(
    samples=st.integers(0, 40),
    count=st.integers(1, 5),
    share=st.integers(1, 4),
    drop_remainder=st.booleans(),
)
def test_the_samples_that_some_epoch_serves(samples, count, share, drop_remainder):
    for index in range(count):
        options = {"shard": (index, count), "drop_remainder": drop_remainder}
        fixed = Order(samples, share * count, False, 5, **options)
        assert list(fixed.served) == flat(fixed, 0) == flat(fixed, 1)
        assert fixed.served[:] == list(fixed.served)
        assert [each in fixed.served for each in range(-1, samples + 1)] == [
            each in flat(fixed) for each in range(-1, samples + 1)
        ]
        assert [fixed.served.index(each) for each in fixed.served] == list(range(len(fixed.served)))
        shuffled = Order(samples, share * count, True, 5, **options)
        assert list(shuffled.served) == list(range(samples))


@pytest.mark.parametrize("num_threads", [1, 2, 7])
def test_reading_ahead_keeps_the_order(num_threads):
    order = Order(50, 4, True, 9)
    ahead = read_ahead(order.indices(3), num_threads)
    assert [batch.tolist() for batch in ahead] == batches(order, 3)


def test_threads():
    assert checked_threads(3) == 3
    assert checked_threads(None) >= 1
    with pytest.raises(ValueError, match="num_threads=0 must be an integer of at least 1"):
        checked_threads(0)


@pytest.mark.parametrize(("count", "threads"), [(3, 3), (None, 1)])
def test_threads_where_no_process_is_tied_to_processors(monkeypatch, count, threads):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)  # as on Windows and macOS
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert checked_threads(None) == threads
