"""The draws of `get_random_transform` against the legacy class."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src.legacy.preprocessing.image import ImageDataGenerator as LegacyGenerator

from kcore.augment import ImageDataGenerator

small = st.floats(0, 0.99).map(lambda x: round(x, 3))
shifts = st.one_of(
    small,
    st.floats(1, 9).map(lambda x: round(x, 3)),
    st.integers(0, 7),
    st.lists(small, min_size=1, max_size=4),
    st.lists(st.integers(-9, 9), min_size=1, max_size=4),
)
pairs = st.tuples(st.floats(0.1, 2), st.floats(0.1, 2)).map(lambda pair: tuple(sorted(pair)))
options = st.fixed_dictionaries(
    {},
    optional={
        "rotation_range": st.floats(0, 180),
        "width_shift_range": shifts,
        "height_shift_range": shifts,
        "shear_range": st.floats(0, 90),
        "zoom_range": st.one_of(small, pairs),
        "horizontal_flip": st.booleans(),
        "vertical_flip": st.booleans(),
        "channel_shift_range": st.floats(0, 100),
        "brightness_range": st.one_of(st.none(), pairs),
    },
)


def takes_pixels_for_fractions(options):
    """Tell whether the legacy class does, which looks at the greatest entry of a list alone."""
    ranges = [options.get(f"{axis}_shift_range", 0.0) for axis in ("width", "height")]
    return any(np.max(one) < 1 <= np.max(np.abs(one)) for one in ranges)


@settings(max_examples=150)
@given(
    options=options,
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(1, 400),
    width=st.integers(1, 400),
    channels_first=st.booleans(),
)
def test_the_legacy_dictionary_of_the_seed(options, seed, height, width, channels_first):
    data_format = "channels_first" if channels_first else "channels_last"
    shape = (3, height, width) if channels_first else (height, width, 3)
    legacy = LegacyGenerator(**options, data_format=data_format).get_random_transform(shape, seed)
    for legacy_geometry in (False, True):
        if not legacy_geometry and takes_pixels_for_fractions(options):
            continue
        ours = ImageDataGenerator(
            **options, data_format=data_format, legacy_geometry=legacy_geometry
        ).get_random_transform(shape, seed)
        assert ours == legacy
        assert list(ours) == list(legacy)


def test_the_course():
    generator = ImageDataGenerator(
        rotation_range=40,
        width_shift_range=0.2,
        height_shift_range=0.2,
        shear_range=0.2,
        zoom_range=0.2,
        horizontal_flip=True,
        data_format="channels_last",
    )
    drawn = generator.get_random_transform((300, 300, 3), seed=7)
    assert drawn["theta"] == pytest.approx(-33.89536568)
    assert drawn["channel_shift_intensity"] is None
    assert all(isinstance(drawn[name], bool) for name in ("flip_horizontal", "flip_vertical"))


def test_without_a_seed_each_call_draws_anew():
    generator = ImageDataGenerator(rotation_range=40, data_format="channels_last")
    angles = {generator.get_random_transform((8, 8, 3))["theta"] for _ in range(10)}
    assert len(angles) == 10


def test_the_global_generator_is_left_alone():
    generator = ImageDataGenerator(rotation_range=40, data_format="channels_last")
    np.random.seed(3)  # noqa: NPY002 -- the global state is what is tested
    expected = np.random.RandomState(3).uniform(size=4)
    generator.get_random_transform((8, 8, 3), seed=5)
    generator.random_transform(np.zeros((8, 8, 3)), seed=5)
    np.testing.assert_array_equal(np.random.uniform(size=4), expected)  # noqa: NPY002


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (-1, "seed=-1 must be an integer of at least 0"),
        (2**32, r"seed=4294967296 is out of range: legacy seeds are less than 2\*\*32"),
        (1.5, "seed=1.5 must be an integer"),
    ],
)
def test_seeds_that_are_refused(seed, message):
    generator = ImageDataGenerator(data_format="channels_last")
    with pytest.raises(ValueError, match=message):
        generator.get_random_transform((8, 8, 3), seed)
