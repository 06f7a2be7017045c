"""What Keras asks of a dataset, played by hand: the calls that `fit` was seen to make."""

import random
import threading
import time

import grain
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.data.passes import Passes

BATCHES = 6


def passes(free_order=True, batches=BATCHES, num_threads=2, make=lambda epoch, place: None):
    def dataset(epoch):
        def batch(place):
            make(epoch, place)
            return (epoch, int(place))

        return grain.MapDataset.range(batches).map(batch)

    return Passes(batches, dataset, free_order, num_threads)


def epoch_of_keras(served, numbers, *, counts=True):
    """Ask as Keras's adapter does in one epoch."""
    served.begin()
    if counts:
        served.count()
    got = [served[number] for number in numbers]
    served.count()
    served.end()
    return got


def in_order(epoch, batches=BATCHES):
    return [(epoch, place) for place in range(batches)]


@given(st.permutations(range(BATCHES)))
def test_a_shuffled_dataset_is_served_in_its_own_order(numbers):
    served = passes()
    assert epoch_of_keras(served, numbers) == in_order(0)
    assert epoch_of_keras(served, numbers) == in_order(1)
    assert served.epoch == 2


@given(st.permutations(range(BATCHES)))
def test_numbers_of_an_unshuffled_dataset_mean_what_they_say(numbers):
    served = passes(free_order=False)
    assert epoch_of_keras(served, numbers) == [(0, number) for number in numbers]
    assert epoch_of_keras(served, numbers) == [(1, number) for number in numbers]


def test_outside_of_a_pass_a_number_means_what_it_says():
    served = passes()
    assert [served[number] for number in (3, 3, 0)] == [(0, 3), (0, 3), (0, 0)]
    epoch_of_keras(served, range(BATCHES))
    assert served[2] == (1, 2)


@pytest.mark.parametrize("looked_at", [[4], [4, 2], []])
def test_a_look_before_the_first_epoch_changes_nothing(looked_at):
    served = passes()
    epoch_of_keras(served, looked_at)
    assert epoch_of_keras(served, [5, 4, 3, 2, 1, 0]) == in_order(0)
    assert served.epoch == 1


@pytest.mark.parametrize("looks", [0, 1])
def test_a_look_at_the_only_batch_is_no_epoch(looks):
    served = passes(batches=1)
    for _ in range(2):  # two calls of fit
        served.count()
        for _ in range(looks):
            epoch_of_keras(served, [0])
        served.end()  # of the look, also where Keras needs none
        before = served.epoch
        assert epoch_of_keras(served, [0]) == [(before, 0)]
        assert epoch_of_keras(served, [0]) == [(before + 1, 0)]
    assert served.epoch == 4


def test_an_epoch_of_fewer_steps_goes_on_in_the_next():
    """With steps_per_epoch Keras keeps its iterator, and so doesn't count again."""
    served = passes()
    numbers = random.Random(0).sample(range(BATCHES), BATCHES)
    got = epoch_of_keras(served, numbers[:2])
    assert served.epoch == 0
    got += epoch_of_keras(served, numbers[2:], counts=False)
    assert got == in_order(0)
    assert served.epoch == 1


def test_a_pass_that_is_broken_off_is_begun_again():
    served = passes()
    served.begin()
    served.count()
    assert [served[number] for number in (5, 1)] == in_order(0)[:2]
    assert epoch_of_keras(served, range(BATCHES)) == in_order(0)


def test_each_number_keeps_its_batch_within_a_pass():
    served = passes()
    served.begin()
    served.count()
    assert [served[number] for number in (4, 4, 2, 4)] == [(0, 0), (0, 0), (0, 1), (0, 0)]


def test_an_epoch_can_be_set():
    served = passes()
    served.epoch = 7
    assert epoch_of_keras(served, range(BATCHES)) == in_order(7)
    assert served.epoch == 8


@pytest.mark.parametrize("free_order", [True, False])
def test_after_a_pass_that_is_broken_off_setting_the_epoch_ends_it(free_order):
    served = passes(free_order=free_order)
    epoch_of_keras(served, range(BATCHES))
    served.begin()
    served.count()
    assert served[3][0] == 1, "and here somebody presses Ctrl-C"
    served.epoch = 0
    assert [served[number] for number in (2, 5, 2)] == [(0, 2), (0, 5), (0, 2)]
    assert epoch_of_keras(served, range(BATCHES)) == in_order(0)


def test_the_next_batches_are_made_before_they_are_asked_for():
    made = threading.Semaphore(0)
    served = passes(make=lambda epoch, place: made.release())
    served.begin()
    served.count()
    served[3]
    for _ in range(4):
        assert made.acquire(timeout=10), "the first batch and those of the threads are made"


def test_an_error_in_a_thread_is_raised_and_the_pass_begins_again():
    def fail(epoch, place):
        if broken and place == 3:
            raise ValueError("of a thread")

    broken = True
    served = passes(make=fail)
    served.begin()
    served.count()
    assert [served[number] for number in (5, 4, 3)] == in_order(0)[:3]
    with pytest.raises(ValueError, match="of a thread"):
        served[2]
    broken = False
    assert epoch_of_keras(served, range(BATCHES)) == in_order(0)


def test_threads_end_with_the_pass():
    before = threading.active_count()
    served = passes(num_threads=3)
    for _ in range(5):
        epoch_of_keras(served, range(BATCHES))
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before
