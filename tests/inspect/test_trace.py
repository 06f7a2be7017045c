import dataclasses
import json
import re

import keras
import pytest

from kcore.inspect import Trace, trace

L = keras.layers


def course_model():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            L.Conv2D(64, 3, activation="relu"),
            L.MaxPooling2D(2),
            L.Conv2D(64, 3, activation="relu"),
            L.MaxPooling2D(2),
            L.Flatten(),
            L.Dense(128, activation="relu"),
            L.Dense(10, activation="softmax"),
        ]
    )


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="subclassed")
        self.first = L.Conv2D(4, 3, strides=2, padding="same", name="first")
        self.inner = keras.Sequential([L.Conv2D(2, 3, name="deep")], name="inner")
        self.head = L.Dense(3, name="head")

    def call(self, x):
        return self.head(L.Flatten()(self.inner(self.first(x))))


@pytest.fixture(scope="module")
def rows():
    return trace(course_model())


def test_the_model_of_the_course(rows):
    assert [row.output_shape for row in rows] == [
        (26, 26, 64),
        (13, 13, 64),
        (11, 11, 64),
        (5, 5, 64),
        (1600,),
        (128,),
        (10,),
    ]
    assert [row.receptive_field for row in rows[:5]] == [(3, 3), (4, 4), (8, 8), (10, 10), (28, 28)]
    assert rows[3].dropped == (1, 1)
    assert rows[0].multiply_adds == 26 * 26 * 9 * 64
    assert rows[5].multiply_adds == 1600 * 128


def test_parameters_are_those_of_keras():
    model = course_model()
    assert trace(model).parameters == model.count_params()


def test_a_branching_model_joins_to_the_wider_field():
    x = keras.Input((16, 16, 2))
    wide = L.Conv2D(3, 5, padding="same", name="wide")(x)
    narrow = L.Conv2D(3, 1, name="narrow")(x)
    y = L.GlobalAveragePooling2D(name="pool")(L.Add(name="join")([wide, narrow]))
    rows = {row.name: row for row in trace(keras.Model(x, y))}
    assert rows["join"].receptive_field == (5, 5)
    assert rows["narrow"].receptive_field == (1, 1)
    assert rows["pool"].receptive_field == (20, 20)
    assert rows["wide"].pads == ((2, 2), (2, 2))


def test_nested_models_are_opened_and_named():
    inner = keras.Sequential([keras.Input((14, 14, 4)), L.Conv2D(5, 3, name="conv")], name="inner")
    x = keras.Input((30, 30, 1))
    model = keras.Model(x, inner(L.Conv2D(4, 4, strides=2, name="outer")(x)))
    rows = trace(model)
    assert [row.name for row in rows] == ["outer", "inner/conv"]
    assert rows[1].receptive_field == (8, 8)


def test_a_subclassed_model_needs_an_input_shape():
    with pytest.raises(ValueError, match=r"'subclassed' doesn't know its input: give input_shape"):
        trace(Subclassed())
    rows = trace(Subclassed(), input_shape=(9, 9, 1))
    assert [row.name for row in rows] == ["first", "inner/deep", "head"]
    assert [row.output_shape for row in rows] == [(5, 5, 4), (3, 3, 2), (3,)]
    assert rows[1].receptive_field == (7, 7)
    assert rows.multiply_adds == 25 * 9 * 4 + 9 * 9 * 4 * 2 + 18 * 3


def test_unknown_sizes_need_an_input_shape():
    model = keras.Sequential([keras.Input((None, None, 3)), L.Conv2D(2, 3)])
    with pytest.raises(ValueError, match=r"takes \(None, None, 3\), where None is an unknown size"):
        trace(model)
    assert trace(model, input_shape=(7, 8, 3))[0].output_shape == (5, 6, 2)


def test_several_inputs_are_refused():
    one, two = keras.Input((4,)), keras.Input((4,))
    with pytest.raises(ValueError, match="has 2 inputs: give a model with one"):
        trace(keras.Model([one, two], L.Add()([one, two])))


def test_every_kind_of_window():
    x = keras.Input((16, 16, 4))
    layers = [
        L.DepthwiseConv2D(3, strides=2, padding="same", name="depthwise"),
        L.SeparableConv2D(6, 3, dilation_rate=2, padding="same", name="separable"),
        L.Conv2DTranspose(3, 4, strides=2, padding="same", name="transposed"),
        L.ZeroPadding2D(1, name="padded"),
        L.UpSampling2D(2, name="upsampled"),
        L.Conv2D(6, 1, groups=3, name="groups"),
        L.AveragePooling2D(3, strides=4, name="average"),
    ]
    y = x
    for layer in layers:
        y = layer(y)
    rows = {row.name: row for row in trace(keras.Model(x, y))}
    assert rows["depthwise"].pads == ((0, 1), (0, 1))
    assert rows["depthwise"].multiply_adds == 64 * 9 * 4
    assert rows["separable"].multiply_adds == 64 * (9 * 4 + 4 * 6)
    assert rows["transposed"].multiply_adds == 64 * 16 * 6 * 3
    assert rows["transposed"].output_shape == (16, 16, 3)
    assert rows["padded"].receptive_field == rows["transposed"].receptive_field
    assert rows["groups"].multiply_adds == 36 * 36 * 6
    assert rows["average"].skipped == (8, 8)


def test_channels_first():
    model = keras.Sequential(
        [keras.Input((3, 9, 8)), L.Conv2D(2, 3, strides=2, data_format="channels_first")]
    )
    (row,) = trace(model)
    assert (row.output_shape, row.dropped) == ((2, 4, 3), (0, 1))


def test_a_shared_layer_has_a_row_for_each_call_and_its_parameters_once():
    x = keras.Input((8, 8, 2))
    shared = L.Conv2D(2, 3, padding="same", name="shared")
    rows = trace(keras.Model(x, shared(shared(x))))
    assert [row.parameters for row in rows] == [38, 0]
    assert [row.receptive_field for row in rows] == [(3, 3), (5, 5)]


def test_rows_are_plain_data(rows):
    data = rows.as_data()
    assert json.loads(json.dumps(data))[0]["output_shape"] == [26, 26, 64]
    assert data[1]["kernel_size"] == (2, 2)


def test_the_table(rows):
    lines = str(rows).splitlines()
    assert lines[0].split() == [
        *("layer", "kind", "input", "output", "kernel", "strides", "pads"),
        *("dropped", "sees", "parameters", "multiply-adds"),
    ]
    assert "26x26x64" in lines[1]
    # By hand: 26·26·9·64 + 11·11·9·64·64 + 1600·128 + 128·10.
    assert lines[-1].split() == ["total", "243,786", "5,056,000"]


def test_a_slice_of_a_trace_is_a_trace(rows):
    first = rows[:2]
    assert isinstance(first, type(rows))
    assert list(first) == [rows[0], rows[1]]
    assert str(first).splitlines()[-1].split() == ["total", "640", "389,376"]


def test_a_trace_is_short_as_an_expression(rows):
    assert repr(rows) == (
        "Trace(7 rows, 28x28x1 -> 10, 243,786 parameters, 5,056,000 multiply-adds)"
    )
    assert repr(rows[:0]) == "Trace(0 rows)"
    assert repr(rows[2]).endswith("Conv2D, 13x13x64 -> 11x11x64, 36,928 parameters)")


def test_a_notebook_shows_the_table(rows):
    shown = rows._repr_html_()
    names = re.findall(r"<th[^>]*>([^<]*)</th>", shown)
    cells = [
        re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in re.findall(r"<tr>(<td.*?)</tr>", shown)
    ]
    assert names[:4] == ["layer", "kind", "input", "output"]
    assert cells[0][1:4] == ["Conv2D", "28x28x1", "26x26x64"]
    assert [len(row) for row in cells] == [11] * 8
    assert cells[-1][-2:] == ["243,786", "5,056,000"]


def test_names_of_layers_become_no_markup_and_no_commands(rows):
    rows = Trace([dataclasses.replace(rows[0], name="<b>\x1b[2J")])
    assert "&lt;b&gt;\\x1b[2J" in rows._repr_html_()
    assert "<b>\\x1b[2J" in str(rows)
    assert all("\x1b" not in text for text in (repr(rows[0]), str(rows), rows._repr_html_()))
