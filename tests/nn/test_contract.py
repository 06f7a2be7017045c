"""Shapes of the course, notations, refusals, and the known differences between backends."""

import keras
import numpy as np
import pytest

from kcore import nn

ones = np.ones


def numbers(y):
    return keras.ops.convert_to_numpy(y)


def test_the_shapes_of_the_course():
    x = np.random.default_rng(0).standard_normal((2, 64, 64, 3)).astype("float32")
    convolved = nn.conv2d(x, ones((4, 4, 3, 8), "float32"), strides=[1, 1, 1, 1], padding="SAME")
    pooled = nn.max_pool(convolved, ksize=[1, 8, 8, 1], strides=[1, 8, 8, 1], padding="SAME")
    assert (tuple(convolved.shape), tuple(pooled.shape)) == ((2, 64, 64, 8), (2, 8, 8, 8))


@pytest.mark.parametrize("strides", [2, (2, 2), [1, 2, 2, 1]])
def test_strides_in_three_notations(strides):
    assert tuple(nn.conv2d(ones((1, 9, 9, 2)), ones((3, 3, 2, 4)), strides).shape) == (1, 5, 5, 4)


def test_four_numbers_follow_the_data_format():
    x = ones((1, 2, 9, 9))
    y = nn.max_pool(x, [1, 1, 3, 2], data_format="channels_first", padding="VALID")
    assert tuple(y.shape) == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("given", "wanted"), [("float16", "float16"), ("float32", "float32"), ("uint8", "float32")]
)
def test_the_output_has_the_dtype_of_the_input(given, wanted):
    x = keras.ops.ones((1, 4, 4, 2), dtype=given)
    for y in (
        nn.conv2d(x, ones((3, 3, 2, 4), "float32")),
        nn.max_pool(x, 2),
        nn.avg_pool(x, 2),
        nn.dense(x, ones((2, 3), "float32")),
    ):
        assert keras.backend.standardize_dtype(y.dtype) == wanted
    inputs = keras.Input((4, 4, 2), dtype=given)
    assert nn.conv2d(inputs, ones((3, 3, 2, 4), "float32")).dtype == wanted


def test_strides_with_dilation_as_in_keras_23028():
    y = nn.conv2d(ones((1, 8, 8, 3)), ones((3, 3, 3, 4)), 2, "valid", dilation_rate=2)
    assert tuple(y.shape) == (1, 2, 2, 4)
    assert (numbers(y) == 27).all()


def test_unequal_strides_to_one_column_leave_no_memory_unwritten():
    x = np.arange(1.0, 7).reshape(2, 3, 1, 1).astype("float32")
    y = nn.conv2d(x, ones((1, 2, 1, 1), "float32"), strides=(1, 2))
    assert numbers(y).ravel().tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("columns", [2, 3, 5])
def test_unequal_strides_to_one_column_without_padding(columns):
    x = np.arange(1.0, 16 * columns + 1).reshape(2, 8, columns, 1).astype("float32")
    y = nn.conv2d(x, ones((1, 2, 1, 1), "float32"), strides=(1, columns), padding="VALID")
    np.testing.assert_array_equal(numbers(y)[..., 0], x[:, :, :1, 0] + x[:, :, 1:2, 0])


def test_the_gradient_of_an_average_over_more_than_an_axis():
    inputs = keras.Input((5, 2, 1))
    model = keras.Model(inputs, nn.avg_pool(Probed()(inputs), (6, 1), (1, 1), "SAME"))
    model.compile(keras.optimizers.SGD(1.0), loss=lambda _, y: -keras.ops.sum(y))
    model.train_on_batch(np.zeros((1, 5, 2, 1)), np.zeros((1, 5, 2, 1)))
    # Position i averages rows i - 2 to i + 3, as far as they exist.
    shares = np.zeros(5)
    for position in range(5):
        rows = np.arange(max(position - 2, 0), min(position + 4, 5))
        shares[rows] += 1 / len(rows)
    found = numbers(model.trainable_variables[0])[0, :, :, 0]
    np.testing.assert_allclose(found, np.stack([shares, shares], axis=1), rtol=1e-6)


class Probed(keras.layers.Layer):
    """Add a weight of zeros, whose gradient is that of the inputs."""

    def build(self, shape):
        self.probe = self.add_weight(shape=(1, *shape[1:]), initializer="zeros")

    def call(self, inputs):
        return inputs + self.probe


def test_averages_leave_pads_out():
    x = np.array([10.0, 20.0]).reshape(1, 1, 2, 1)
    assert numbers(nn.avg_pool(x, (1, 3), (1, 2))).ravel().tolist() == [15.0]


def test_output_padding_0_is_not_none():
    x, filters = ones((1, 1, 2, 3)), ones((3, 3, 1, 1))
    sizes = {
        added: tuple(
            nn.conv2d_transpose(
                x, filters, 2, output_padding=added, data_format="channels_first"
            ).shape
        )
        for added in (None, 0, 1)
    }
    assert sizes == {None: (1, 1, 4, 6), 0: (1, 1, 3, 5), 1: (1, 1, 4, 6)}


def test_groups_work_in_a_functional_model():
    x = keras.Input((5, 5, 4))
    model = keras.Model(x, nn.conv2d(x, ones((3, 3, 2, 6), "float32")))
    assert model.predict_on_batch(ones((2, 5, 5, 4), "float32")).shape == (2, 5, 5, 6)


def test_unknown_sizes_in_a_functional_model():
    x = keras.Input((None, None, 3))
    y = nn.conv2d(x, ones((3, 3, 3, 2), "float32"), strides=2)
    y = nn.flatten(nn.conv2d_transpose(nn.max_pool(y, 2), ones((3, 3, 4, 2), "float32"), 2))
    model = keras.Model(x, y)
    assert tuple(model.output.shape) == (None, None)
    assert model.predict_on_batch(ones((2, 13, 14, 3), "float32")).shape == (2, 8 * 8 * 4)
    assert model.predict_on_batch(ones((1, 8, 8, 3), "float32")).shape == (1, 4 * 4 * 4)


def test_a_model_with_these_functions_can_be_saved(tmp_path):
    x = keras.Input((8, 8, 2))
    model = keras.Model(x, nn.flatten(nn.avg_pool(nn.max_pool(x, 2), [1, 3, 3, 1])))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    given = np.random.default_rng(0).standard_normal((3, 8, 8, 2)).astype("float32")
    np.testing.assert_array_equal(loaded.predict_on_batch(given), model.predict_on_batch(given))


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_dense_on_any_rank(rank):
    generator = np.random.default_rng(rank)
    x = generator.standard_normal((2, 3, 4, 5)[4 - rank :]).astype("float32")
    weights, bias = generator.standard_normal((5, 3)), generator.standard_normal(3)
    y = numbers(nn.dense(x, weights.astype("float32"), bias.astype("float32")))
    np.testing.assert_allclose(y, x @ weights + bias, atol=1e-5)


def test_dense_adds_its_bias_to_the_last_axis_of_a_square():
    y = nn.dense(np.zeros((3, 2), "float32"), np.zeros((2, 3), "float32"), np.arange(3.0))
    assert numbers(y).tolist() == [[0, 1, 2]] * 3


def test_flatten_gives_the_same_rows_in_both_data_formats():
    x = np.arange(24.0).reshape(2, 2, 3, 2)
    rows = numbers(nn.flatten(x))
    assert rows.tolist() == x.reshape(2, 12).tolist()
    first = nn.flatten(np.moveaxis(x, -1, 1), data_format="channels_first")
    assert numbers(first).tolist() == rows.tolist()
    assert tuple(nn.flatten(np.zeros((0, 4, 4, 2))).shape) == (0, 32)
    assert tuple(nn.flatten(np.zeros(3)).shape) == (3, 1)


REFUSED = {
    "depthwise filters that don't fit": (
        lambda: nn.separable_conv2d(
            ones((1, 9, 4, 2)), ones((5, 5, 2, 1)), ones((1, 1, 2, 1)), padding="VALID"
        ),
        r"depthwise_filters.shape=\(5, 5, 2, 1\) needs a width of at least 5 .*, and x has 4",
    ),
    "a window that doesn't fit": (
        lambda: nn.max_pool(ones((1, 1, 2, 2)), 2, 1, "VALID"),
        r"ksize=\(2, 2\) needs a height of at least 2 with padding='VALID', and x has 1: use",
    ),
    "a filter that doesn't fit": (
        lambda: nn.conv2d(ones((1, 4, 4, 2)), ones((2, 2, 2, 1)), padding="VALID", dilation_rate=9),
        r"filters.shape=\(2, 2, 2, 1\) with dilation_rate=9 needs a height of at least 10",
    ),
    "another number of channels": (
        lambda: nn.conv2d(ones((1, 9, 9, 3)), ones((2, 2, 5, 4))),
        r"x has 3 channels, but filters.shape=\(2, 2, 5, 4\) reads 5",
    ),
    "groups that don't divide the filters": (
        lambda: nn.conv2d(ones((1, 9, 9, 4)), ones((2, 2, 2, 3))),
        "must divide into equal groups",
    ),
    "another number of depthwise channels": (
        lambda: nn.depthwise_conv2d(ones((1, 9, 9, 3)), ones((2, 2, 2, 4))),
        "x has 3 channels, but .* is for 2",
    ),
    "pointwise filters of another depth": (
        lambda: nn.separable_conv2d(ones((1, 9, 9, 3)), ones((2, 2, 3, 2)), ones((1, 1, 3, 4))),
        r"must be \(1, 1, 6, channels out\)",
    ),
    "transposed filters in the order of forward ones": (
        lambda: nn.conv2d_transpose(ones((1, 4, 4, 3)), ones((2, 2, 3, 5))),
        "transposed filters are .height, width, channels out, channels in",
    ),
    "output padding that reaches the strides": (
        lambda: nn.conv2d_transpose(ones((1, 4, 4, 3)), ones((3, 3, 5, 3)), output_padding=1),
        "output_padding=1 reaches strides=1",
    ),
    "an image without batch": (
        lambda: nn.conv2d(ones((9, 9, 3)), ones((2, 2, 3, 4))),
        r"x.shape=\(9, 9, 3\) has rank 3; give \(batch, height, width, channels\)",
    ),
    "strides over channels": (
        lambda: nn.conv2d(ones((1, 9, 9, 3)), ones((2, 2, 3, 4)), [1, 1, 2, 2]),
        r"strides=\[1, 1, 2, 2\] acts on batch or channels; .* write \[1, 1, 2, 1\]",
    ),
    "three strides": (
        lambda: nn.conv2d(ones((1, 9, 9, 3)), ones((2, 2, 3, 4)), [1, 1, 2]),
        r"strides=\[1, 1, 2\] has 3 entries; give one integer, \(height, width\), or four",
    ),
    "strides of 0": (
        lambda: nn.avg_pool(ones((1, 9, 9, 3)), 2, (0, 1)),
        r"strides\[height\]=0 is below 1",
    ),
    "causal padding of images": (
        lambda: nn.conv2d(ones((1, 9, 9, 3)), ones((2, 2, 3, 4)), padding="causal"),
        "padding='causal' is unknown; choose from 'valid', 'same'",
    ),
    "an unknown data format": (
        lambda: nn.flatten(ones((1, 9, 9, 3)), data_format="NHWC"),
        "data_format='NHWC' is unknown",
    ),
    "weights of another depth": (
        lambda: nn.dense(ones((2, 3)), ones((4, 5))),
        r"The last axis of x.shape=\(2, 3\) must be 4",
    ),
    "a bias of another length": (
        lambda: nn.dense(ones((2, 3)), ones((3, 5)), ones(3)),
        r"bias.shape=\(3,\) must be \(5,\)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_is_refused_before_a_backend_is_asked(name):
    call, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        call()


def test_a_window_that_does_not_fit_is_refused_in_a_functional_model():
    with pytest.raises(ValueError, match=r"ksize=\(20, 20\) needs a height of at least 20"):
        nn.max_pool(keras.Input((5, 5, 3)), 20, padding="VALID")


@pytest.mark.parametrize("name", REFUSED)
def test_errors_are_kcores_own_words(name):
    with pytest.raises(ValueError, match=REFUSED[name][1]) as caught:
        REFUSED[name][0]()
    assert_plain(caught)


def assert_plain(caught):
    said = str(caught.value)
    assert "\x1b[" not in said
    assert "Exception encountered" not in said
    assert "Arguments received" not in said
    assert "array(" not in said
    assert "\n" not in said


WRONG_DEPTH = {
    "conv2d": lambda x: nn.conv2d(x, ones((2, 2, 5, 4))),
    "conv2d_transpose": lambda x: nn.conv2d_transpose(x, ones((2, 2, 3, 5))),
    "depthwise_conv2d": lambda x: nn.depthwise_conv2d(x, ones((2, 2, 2, 4))),
    "separable_conv2d": lambda x: nn.separable_conv2d(x, ones((2, 2, 2, 2)), ones((1, 1, 3, 4))),
    "dense": lambda x: nn.dense(x, ones((4, 5))),
    "max_pool": lambda x: nn.max_pool(x, 20, padding="VALID"),
    "avg_pool": lambda x: nn.avg_pool(x, 20, padding="VALID"),
}


@pytest.mark.parametrize("name", WRONG_DEPTH)
def test_errors_of_symbolic_tensors_are_kcores_own_words(name):
    with pytest.raises(ValueError, match=r"channels|axis|size") as caught:
        WRONG_DEPTH[name](keras.Input((9, 9, 3)))
    assert_plain(caught)


@pytest.mark.parametrize("name", WRONG_DEPTH)
def test_errors_inside_a_compiled_function_are_kcores_own_words(name):
    with pytest.raises(ValueError, match=r"channels|axis|size") as caught:
        compiled(WRONG_DEPTH[name])(ones((1, 9, 9, 3), "float32"))
    said = str(caught.value)
    assert "\x1b[" not in said
    assert "Arguments received" not in said


def compiled(function):
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function)


WRONG_NUMBERS = {
    "1.5": 1.5,
    "None": None,
    "text": "2",
    "bool": True,
    "list of floats": [1.0, 2.0],
    "set": {1, 2},
    "nested": [[1, 2], [1, 2]],
    "array of two axes": ones((1, 2), int),
}


@pytest.mark.parametrize("value", WRONG_NUMBERS.values(), ids=WRONG_NUMBERS)
def test_numbers_of_windows_are_integers(value):
    x, filters = ones((1, 9, 9, 2)), ones((2, 2, 2, 2))
    for name, call in {
        "strides": lambda: nn.conv2d(x, filters, value),
        "dilation_rate": lambda: nn.depthwise_conv2d(x, filters, dilation_rate=value),
        "ksize": lambda: nn.max_pool(x, value),
    }.items():
        with pytest.raises(TypeError, match=rf"^{name}"):
            call()
    if value is not None:
        with pytest.raises(TypeError, match=r"^output_padding"):
            nn.conv2d_transpose(x, filters, 2, output_padding=value)


def test_numbers_of_numpy_are_integers_too():
    y = nn.conv2d(
        ones((1, 9, 9, 2)), ones((3, 3, 2, 4)), np.int64(2), dilation_rate=np.array([1, 1])
    )
    assert tuple(y.shape) == (1, 5, 5, 4)


@pytest.mark.parametrize("shape", [(0, 2, 2, 2), (2, 2, 0, 2), (2, 2, 2, 0)])
def test_filters_with_an_empty_axis_are_refused(shape):
    for function in (nn.conv2d, nn.depthwise_conv2d, nn.conv2d_transpose):
        with pytest.raises(ValueError, match=r"^filters.shape=.* has an empty axis"):
            function(ones((1, 4, 4, 2)), ones(shape))


def test_images_without_channels_are_refused():
    with pytest.raises(ValueError, match=r"^x.shape=\(1, 4, 4, 0\) has no channels"):
        nn.max_pool(ones((1, 4, 4, 0)), 2)


@pytest.mark.parametrize("shape", [(1, 0, 4, 2), (1, 4, 0, 2)])
def test_images_without_pixels_are_refused(shape):
    for call in (lambda x: nn.max_pool(x, 2), lambda x: nn.conv2d_transpose(x, ones((2, 2, 2, 2)))):
        with pytest.raises(ValueError, match=r"^x.shape=.* has no pixels"):
            call(ones(shape))
