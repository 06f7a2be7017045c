"""The words are as random as masks need: measured on fixed seeds, so nothing fails by chance."""

import keras
import numpy as np
import pytest
from oracles.element_words import hashed
from scipy import stats

from kcore.layers._element_words import element_words

ROWS, COLUMNS = 64, 4096


def words_of(seed, counter, shape=(ROWS, COLUMNS)):
    state = keras.ops.convert_to_tensor(np.array([seed, counter], "uint32"))
    return keras.ops.convert_to_numpy(element_words(state, shape))


@pytest.fixture(scope="module")
def words():
    return words_of(7, 0)


def ones_of(words):
    """Count for each bit how often it is set, as deviations from one half in standard errors."""
    bits = (words.ravel()[:, None] >> np.arange(32, dtype="uint32")) & np.uint32(1)
    return (bits.mean(0, dtype="float64") - 0.5) * 2 * np.sqrt(len(bits))


def test_each_bit_is_set_in_half_of_the_words(words):
    assert np.abs(ones_of(words)).max() < 4.5


@pytest.mark.parametrize("bit", range(12))
def test_neighboring_columns_differ_in_half_of_the_bits(words, bit):
    columns = np.arange(COLUMNS)
    pairs = columns[columns & 1 << bit == 0]
    assert np.abs(ones_of(words[:, pairs] ^ words[:, pairs ^ 1 << bit])).max() < 4.5


@pytest.mark.parametrize("other", [(7, 1), (8, 0), (7 + 2**31, 0), (7, 2**31), (0, 7)])
def test_neighboring_seeds_and_counters_have_nothing_in_common(words, other):
    assert np.abs(ones_of(words ^ words_of(*other))).max() < 4.5


def test_rows_have_nothing_in_common(words):
    for distance in (1, 2, 32):
        assert np.abs(ones_of(words[distance:] ^ words[:-distance])).max() < 4.5


@pytest.mark.parametrize("distance", [1, 2, 3, 8, 64, 128, 1000])
def test_pairs_of_words_fill_all_cells_evenly(words, distance):
    upper = words >> np.uint32(28)
    cells = 16 * upper[:, :-distance] + upper[:, distance:]
    assert stats.chisquare(np.bincount(cells.ravel(), minlength=256)).pvalue > 1e-4


@pytest.mark.parametrize("rate", [0.001, 0.1, 0.3, 0.5, 0.9])
def test_the_number_that_a_row_keeps_is_binomial(rate):
    kept = np.concatenate(
        [((words_of(3, n) >> 8) < round((1 - rate) * 2**24)).sum(1) for n in range(8)]
    )
    deviations = (kept - COLUMNS * (1 - rate)) / np.sqrt(COLUMNS * rate * (1 - rate))
    if rate > 0.05:
        assert stats.kstest(deviations, "norm").pvalue > 1e-4
    assert abs(deviations.mean()) * np.sqrt(len(kept)) < 4
    assert 0.85 < deviations.std() < 1.15


def test_masks_of_a_row_do_not_correlate_over_distances(words):
    kept = ((words >> 8) < 0.7 * 2**24) - 0.7
    spectrum = np.abs(np.fft.rfft(kept, axis=1)[:, 1:-1]) ** 2 / (COLUMNS * 0.21)
    # Of noise each is exponential with mean 1, so the largest of n is about log(n).
    assert spectrum.max() < np.log(spectrum.size) + 6
    assert abs(spectrum.mean() - 1) < 0.02


def test_rows_whose_keys_share_the_first_word_are_independent():
    # A hash of two multiplications fails this, with correlations of up to 64 standard errors.
    random = np.random.default_rng(5)
    columns = np.arange(2000, dtype=object)
    correlations = []
    for _ in range(60):
        first, second, other = (int(each) for each in random.integers(0, 2**32, 3))
        nearby = int(random.integers(0, 1024))
        a = np.array([hashed(int(c), first, second) for c in columns]) >> 8 < 0.7 * 2**24
        b = np.array([hashed(int(c) ^ nearby, first ^ nearby, other) for c in columns]) >> 8 < (
            0.7 * 2**24
        )
        correlations.append(np.corrcoef(a, b)[0, 1] * np.sqrt(len(columns)))
    assert 0.7 < np.std(correlations) < 1.3
    assert np.abs(correlations).max() < 4


def test_a_value_of_a_small_row_is_uniform():
    values = words_of(11, 0, (50_000, 1)).ravel() / 2**32
    assert stats.kstest(values, "uniform").pvalue > 1e-4
