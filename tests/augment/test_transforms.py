"""`apply_transform` and `random_transform` against the legacy class."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src.legacy.preprocessing.image import ImageDataGenerator as LegacyGenerator

from kcore.augment import ImageDataGenerator

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

COURSE = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "fill_mode": "nearest",
}


def image(data_format="channels_last", dtype="uint8"):
    shape = (13, 10, 3) if data_format == "channels_last" else (3, 13, 10)
    return np.random.default_rng(0).integers(0, 256, shape).astype(dtype)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_the_course_gives_the_legacy_pixels(data_format, seed):
    legacy = LegacyGenerator(**COURSE, data_format=data_format)
    ours = ImageDataGenerator(**COURSE, data_format=data_format, legacy_geometry=True)
    x = image(data_format)
    expected = legacy.random_transform(x.astype("float32"), seed)
    np.testing.assert_allclose(ours.random_transform(x, seed), expected, atol=1e-2)


def test_rescale_is_left_to_standardize():
    generator = ImageDataGenerator(horizontal_flip=True, rescale=0.5, data_format="channels_last")
    flipped = generator.apply_transform(image(), {"flip_horizontal": True})
    np.testing.assert_array_equal(flipped, image()[:, ::-1])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_result_has_the_dtype_and_the_input_stays(dtype):
    generator = ImageDataGenerator(dtype=dtype, data_format="channels_last")
    x = image(dtype="float32")
    result = generator.apply_transform(x, {"tx": 1.0})
    assert result.dtype == dtype
    np.testing.assert_array_equal(x, image())


def test_what_a_dictionary_leaves_out_stays_neutral():
    generator = ImageDataGenerator(data_format="channels_last")
    np.testing.assert_array_equal(generator.apply_transform(image(), {}), image())


@pytest.mark.parametrize("shape", [(4, 4), (1, 4, 4, 3)])
def test_one_image_at_a_time(shape):
    generator = ImageDataGenerator(data_format="channels_last")
    with pytest.raises(ValueError, match="give one image of three axes"):
        generator.apply_transform(np.zeros(shape), {})


def test_an_unknown_parameter():
    generator = ImageDataGenerator(data_format="channels_last")
    with pytest.raises(
        ValueError, match="'angle' is not a parameter of a transformation: use theta"
    ):
        generator.apply_transform(image(), {"angle": 3})


def test_what_is_no_image_shape_or_number_is_refused():
    generator = ImageDataGenerator(rotation_range=40, data_format="channels_last")
    with pytest.raises(ValueError, match="img_shape=5 must have three axes"):
        generator.get_random_transform(5)
    for call in (generator.fit, generator.standardize):
        with pytest.raises(ValueError, match="x must hold real numbers, such as uint8"):
            call("abc")
    with pytest.raises(ValueError, match=r"theta=\['a'\] must be numbers"):
        generator.apply_transform(image(), {"theta": "a"})
