import pytest

from kcore.shapes import (
    adaptive_pool_windows,
    conv_transpose_windows,
    conv_windows,
    depthwise_conv_windows,
    global_pool_windows,
    pool_windows,
    spatial_sizes,
)


def test_each_axis_has_its_own_numbers():
    described = conv_windows((9, 8), (3, 2), strides=(2, 1), padding="same")
    assert described.output_size == (5, 8)
    assert described.pads == ((1, 1), (0, 1))


@pytest.mark.parametrize(
    ("data_format", "shape"), [("channels_last", (2, 5, 8, 6)), ("channels_first", (2, 6, 5, 8))]
)
def test_batch_and_channels_are_where_the_data_format_says(data_format, shape):
    described = conv_windows((9, 8), (3, 2), strides=(2, 1), padding="same")
    assert described.output_shape(2, 6, data_format) == shape
    assert spatial_sizes(shape, data_format) == (5, 8)


def test_strides_left_out_are_those_of_keras():
    assert conv_windows((9, 8), 3).output_size == (7, 6)
    assert depthwise_conv_windows((9, 8), 3).output_size == (7, 6)
    assert conv_transpose_windows((9, 8), 3).output_size == (11, 10)
    assert pool_windows((9, 8), 3).output_size == (3, 2)


def test_an_unknown_data_format_is_refused():
    with pytest.raises(
        ValueError, match="data_format='NHWC' is unknown; choose from 'channels_last'"
    ):
        spatial_sizes((1, 2, 3, 4), "NHWC")


def test_convolution_layers_refuse_strides_with_dilation_even_on_different_axes():
    with pytest.raises(ValueError, match=r"strides=\(2, 1\) together with dilation_rate=\(1, 2\)"):
        conv_windows((9, 9), 3, strides=(2, 1), dilation_rate=(1, 2))
    with pytest.raises(ValueError, match="Set one of them to 1"):
        conv_transpose_windows((9,), 3, strides=2, dilation_rate=2)


def test_depthwise_convolutions_allow_strides_with_dilation():
    assert depthwise_conv_windows((10, 10), 3, 2, dilation_rate=3).output_size == (2, 2)


def test_causal_needs_a_single_axis():
    assert conv_windows((9,), 3, padding="causal").pads == ((2, 0),)
    with pytest.raises(
        ValueError, match="padding='causal' is unknown; choose from 'valid', 'same'"
    ):
        conv_windows((9, 9), 3, padding="causal")


@pytest.mark.parametrize("name", ["kernel_size", "strides", "dilation_rate"])
def test_a_sequence_of_the_wrong_length_is_refused_by_name(name):
    arguments = {"kernel_size": 1} | {name: (1, 1, 1)}
    with pytest.raises(
        ValueError, match=rf"{name}=\(1, 1, 1\) has 3 entries; give one integer, or 2"
    ):
        conv_windows((9, 9), **arguments)


def test_output_padding_for_each_axis():
    described = conv_transpose_windows((2, 3), 3, 2, padding="same", output_padding=(0, 1))
    assert described.output_size == (3, 6)
    assert conv_transpose_windows((2, 3), 3, 2, padding="same", output_padding=0).output_size == (
        3,
        5,
    )


def test_zero_strides_of_a_transposed_convolution_are_named():
    with pytest.raises(ValueError, match=r"strides\[1\]=0 is below 1"):
        conv_transpose_windows((2, 3), 3, (1, 0))


def test_pools():
    assert pool_windows((7, 8), (2, 3)).output_size == (3, 2)
    assert pool_windows((7, 8), 3, strides=(1, 2), padding="same").output_size == (7, 4)
    assert global_pool_windows((7, None)).output_size == (1, 1)
    assert adaptive_pool_windows((7, None), (3, 2)).output_size == (3, 2)


def test_all_axes_are_drawn():
    text = str(pool_windows((4, 5), 2))
    assert text.splitlines()[0].startswith("axis 0: 4 cells")
    assert (
        "axis 1: 5 cells, kernel 2, strides 2, padding 'valid': 2 positions, cell 5 dropped" in text
    )
