"""`fit` and `standardize` against the legacy class, and where they differ from it."""

import numpy as np
import pytest
from keras.src.legacy.preprocessing.image import ImageDataGenerator as LegacyGenerator

import kcore
from kcore.augment import ImageDataGenerator

pytestmark = pytest.mark.filterwarnings("ignore:This ImageDataGenerator specifies:UserWarning")

SHAPES = {"channels_last": (300, 5, 4, 3), "channels_first": (300, 3, 5, 4)}
OPTIONS = [
    {"rescale": 1 / 255},
    {"samplewise_center": True},
    {"samplewise_std_normalization": True},
    {"samplewise_center": True, "samplewise_std_normalization": True, "rescale": 1 / 255},
    {"featurewise_center": True},
    {"featurewise_std_normalization": True, "rescale": 1 / 255},
    {"zca_whitening": True, "rescale": 1 / 255},
    {"zca_whitening": True, "zca_epsilon": 3.0},
]


def images(data_format="channels_last", seed=0):
    return np.random.default_rng(seed).integers(0, 256, SHAPES[data_format]).astype("uint8")


def fitted(generator_class, x, **options):
    generator = generator_class(**options)
    generator.fit(x)
    return generator


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ", ".join(options))
@pytest.mark.parametrize("data_format", SHAPES)
def test_the_values_of_the_legacy_class(options, data_format):
    x = images(data_format)
    legacy = fitted(LegacyGenerator, x, data_format=data_format, **options)
    ours = fitted(ImageDataGenerator, x, data_format=data_format, **options)
    for name in ("mean", "std", "zca_whitening_matrix"):
        if getattr(legacy, name) is None:
            assert getattr(ours, name) is None
        else:
            assert getattr(ours, name).shape == getattr(legacy, name).shape
            np.testing.assert_allclose(
                getattr(ours, name), getattr(legacy, name), rtol=1e-4, atol=2e-5
            )
    expected = legacy.standardize(x[7].astype("float32"))
    result = ours.standardize(x[7])
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)


def test_whitened_values_have_the_identity_as_their_covariance():
    rng = np.random.default_rng(1)
    mixed = rng.standard_normal((500, 12)) @ rng.standard_normal((12, 12))
    x = mixed.reshape(500, 2, 2, 3) - mixed.reshape(-1, 3).mean(axis=0)
    x -= x.mean(axis=0)
    generator = fitted(ImageDataGenerator, x, zca_whitening=True, data_format="channels_last")
    white = generator.standardize(x).reshape(500, 12)
    np.testing.assert_allclose(white.T @ white / 500, np.eye(12), atol=2e-3)


def test_a_batch_is_standardised_image_by_image():
    """The legacy method takes one mean of the whole batch."""
    x = images()
    generator = ImageDataGenerator(
        samplewise_center=True, samplewise_std_normalization=True, data_format="channels_last"
    )
    together = generator.standardize(x[:3])
    for one, alone in zip(together, x, strict=False):
        np.testing.assert_array_equal(one, generator.standardize(alone))
    np.testing.assert_allclose(together.mean(axis=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(together.std(axis=(1, 2, 3)), 1, atol=1e-4)


def test_the_input_is_not_changed():
    """The legacy method writes into its argument."""
    x = images()[0].astype("float32")
    before = x.copy()

    def halved(image):
        image /= 2
        return image

    generator = ImageDataGenerator(
        rescale=1 / 255, preprocessing_function=halved, data_format="channels_last"
    )
    np.testing.assert_allclose(generator.standardize(x), before / 510, rtol=1e-6)
    np.testing.assert_array_equal(x, before)


def test_the_function_comes_before_rescale():
    generator = ImageDataGenerator(
        rescale=0.5, preprocessing_function=lambda image: image + 10, data_format="channels_last"
    )
    assert generator.standardize(np.zeros((2, 2, 1)))[0, 0, 0] == 5


def test_statistics_are_of_what_the_featurewise_steps_get():
    """The legacy `fit` leaves out the function and the samplewise steps, so its mean is off."""
    x = images()
    generator = fitted(
        ImageDataGenerator,
        x,
        featurewise_std_normalization=True,
        samplewise_center=True,
        preprocessing_function=lambda image: 255 - 2 * image,
        data_format="channels_last",
    )
    result = generator.standardize(x)
    np.testing.assert_allclose(result.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(result.std(axis=(0, 1, 2)), 1, atol=1e-5)


def test_fit_on_augmented_images():
    """Images are transformed first, as in a flow; the legacy method rescales them first."""
    x = np.zeros((4, 8, 8, 1), "uint8")
    generator = ImageDataGenerator(
        featurewise_center=True,
        height_shift_range=[8.0],
        fill_mode="constant",
        cval=100,
        rescale=0.5,
        data_format="channels_last",
    )
    generator.fit(x)
    assert generator.mean.item() == 0
    generator.fit(x, augment=True, rounds=2, seed=3)
    assert generator.mean.item() == 50


def test_fit_on_augmented_images_repeats_with_its_seed():
    x = images()
    means = []
    for seed in (3, 3, 4):
        generator = ImageDataGenerator(
            featurewise_center=True, rotation_range=90, data_format="channels_last"
        )
        generator.fit(x, augment=True, seed=seed)
        means.append(generator.mean.tolist())
    assert means[0] == means[1] != means[2]
    generator.fit(x, augment=True, rounds=1, seed=4)
    assert generator.mean.tolist() == means[2], "one round is the default"


def test_statistics_may_be_given():
    generator = ImageDataGenerator(featurewise_center=True, data_format="channels_last")
    generator.mean = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 3)
    np.testing.assert_array_equal(generator.standardize(np.full((1, 1, 3), 3)), [[[2.0, 1.0, 0.0]]])


@pytest.mark.parametrize(
    ("option", "missing"),
    [
        ("featurewise_center", "mean"),
        ("featurewise_std_normalization", "std"),
        ("zca_whitening", "zca_whitening_matrix"),
    ],
)
def test_without_fit_it_is_an_error(option, missing):
    """The legacy class warns, and gives out images that are not standardised."""
    generator = ImageDataGenerator(**{option: True}, data_format="channels_last")
    with pytest.raises(
        ValueError, match=rf"needs statistics .*no {missing}: call fit\(images\) first"
    ):
        generator.standardize(images())
    with pytest.raises(ValueError, match=r"call fit\(images\) first"):
        generator.flow(images(), seed=1)


GREY = {"channels_last": (300, 5, 4, 1), "channels_first": (300, 1, 5, 4)}


@pytest.mark.parametrize("data_format", GREY)
@pytest.mark.parametrize("option", ["featurewise_center", "featurewise_std_normalization"])
def test_statistics_of_rgb_images_are_refused_for_gray_ones(option, data_format):
    """Broadcasting would turn one channel into three."""
    generator = fitted(
        ImageDataGenerator, images(data_format), **{option: True}, data_format=data_format
    )
    gray = np.zeros(GREY[data_format], "uint8")
    message = r"(mean|std) with shape \(.*3.*\) doesn't fit images of shape .*color_mode"
    for call in (generator.standardize, lambda x: generator.flow(x, seed=1)):
        with pytest.raises(ValueError, match=message):
            call(gray)


def test_statistics_of_rgb_files_are_refused_for_gray_ones(tmp_path):
    root = kcore.datasets.scenes.write_directory(
        tmp_path / "scenes", train=4, validation=0, image_size=(8, 8), classes=("ball", "star")
    )
    generator = fitted(
        ImageDataGenerator,
        images("channels_last"),
        featurewise_center=True,
        data_format="channels_last",
    )
    with pytest.raises(ValueError, match=r"mean with shape \(1, 1, 3\) doesn't fit .*8, 8, 1"):
        generator.flow_from_directory(
            root / "train", target_size=(8, 8), color_mode="grayscale", seed=1
        )


def test_a_whitening_matrix_of_another_size_is_refused():
    generator = fitted(
        ImageDataGenerator, images(), zca_whitening=True, data_format="channels_last"
    )
    with pytest.raises(ValueError, match=r"zca_whitening_matrix with shape \(60, 60\) doesn't fit"):
        generator.standardize(np.zeros((2, 4, 4, 3)))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_result_has_the_dtype(dtype):
    generator = ImageDataGenerator(rescale=1 / 255, dtype=dtype, data_format="channels_last")
    assert generator.standardize(images()).dtype == dtype


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "int8"}, "dtype='int8' is unknown: use one of 'float16', 'float32'"),
        ({"dtype": "foo"}, "dtype='foo' is unknown: use one of 'float16', 'float32', 'float64'"),
        ({"dtype": 32}, "dtype=32 is unknown: use one of 'float16'"),
        ({"zca_whitening": True, "featurewise_std_normalization": True}, "leave out featurewise"),
        ({"zca_epsilon": -1}, "zca_epsilon=-1 must be at least 0"),
        ({"samplewise_center": "yes"}, "samplewise_center='yes' must be True or False"),
        ({"preprocessing_function": 3}, "preprocessing_function=3 must be a function"),
        ({"validation_split": 20}, "validation_split=20 must be a fraction"),
        ({"interpolation_order": 3}, "interpolation_order=3 is not offered: use 0"),
        ({"rescale": "1/255"}, "rescale='1/255' must be a finite number"),
    ],
)
def test_options_that_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ImageDataGenerator(**options)


def test_a_function_that_changes_the_shape_is_an_error():
    generator = ImageDataGenerator(
        preprocessing_function=lambda image: image[:2], data_format="channels_last"
    )
    with pytest.raises(ValueError, match=r"of shape \(5, 4, 3\) into \(2, 4, 3\); it must keep"):
        generator.standardize(images())


def test_images_too_large_to_whiten():
    generator = ImageDataGenerator(zca_whitening=True, data_format="channels_last")
    with pytest.raises(
        ValueError, match=r"270000 x 270000 numbers, 272 GiB: use images of at most"
    ):
        generator.fit(np.zeros((1, 300, 300, 3), "uint8"))


@pytest.mark.parametrize("x", [np.zeros((2, 3)), np.zeros((0, 4, 4, 1))])
def test_fit_needs_images(x):
    generator = ImageDataGenerator(featurewise_center=True, data_format="channels_last")
    with pytest.raises(ValueError, match=r"four axes|no images"):
        generator.fit(x)
