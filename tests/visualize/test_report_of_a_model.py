"""What a report reads from Keras itself; the rest is tested in tests/without_backend."""

import keras
import numpy as np
import pytest
from oracles.markup import Page

import kcore


def read(tmp_path, **arguments):
    page = Page(kcore.visualize.report(tmp_path / "r.html", **arguments).path.read_text("utf-8"))
    assert page.problems == []
    return page.text


def test_the_table_is_that_of_trace(tmp_path):
    model = kcore.models.cnn()
    rows = kcore.inspect.trace(model)
    text = read(tmp_path, model=model)
    assert f"{len(rows)} layers, {rows.parameters:,} parameters" in text
    assert f"{rows.multiply_adds:,} multiply-adds for one image." in text
    for row in rows:
        assert row.name in text
        assert "×".join(map(str, row.output_shape)) in text
    assert read(tmp_path, model=rows).split("layers,")[1] == text.split("layers,")[1]


def test_a_model_that_cannot_be_traced_is_still_reported(tmp_path):
    one, two = keras.Input((2,), name="one"), keras.Input((2,), name="two")
    model = keras.Model([one, two], keras.layers.Add()([one, two]), name="joined")
    text = read(tmp_path, model=model)
    assert "The shapes of 'joined' can't be listed:" in text
    assert "It has 3 layers." in text


def test_versions_backend_and_device_are_those_of_this_process(tmp_path):
    text = read(tmp_path)
    assert keras.version() in text
    assert keras.backend.backend() in text
    assert keras.distribution.list_devices()[0] in text


def test_activations_are_shown_as_they_come(tmp_path):
    maps = kcore.inspect.activations(kcore.models.cnn(), np.zeros((1, 28, 28, 1)))
    text = read(tmp_path, feature_maps=maps)
    assert "64 channels, 26×26 each" in text
    assert text.count(" channels, ") == 4


def test_what_fit_returned_is_drawn(tmp_path):
    model = kcore.models.compile_regression(kcore.models.linear(seed=0))
    x = np.linspace(-1, 1, 8, dtype="float32")[:, None]
    history = model.fit(x, x, epochs=3, verbose=0, validation_split=0.5)
    (ax,) = kcore.visualize.plot_history(history, ["loss"]).axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), history.history["loss"])
    assert f"{history.history['loss'][-1]:.4g}" in read(tmp_path, history=history)


def test_the_default_data_format_is_that_of_keras():
    maps = np.zeros((1, 4, 6, 3))
    picture = kcore.visualize.feature_grid(maps, layout="row", scale=1, gap=0)
    is_last = keras.config.image_data_format() == "channels_last"
    assert picture.size == ((18, 4) if is_last else (12, 6))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_maps_of_small_floats(dtype):
    values = np.random.default_rng(0).normal(size=(1, 4, 4, 2)).astype("float32")
    tensor = keras.ops.cast(values, dtype)
    rounded = keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))
    shown = kcore.visualize.feature_grid(keras.ops.convert_to_numpy(tensor))
    np.testing.assert_array_equal(shown, kcore.visualize.feature_grid(rounded))
