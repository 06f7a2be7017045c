import math
import pickle
import re
import warnings
from io import BytesIO

import matplotlib
import matplotlib.figure
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracles.small_fonts import only_fonts
from PIL import Image

from kcore.visualize import plot_history
from kcore.visualize._series import curves_of, describe

HISTORY = {"loss": [1.0, 0.5, 0.25, 0.125], "val_loss": [1.0, 0.75, 0.75, 0.875]}


def chart(history, **arguments):
    (ax,) = plot_history(history, **arguments).axes
    return ax


def title(ax):
    return ax.get_title(loc="left")


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def new_axes(rows=1, columns=1):
    return matplotlib.figure.Figure().subplots(rows, columns)


def test_the_lines_are_the_values_at_epochs_from_1():
    training, validation = chart(HISTORY).lines
    for line, values in ((training, HISTORY["loss"]), (validation, HISTORY["val_loss"])):
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4])
        np.testing.assert_array_equal(line.get_ydata(), values)
    assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")


def test_the_gap_is_shaded_marked_and_said():
    ax = chart(HISTORY)
    area, mark = ax.collections
    corners = {tuple(corner) for corner in area.get_paths()[0].vertices}
    assert corners == {*enumerate(HISTORY["loss"], 1), *enumerate(HISTORY["val_loss"], 1)}
    np.testing.assert_array_equal(mark.get_segments(), [[[4, 0.125], [4, 0.875]]])
    assert title(ax) == "loss\nepoch 4: validation 0.75 above training"
    assert legend(ax) == ["training 0.125", "validation 0.875"]


def test_without_validation_there_is_no_gap():
    ax = chart({"loss": [1, 2]})
    assert (title(ax), legend(ax), len(ax.collections)) == ("loss", ["training 2"], 0)


def test_values_that_are_not_finite_leave_a_hole():
    ax = chart({"loss": [1.0, float("nan"), 0.5, 0.25, float("inf")]})
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_ydata(), [1, math.nan, 0.5, 0.25, math.nan])
    assert line.get_markevery() == [0, 3], "the value between holes, which no line shows; the last"
    assert title(ax) == "loss\nnot finite in epoch 2"
    assert legend(ax) == ["training 0.25"]


def test_a_metric_that_is_never_finite_is_said():
    ax = chart({"loss": [float("nan")]})
    assert (title(ax), len(ax.lines), ax.get_legend()) == ("loss\nnot finite in epoch 1", 0, None)


@pytest.mark.parametrize("epochs", [1, 2, 3, 10, 100, 1000])
def test_ticks_of_epochs_are_epochs(epochs):
    ax = chart({"loss": np.linspace(1, 2, epochs)})
    low, high = ax.get_xlim()
    ticks = [tick for tick in ax.get_xticks() if low <= tick <= high]
    assert 1 <= len(ticks) <= 8
    assert all(tick == round(tick) and 1 <= tick <= epochs for tick in ticks)


def test_colors_are_those_of_the_style():
    with matplotlib.rc_context({"axes.prop_cycle": matplotlib.cycler(color=["red", "green"])}):
        training, validation = chart(HISTORY).lines
        colors = [matplotlib.colors.to_hex(line.get_color()) for line in (training, validation)]
    assert colors == ["#ff0000", "#008000"]


@pytest.mark.parametrize(("metrics", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (3, 2, 2)])
def test_there_is_a_chart_for_each_metric(metrics, rows, columns):
    figure = plot_history({f"metric {n}": [n, n + 1] for n in range(metrics)})
    assert [title(ax) for ax in figure.axes] == [f"metric {n}" for n in range(metrics)]
    assert figure.axes[0].get_gridspec().get_geometry() == (rows, columns)
    np.testing.assert_allclose(figure.get_size_inches(), [5 * columns, 3.6 * rows])


def test_chosen_metrics_columns_and_size():
    history = {"loss": [2, 1], "accuracy": [0, 1]}
    assert title(chart(history, metrics=["accuracy"])) == "accuracy"
    figure = plot_history(history, columns=1, figsize=(4, 6))
    assert figure.axes[0].get_gridspec().get_geometry() == (2, 1)
    np.testing.assert_array_equal(figure.get_size_inches(), [4, 6])


def test_it_is_drawn_on_the_axes_that_are_given():
    ax = new_axes()
    figure = plot_history(HISTORY, ax=ax)
    assert figure is ax.figure
    assert len(ax.lines) == 2
    grid = new_axes(1, 2)
    figure = plot_history(HISTORY | {"accuracy": [0, 1, 1, 1]}, ax=grid)
    assert [title(ax).split("\n")[0] for ax in figure.axes] == ["loss", "accuracy"]
    in_a_part = matplotlib.figure.Figure()
    assert plot_history(HISTORY, ax=in_a_part.subfigures(1, 2)[1].subplots()) is in_a_part


same = new_axes()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"columns": 0}, ValueError, "columns=0 must be an integer"),
        ({"figsize": 3}, ValueError, r"figsize=3 must be \(width, height\) in inches"),
        ({"figsize": [[1], [2, 3]]}, ValueError, r"figsize=\[\[1\], \[2, 3\]\] must be"),
        ({"figsize": (1, 2, 3)}, ValueError, r"figsize=\(1, 2, 3\) must be"),
        ({"figsize": (0, 3)}, ValueError, r"figsize=\(0, 3\) must be"),
        ({"figsize": (3, math.nan)}, ValueError, r"figsize=\(3, nan\) must be"),
        ({"ax": 3}, TypeError, "ax=3 must be matplotlib Axes"),
        ({"ax": "ab"}, TypeError, "ax='ab' must be matplotlib Axes"),
        ({"ax": same}, ValueError, r"ax holds 1 axes for 2 charts \(loss, accuracy\): give one"),
        ({"ax": [same, same]}, ValueError, "ax holds the same axes twice"),
        ({"ax": [same, new_axes()]}, ValueError, "ax holds axes of several figures"),
        ({"ax": same, "figsize": (3, 3)}, ValueError, r"figsize=\(3, 3\) is for a new figure"),
        ({"ax": same, "columns": 2}, ValueError, "columns=2 is for a new figure: leave it out"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        plot_history({"loss": [2, 1], "accuracy": [0, 1]}, **arguments)


def test_a_figure_can_be_saved_shown_and_pickled(tmp_path):
    figure = plot_history(HISTORY)
    assert repr(figure) == "<NotebookFigure size 500x360 with 1 Axes>"
    assert isinstance(figure, matplotlib.figure.Figure)
    figure.savefig(tmp_path / "history.png")
    with Image.open(tmp_path / "history.png") as saved:
        assert saved.size == (500, 360)
    png, shown = figure._repr_png_()
    with Image.open(BytesIO(png)) as picture:
        assert picture.size == (1000, 720)
    assert shown == {"width": 500, "height": 360}
    again = pickle.loads(pickle.dumps(figure))
    assert title(again.axes[0]) == title(figure.axes[0])
    assert again._repr_png_()[0] == png


def test_pyplot_knows_nothing_of_it():
    import matplotlib.pyplot as plt

    before, settings_before = plt.get_fignums(), dict(matplotlib.rcParams)
    plot_history(HISTORY)._repr_png_()
    assert plt.get_fignums() == before
    assert dict(matplotlib.rcParams) == settings_before


def test_names_are_shown_as_they_are():
    name = "a $x_1$ \\frac b"
    figure = plot_history({name: [1, 2]})
    figure.draw_without_rendering()
    assert title(figure.axes[0]) == name
    assert not figure.axes[0]._left_title.get_parse_math()


def test_names_that_are_cut_to_the_same_text_bear_their_index():
    names = [f"{'m' * 60}{n}" for n in range(2)]
    titles = [title(ax) for ax in plot_history({name: [1, 2] for name in [*names, "s"]}).axes]
    assert titles == ["m" * 35 + "… [0]", "m" * 35 + "… [1]", "s"]


@settings(max_examples=6)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=6))
@example([1.7976931348623157e308, -1.7976931348623157e308])
@example([5e-324, 1e-323, -5e-324])
@example([1e-308, 2e-308])
@example([1e16, 1e16 + 4])
@example([12345.1, 12345.9])
@example([0.0])
def test_any_values_stand_in_their_order_beside_ticks_that_differ(values):
    figure = plot_history({"loss": values, "val_loss": values[::-1]})
    with warnings.catch_warnings(action="error"):
        figure.draw_without_rendering()
    (ax,) = figure.axes
    low, high = ax.get_ylim()
    for line, given_values in zip(ax.lines, (values, values[::-1]), strict=False):
        drawn = np.asarray(line.get_ydata())
        finite = np.isfinite(given_values)
        np.testing.assert_array_equal(np.isfinite(drawn), finite)
        assert ((low <= drawn[finite]) & (drawn[finite] <= high)).all()
        heights = drawn[finite][np.argsort(np.asarray(given_values)[finite], kind="stable")]
        assert (np.diff(heights) >= 0).all()
    shown = [
        label.get_text()
        for label, at in zip(ax.get_yticklabels(), ax.get_yticks(), strict=True)
        if low <= at <= high
    ]
    assert len(shown) >= 2
    assert len(set(shown)) == len(shown)
    for text in [title(ax).removeprefix("loss\nnot finite"), *(legend(ax) if ax.lines else [])]:
        assert not re.search("nan|inf", text)


@pytest.mark.parametrize(
    ("values", "unit"), [([1e308, -1e308], 1e300), ([1e-308, -1e-308], 1e-300), ([3.0, 2.0], 1)]
)
def test_the_unit_of_extreme_values_stands_beside_them(values, unit):
    ax = chart({"loss": values})
    np.testing.assert_allclose(ax.lines[0].get_ydata(), np.array(values) / unit)
    assert ax.get_ylabel() == ("" if unit == 1 else f"× {unit:g}")


def test_a_gap_that_is_no_float_is_said():
    history = {"loss": [1e308], "val_loss": [-1e308]}
    words = "validation more than 1.8e+308 below training"
    assert title(chart(history)) == f"loss\nepoch 1: {words}"
    (curve,) = curves_of(history)
    assert describe(curve).endswith(f"; {words} in epoch 1")


@pytest.mark.parametrize(
    "history",
    [
        {"loss": [1e308, -1e308, float("nan")], "val_loss": [-1e308, float("inf"), 1e-308]},
        {"loss": [1e-30, 1e-30]},
        {"m" * 300: [1, 2]},
        {"a\nb\x00": [1, 2]},
    ],
)
def test_strange_histories_are_drawn_without_a_warning(history):
    with warnings.catch_warnings(action="error"):
        plot_history(history).draw_without_rendering()


CAT = "猫"


def test_names_are_drawn_in_a_font_that_holds_them(monkeypatch, tmp_path):
    only_fonts(monkeypatch, tmp_path, Chinese=CAT)
    ax = chart({CAT: [1, 2]})
    assert title(ax) == CAT
    assert ax._left_title.get_fontfamily() == [*matplotlib.rcParams["font.family"], "Chinese"]


def test_names_without_a_font_are_warned_of_once(monkeypatch, tmp_path):
    only_fonts(monkeypatch, tmp_path)
    with pytest.warns(UserWarning, match="No font here holds Chinese, as in '猫'") as caught:
        figure = plot_history({CAT: [1, 2]})
    figure.draw_without_rendering()  # warnings are errors here
    assert [one.filename for one in caught] == [__file__]
    assert title(figure.axes[0]) == "\ufffd"
