"""Values and statistics of the draws, with fixed keys: nothing here fails by chance."""

import hashlib
import itertools
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import threefry
from scipy import stats

import kcore
from kcore.random import _distributions as distributions
from kcore.random import _normals as normals
from kcore.random._normals import table
from kcore.random._words import PAIRS, blocks

SEEDS = st.integers(0, 2**64 - 1)


def test_bits_are_the_blocks_word_by_word():
    key = kcore.random.key(7)
    long = kcore.random.bits(key, 9)
    assert long.dtype == np.uint32
    for count in range(1, 9):
        np.testing.assert_array_equal(kcore.random.bits(key, count), long[:count])
    np.testing.assert_array_equal(kcore.random.bits(key, (2, 3)), long[:6].reshape(2, 3))
    assert kcore.random.bits(key).shape == ()
    assert kcore.random.bits(key) == long[0]


def test_long_draws_are_computed_in_parts_that_nobody_sees():
    key, count = kcore.random.key(7), 2**17 + 5  # more than is computed at once
    words = kcore.random.bits(key, count)
    for index in (0, 2**16 - 1, 2**16, 2**17 - 1, 2**17, count - 1):
        block = threefry.block((0, 7), (index // 2, threefry.BITS))
        assert words[index] == block[index % 2]
    numbers, normals = kcore.random.uniform(key, count), kcore.random.normal(key, count)
    np.testing.assert_array_equal(numbers, (words >> np.uint32(8)) * 2.0**-24)
    for draw, long in ((kcore.random.uniform, numbers), (kcore.random.normal, normals)):
        np.testing.assert_array_equal(draw(key, 2**16), long[: 2**16])
    both = kcore.random.normal(np.stack([key, kcore.random.key(8)]), 2**16 + 1)
    np.testing.assert_array_equal(both[0], normals[: 2**16 + 1])


@pytest.mark.parametrize(
    "draw",
    [
        kcore.random.bits,
        kcore.random.uniform,
        kcore.random.normal,
        kcore.random.bernoulli,
        lambda key, shape: kcore.random.integers(key, shape, maxval=100),
        lambda key, shape: kcore.random.permutation(key, shape[0]),
    ],
)
def test_a_batch_of_keys_gives_what_each_key_gives(draw):
    keys = kcore.random.sample_keys(7, 0, range(4))
    batch = draw(keys, (5, 1))
    assert batch.shape[:2] == (4, 5)
    for row, key in zip(batch, keys, strict=True):
        np.testing.assert_array_equal(row, draw(key, (5, 1)))
    assert draw(keys[:0], (5, 1)).shape[0] == 0


def test_every_bit_is_set_half_of_the_time():
    words = kcore.random.bits(kcore.random.key(1), 40_000)
    ones = [int((words >> np.uint32(bit) & np.uint32(1)).sum()) for bit in range(32)]
    assert np.abs(np.array(ones) - 20_000).max() < 5 * 100


def test_bytes_are_evenly_spread():
    counts = np.bincount(kcore.random.bits(kcore.random.key(2), 50_000).view("uint8"))
    assert stats.chisquare(counts).pvalue > 1e-3


def test_uniform_is_the_upper_24_bits():
    key = kcore.random.key(7)
    expected = (kcore.random.bits(key, 1000) >> np.uint32(8)) / 2.0**24
    drawn = kcore.random.uniform(key, 1000)
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn.astype("float64"), expected)


@pytest.mark.parametrize("seed", range(5))
def test_uniform_is_uniform(seed):
    drawn = kcore.random.uniform(kcore.random.key(seed), 50_000, -3, 5)
    assert stats.kstest(drawn, stats.uniform(-3, 8).cdf).pvalue > 1e-3


@settings(max_examples=60)
@given(
    seed=SEEDS,
    limits=st.lists(
        st.one_of(
            st.integers(-1000, 1000).map(float),
            st.floats(-1e6, 1e6, width=32).filter(lambda x: x == 0 or abs(x) > 1e-6),
        ),
        min_size=2,
        max_size=2,
    ),
)
def test_uniform_between_limits(seed, limits):
    low, high = sorted(limits)
    if 0 < high - low < 1e-6:
        high = low
    key = kcore.random.key(seed)
    drawn = kcore.random.uniform(key, 64, low, high)
    exact = low + (high - low) * kcore.random.uniform(key, 64).astype("float64")
    tolerance = 2 * np.spacing(np.float32(max(abs(low), abs(high), high - low)))
    np.testing.assert_allclose(drawn, exact, rtol=0, atol=tolerance)
    assert (drawn >= np.float32(low)).all()
    assert (drawn < np.float32(high)).all() or low == high


def test_uniform_never_reaches_its_upper_limit_by_rounding():
    """Near 2**24 float32 holds integers alone, and most of the interval rounds upward."""
    drawn = kcore.random.uniform(kcore.random.key(0), 1000, 2.0**24 - 2, 2.0**24)
    assert set(drawn.tolist()) == {2.0**24 - 2, 2.0**24 - 1}
    below_zero = kcore.random.uniform(kcore.random.key(0), 1000, -1e-17, 0)
    assert (below_zero < 0).all()


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ((1, 0), r"minval=1 must not be greater than maxval=0"),
        ((0, np.inf), r"maxval=inf must be a finite number"),
        (("0", 1), r"minval='0' must be a finite number"),
        ((0, 1e39), r"maxval=1e\+39 is out of range: its magnitude is 0, or between 1e-18 and"),
        ((0, 1e-30), r"maxval=1e-30 is out of range"),
        ((-1e39, 0), r"minval=-1e\+39 is out of range"),
        ((-(2.0**-61), 0), r"minval=-4.33\S+e-19 is out of range"),
        ((1, 1 + 1e-9), r"minval=1, maxval=1.000000001 are the same number in float32, 1.0: "),
    ],
)
def test_limits_that_uniform_refuses(limits, message):
    with pytest.raises(ValueError, match=message):
        kcore.random.uniform(kcore.random.key(0), 3, *limits)


@pytest.mark.parametrize("limit", [2.0**-60, 2.0**126])
def test_the_least_and_the_greatest_limit(limit):
    drawn = kcore.random.uniform(kcore.random.key(0), 1000, 0, limit)
    np.testing.assert_array_equal(drawn, kcore.random.uniform(kcore.random.key(0), 1000) * limit)
    assert (kcore.random.uniform(kcore.random.key(0), 1000, -limit, 0) < 0).all()


def test_equal_limits_are_the_only_value():
    assert set(kcore.random.uniform(kcore.random.key(0), 5, 0.1, 0.1)) == {np.float32(0.1)}
    nearest = np.nextafter(np.float32(1), np.float32(2))
    assert set(kcore.random.uniform(kcore.random.key(0), 99, 1, nearest)) == {np.float32(1)}


def test_sizes_of_numpy_are_sizes():
    expected = kcore.random.bits(kcore.random.key(0), (3,))
    for shape in (np.int64(3), (np.uint8(3),), [np.int32(3)]):
        np.testing.assert_array_equal(kcore.random.bits(kcore.random.key(0), shape), expected)


@pytest.mark.parametrize("shape", [(0,), (-1,), (2.0,), "ab", (3, None), np.True_, 3.0])
def test_shapes_that_are_refused(shape):
    with pytest.raises(ValueError, match="shape"):
        kcore.random.uniform(kcore.random.key(0), shape)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.97])
def test_bernoulli_has_its_probability(p):
    tosses = kcore.random.bernoulli(kcore.random.key(5), 40_000, p)
    assert tosses.dtype == np.bool_
    assert stats.binomtest(int(tosses.sum()), 40_000, p).pvalue > 1e-3


def test_bernoulli_of_never_and_always():
    key = kcore.random.key(5)
    assert not kcore.random.bernoulli(key, 1000, p=0).any()
    assert kcore.random.bernoulli(key, 1000, p=1).all()


@pytest.mark.parametrize("p", [-0.1, 1.1, np.nan, True, "half"])
def test_bernoulli_refuses_what_is_no_probability(p):
    with pytest.raises(ValueError, match="must be a probability: 0 <= p <= 1"):
        kcore.random.bernoulli(kcore.random.key(0), p=p)


@settings(max_examples=60)
@given(seed=SEEDS, low=st.integers(-(2**31), 2**31 - 1), span=st.integers(1, 2**32))
def test_integers_are_the_upper_word_of_a_product(seed, low, span):
    span = min(span, 2**31 - low)
    key = kcore.random.key(seed)
    drawn = kcore.random.integers(key, 20, minval=low, maxval=low + span)
    upper, lower = (word.tolist() for word in blocks(np, key, 20, PAIRS))
    wide = [high_word * 2**32 + low_word for high_word, low_word in zip(upper, lower, strict=True)]
    expected = [low + ((span * number) >> 64) for number in wide]
    assert drawn.dtype == np.int32
    assert drawn.tolist() == expected


@pytest.mark.parametrize("count", [2, 6, 10, 1000])
def test_integers_have_equal_chances(count):
    drawn = kcore.random.integers(kcore.random.key(count), 100_000, minval=-3, maxval=count - 3)
    counts = np.bincount(drawn + 3, minlength=count)
    assert len(counts) == count
    assert stats.chisquare(counts).pvalue > 1e-3


def test_integers_over_all_of_int32():
    drawn = kcore.random.integers(
        kcore.random.key(1), 10_000, minval=-(2**31), maxval=2**31
    ).astype("float64")
    assert stats.kstest(drawn, stats.uniform(-(2.0**31), 2.0**32).cdf).pvalue > 1e-3


@pytest.mark.parametrize(("low", "high"), [(0, 0), (5, 3), (0, 2**31 + 1)])
def test_limits_that_integers_refuses(low, high):
    with pytest.raises(ValueError, match=f"minval={low}, maxval={high}: use -2"):
        kcore.random.integers(kcore.random.key(0), minval=low, maxval=high)


def test_integers_refuses_a_limit_below_int32():
    with pytest.raises(ValueError, match=f"minval={-(2**31) - 1}"):
        kcore.random.integers(kcore.random.key(0), minval=-(2**31) - 1, maxval=0)


@pytest.mark.parametrize(
    ("draw", "most"),
    [(kcore.random.bits, 2**33), (partial(kcore.random.integers, maxval=6), 2**32)],
)
def test_no_key_gives_more_than_its_blocks(draw, most):
    with pytest.raises(ValueError, match=f"shape=.*{most + 1}.* blocks of one key"):
        draw(kcore.random.key(0), (most + 1,))


@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_a_permutation_holds_each_number_once(n):
    order = kcore.random.permutation(kcore.random.key(n), n)
    assert order.dtype == np.int32
    assert sorted(order.tolist()) == list(range(n))


def test_all_orders_of_four_have_equal_chances():
    keys = kcore.random.sample_keys(3, 0, range(24_000))
    orders = [tuple(order) for order in kcore.random.permutation(keys, 4).tolist()]
    counts = [orders.count(order) for order in itertools.permutations(range(4))]
    assert sum(counts) == 24_000
    assert stats.chisquare(counts).pvalue > 1e-3


def test_a_permutation_sorts_64_bits():
    key = kcore.random.key(9)
    upper, lower = (word.astype("uint64") for word in blocks(np, key, 500, PAIRS))
    expected = np.argsort((upper << np.uint64(32)) | lower, kind="stable")
    np.testing.assert_array_equal(kcore.random.permutation(key, 500), expected)


def test_equal_bits_stay_in_order(monkeypatch):
    upper, lower = np.array([5, 1, 5, 1], "uint32"), np.array([2, 2, 2, 2], "uint32")
    monkeypatch.setattr(distributions, "blocks", lambda *arguments: (upper, lower))
    assert kcore.random.permutation(kcore.random.key(0), 4).tolist() == [1, 3, 0, 2]


@pytest.mark.parametrize("n", [0, 2.5, 2**31])
def test_permutations_of_so_many_are_refused(n):
    with pytest.raises(ValueError, match=f"n={n} must be"):
        kcore.random.permutation(kcore.random.key(0), n)


@pytest.mark.parametrize("seed", range(5))
def test_normal_is_normal(seed):
    drawn = kcore.random.normal(kcore.random.key(seed), 50_000).astype("float64")
    assert drawn.dtype == np.float64
    assert stats.kstest(drawn, "norm").pvalue > 1e-3
    assert stats.normaltest(drawn).pvalue > 1e-3


def test_normal_is_the_inverse_distribution_function_of_its_word():
    key = kcore.random.key(11)
    words = kcore.random.bits(key, 20_000).astype("float64")
    negative = words % 2 == 0
    p = (words - words % 2 + 1) / 2.0**33
    expected = np.where(negative, stats.norm.ppf(p), -stats.norm.ppf(p))
    drawn = kcore.random.normal(key, 20_000)
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(drawn, expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("word", [0, 1, 2, 3, 2**8, 2**16 - 1, 2**31, 2**32 - 1, 2**32 - 2])
def test_normal_at_the_ends_of_its_range(monkeypatch, word):
    monkeypatch.setattr(normals, "words", lambda *arguments: np.array([word], "uint32"))
    drawn = float(kcore.random.normal(kcore.random.key(0), 1)[0])
    quantile = stats.norm.ppf((word | 1) / 2.0**33)
    assert abs(drawn) == pytest.approx(-quantile, abs=2e-6)
    assert abs(drawn) < 6.4


def test_normal_of_mean_and_deviation():
    key = kcore.random.key(11)
    standard = kcore.random.normal(key, 1000).astype("float64")
    drawn = kcore.random.normal(key, 1000, mean=-3.7, stddev=0.01)
    np.testing.assert_allclose(drawn, -3.7 + 0.01 * standard, rtol=3e-7)
    assert (kcore.random.normal(key, 10, mean=2.5, stddev=0) == 2.5).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stddev": -1.0}, r"stddev=-1.0 must not be negative"),
        ({"stddev": np.nan}, r"stddev=nan must be a finite number"),
        ({"mean": None}, r"mean=None must be a finite number"),
    ],
)
def test_what_normal_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        kcore.random.normal(kcore.random.key(0), 3, **arguments)


def test_the_table_is_the_same_on_every_machine():
    """Its entries come from a logarithm and are rounded; no library may round one otherwise."""
    digest = hashlib.sha256(table().astype("<i4").tobytes()).hexdigest()
    assert digest == GOLDEN_TABLE
    assert not table().flags.writeable


def test_golden_values():
    keys = kcore.random.sample_keys(seed=7, epoch=1, indices=[3])
    drawn = {
        "bits": kcore.random.bits(keys, 3),
        "uniform": kcore.random.uniform(keys, 3, -40, 40).view("uint32"),
        "normal": kcore.random.normal(keys, 3).view("uint32"),
        "integers": kcore.random.integers(keys, 3, maxval=1000),
        "permutation": kcore.random.permutation(keys, 6),
    }
    assert {name: values.ravel().tolist() for name, values in drawn.items()} == GOLDEN


GOLDEN_TABLE = "ec11fabcb0bc0cf10af5b6c82df2fda22a8034381ac5a474bfb779ef90b683cd"
GOLDEN = {
    "bits": [3241424732, 2318599453, 2632441995],
    "uniform": [1101202058, 1078721632, 1091602272],
    "normal": [3198154944, 1058861344, 1057063936],
    "integers": [693, 862, 42],
    "permutation": [2, 5, 0, 3, 4, 1],
}


def test_a_probability_is_rounded_to_the_nearest_of_those_that_words_give():
    key = kcore.random.key(7)
    drawn = int(kcore.random.bits(key)) >> 8
    assert kcore.random.bernoulli(key, p=(drawn + 0.6) / 2**24)
    assert not kcore.random.bernoulli(key, p=(drawn + 0.4) / 2**24)


@pytest.mark.parametrize("number", [np.float16, np.float32, np.float64, float, int, np.int8])
def test_dtypes_are_fixed_whatever_numbers_are_given(number):
    key = kcore.random.key(7)
    assert kcore.random.uniform(key, 3, number(0), number(2)).dtype == np.float32
    assert kcore.random.normal(key, 3, number(0), number(2)).dtype == np.float32
    assert kcore.random.bernoulli(key, 3, number(1)).dtype == bool


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda key: kcore.random.bits(key, 2**40), r"shape=\(1099511627776,\) asks for .* blocks"),
        (lambda key: kcore.random.bernoulli(key, p=np.complex64(1)), "p=.* must be a probability"),
        (lambda key: kcore.random.split(key, 1.5), r"num=1\.5 must be an integer"),
    ],
)
def test_arguments_out_of_range_are_named(draw, said):
    with pytest.raises(ValueError, match=said):
        draw(kcore.random.key(7))
