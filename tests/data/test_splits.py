import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.data import ImageFiles, split


def files_of(counts):
    labels = np.repeat(np.arange(len(counts)), counts)
    paths = [f"{number}.png" for number in range(len(labels))]
    return ImageFiles.from_paths(paths, labels, [f"class {n}" for n in range(len(counts))])


@given(
    counts=st.lists(st.integers(0, 30), min_size=1, max_size=5).filter(any),
    fraction=st.floats(0, 0.99),
    seed=st.integers(0, 2**64 - 1),
)
def test_parts_are_disjoint_complete_and_of_each_class(counts, fraction, seed):
    files = files_of(counts)
    training, validation = split(files, fraction, seed)
    assert sorted(training.filenames + validation.filenames) == sorted(files.filenames)
    assert not set(training.filenames) & set(validation.filenames)
    for count, in_validation in zip(counts, validation.counts().values(), strict=True):
        if count < 2 or not fraction:
            assert in_validation == 0
        else:
            assert 1 <= in_validation <= count - 1
            assert abs(in_validation - count * fraction) <= 1


def test_each_part_keeps_the_order_of_the_files():
    for part in split(files_of([20, 20]), 0.3, seed=1):
        numbers = [int(name.removesuffix(".png")) for name in part.filenames]
        assert numbers == sorted(numbers)
        assert part.labels.tolist() == [number // 20 for number in numbers]


def test_the_seed_decides():
    names = [split(files_of([50, 50]), 0.3, seed)[1].filenames for seed in (1, 1, 2)]
    assert names[0] == names[1] != names[2]


def test_golden_split():
    _, validation = split(files_of([10, 10]), 0.3, seed=7)
    assert [name.removesuffix(".png") for name in validation.filenames] == "1 6 9 12 14 15".split()


def test_a_class_does_not_depend_on_the_others():
    alone = split(files_of([20]), 0.5, 3)[1].filenames
    beside = split(files_of([20, 7]), 0.5, 3)[1]
    assert [name for index, name in enumerate(beside.filenames) if not beside.labels[index]] == (
        alone
    )


def test_the_choice_within_a_class_is_even():
    drawn = np.zeros(10)
    for seed in range(600):
        drawn += np.isin(np.arange(10), split(files_of([10]), 0.3, seed)[1]._rows)
    expected, deviation = 180, np.sqrt(600 * 0.3 * 0.7)
    assert np.all(np.abs(drawn - expected) < 5 * deviation)


def test_files_without_classes_are_split_as_one():
    files = ImageFiles.from_paths([f"{number}.png" for number in range(10)])
    training, validation = split(files, 0.2, 0)
    assert (len(training), len(validation)) == (8, 2)


@pytest.mark.parametrize("fraction", [-0.1, 1, 1.5, 20])
def test_other_fractions_are_refused(fraction):
    with pytest.raises(ValueError, match="must be a fraction: 0 <= validation_split < 1"):
        split(files_of([4]), fraction, 0)
