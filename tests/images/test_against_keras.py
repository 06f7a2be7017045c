"""The image functions give what `keras.utils` gives, value for value, on 8-bit pictures.

Where they differ, because Keras loses data or fails, see `test_unlike_keras.py`.
"""

import inspect
import io

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles.image_files import encoded
from PIL import Image

from kcore import images

COLOR_MODES = ("grayscale", "rgb", "rgba")
DATA_FORMATS = ("channels_last", "channels_first")
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")
RGBA = np.random.default_rng(6).integers(0, 256, (21, 34, 4), dtype=np.uint8)


def source(mode: str) -> Image.Image:
    return Image.fromarray(RGBA).convert("RGB" if mode == "P" else mode).convert(mode)


FILES = {
    "1-bit": encoded(source("1")),
    "gray": encoded(source("L")),
    "gray with alpha": encoded(source("LA")),
    "gray with a transparent level": encoded(source("L"), transparency=7),
    "palette": encoded(source("P")),
    "palette with a transparent color": encoded(source("P"), transparency=3),
    "gif": encoded(source("RGB"), "GIF"),
    "rgb": encoded(source("RGB")),
    "rgb with a transparent color": encoded(
        source("RGB"), transparency=tuple(RGBA[0, 0, :3].tolist())
    ),
    "jpeg": encoded(source("RGB"), "JPEG"),
    "rgba": encoded(source("RGBA")),
    "webp": encoded(source("RGBA"), "WEBP"),
    "cmyk tiff": encoded(source("CMYK"), "TIFF"),
    "cmyk jpeg": encoded(source("CMYK"), "JPEG"),
    "bmp": encoded(source("RGB"), "BMP"),
}


def assert_same_picture(ours: Image.Image, theirs: Image.Image) -> None:
    assert ours.mode == theirs.mode
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


@pytest.mark.parametrize("name", ["load_img", "img_to_array", "array_to_img", "save_img"])
def test_the_arguments_are_keras_own(name):
    ours, theirs = (
        {
            parameter.name: (parameter.default, parameter.kind)
            for parameter in inspect.signature(getattr(module, name)).parameters.values()
        }
        for module in (images, keras.utils)
    )
    additional = {
        "save_img": ["dtype"],
        "load_img": [
            "pad_to_aspect_ratio",
            "apply_exif_orientation",
            "background",
            "formats",
            "max_file_bytes",
        ],
    }.get(name, [])
    assert [n for n in ours if n not in additional] == list(theirs)
    assert {n: ours[n] for n in theirs} == theirs


@pytest.mark.parametrize("color_mode", COLOR_MODES)
@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_loading(file, color_mode):
    assert_same_picture(images.load_img(file, color_mode), keras.utils.load_img(file, color_mode))


@pytest.mark.parametrize("keep_aspect_ratio", [False, True])
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("color_mode", COLOR_MODES)
@pytest.mark.parametrize("name", ["gray", "palette with a transparent color", "jpeg", "rgba"])
def test_loading_at_a_size(name, color_mode, interpolation, keep_aspect_ratio):
    for size in ((21, 34), (10, 10), (50, 13), (7, 90)):
        arguments = (color_mode, size, interpolation, keep_aspect_ratio)
        assert_same_picture(
            images.load_img(FILES[name], *arguments),
            keras.utils.load_img(FILES[name], *arguments),
        )


@given(st.tuples(*[st.integers(1, 60)] * 4))
@settings(max_examples=60)
def test_keeping_the_aspect_ratio_of_any_size(sizes):
    height, width, *target = sizes
    file = encoded(Image.fromarray(np.resize(RGBA, (height, width, 4))))
    for interpolation in ("nearest", "bilinear"):
        arguments = ("rgb", tuple(target), interpolation, True)
        assert_same_picture(
            images.load_img(file, *arguments), keras.utils.load_img(file, *arguments)
        )


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_loading_16_bit_gray_as_grayscale(interpolation):
    deep = np.random.default_rng(7).integers(0, 65536, (21, 34), dtype=np.uint16)
    file = encoded(Image.fromarray(deep))
    for size in (None, (10, 50)):
        arguments = ("grayscale", size, interpolation)
        assert_same_picture(
            images.load_img(file, *arguments), keras.utils.load_img(file, *arguments)
        )


@pytest.mark.parametrize("orientation", [3, 6])
def test_an_exif_orientation_that_is_not_applied(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = encoded(source("RGB"), "JPEG", exif=exif)
    ours = images.load_img(file, apply_exif_orientation=False)
    assert_same_picture(ours, keras.utils.load_img(file))
    assert images.load_img(file).size == ours.size[:: -1 if orientation == 6 else 1]


@pytest.mark.parametrize("data_format", DATA_FORMATS)
@pytest.mark.parametrize("dtype", [None, "float16", "float64", "uint8", "int32"])
@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_pictures_as_arrays(mode, dtype, data_format):
    img = source(mode)
    ours = images.img_to_array(img, data_format, dtype)
    theirs = keras.utils.img_to_array(img, data_format, dtype)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("values", [np.uint16([[0, 65535]]), np.int32([[-9, 70000]])], ids=str)
def test_deep_pictures_as_arrays(values):
    img = Image.fromarray(values)
    np.testing.assert_array_equal(images.img_to_array(img), keras.utils.img_to_array(img))


pictures = st.tuples(*[st.integers(1, 6)] * 2, st.sampled_from([1, 3, 4]))


@pytest.mark.parametrize("dtype", [None, "float64"])
@pytest.mark.parametrize("scale", [True, False])
@given(
    pixels=hnp.arrays(np.uint8, pictures)
    | hnp.arrays(np.float32, pictures, elements=st.floats(0, 255, width=32, allow_subnormal=False)),
    data_format=st.sampled_from(DATA_FORMATS),
)
def test_arrays_as_pictures(pixels, data_format, scale, dtype):
    if scale and np.ptp(pixels) == 0:
        pixels = np.zeros_like(pixels)  # other constants are black in Keras
    x = pixels if data_format == "channels_last" else np.moveaxis(pixels, -1, 0)
    assert_same_picture(
        images.array_to_img(x, data_format, scale, dtype),
        keras.utils.array_to_img(x, data_format, scale, dtype),
    )


def test_random_numbers_as_pictures():
    for draw in (np.random.default_rng(0).random, np.random.default_rng(0).standard_normal):
        x = draw((100, 100, 3))
        assert_same_picture(images.array_to_img(x), keras.utils.array_to_img(x))


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("data_format", DATA_FORMATS)
@pytest.mark.parametrize(
    ("channels", "name"),
    [
        (1, "a.png"),
        (3, "a.png"),
        (4, "a.png"),
        (3, "a.jpg"),
        (1, "a.bmp"),
        (4, "a.webp"),
        (3, "a.tiff"),
    ],
)
def test_saved_files(tmp_path, channels, name, data_format, scale):
    x = RGBA[..., :channels]
    if data_format == "channels_first":
        x = np.moveaxis(x, -1, 0)
    images.save_img(tmp_path / name, x, data_format, scale=scale)
    ours = (tmp_path / name).read_bytes()
    keras.utils.save_img(tmp_path / name, x, data_format, scale=scale)
    assert ours == (tmp_path / name).read_bytes()


def test_files_saved_with_a_format_and_options():
    ours, theirs = io.BytesIO(), io.BytesIO()
    images.save_img(ours, RGBA[..., :3], file_format="jpg", quality=40)
    keras.utils.save_img(theirs, RGBA[..., :3], file_format="jpg", quality=40)
    assert ours.getvalue() == theirs.getvalue()


@pytest.fixture
def keras_defaults():
    data_format, floatx = keras.config.image_data_format(), keras.config.floatx()
    yield
    keras.config.set_image_data_format(data_format)
    keras.config.set_floatx(floatx)


@pytest.mark.parametrize("data_format", DATA_FORMATS)
@pytest.mark.parametrize("floatx", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.usefixtures("keras_defaults")
def test_defaults_are_those_that_keras_is_set_to(data_format, floatx):
    keras.config.set_image_data_format(data_format)
    keras.config.set_floatx(floatx)
    array = images.img_to_array(source("RGB"))
    theirs = keras.utils.img_to_array(source("RGB"))
    assert array.dtype == theirs.dtype == floatx
    np.testing.assert_array_equal(array, theirs)
    assert_same_picture(images.array_to_img(array), keras.utils.array_to_img(theirs))
    assert_same_picture(images.array_to_img(array, scale=False), source("RGB"))


def test_tensors_of_the_backend_as_pictures():
    for dtype in ("float32", "uint8", "bfloat16"):
        x = keras.ops.cast(RGBA // 2, dtype)
        assert_same_picture(
            images.array_to_img(x, scale=False), keras.utils.array_to_img(x, scale=False)
        )
