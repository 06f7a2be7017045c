import warnings

import matplotlib
import matplotlib.figure
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.visualize import confusion_matrix, plot_confusion_matrix


def test_counts_are_those_of_a_loop():
    generator = np.random.default_rng(0)
    labels, predictions = generator.integers(0, 7, (2, 500))
    wanted = np.zeros((7, 7), int)
    for label, prediction in zip(labels, predictions, strict=True):
        wanted[label, prediction] += 1
    np.testing.assert_array_equal(confusion_matrix(labels, predictions), wanted)
    larger = confusion_matrix(labels, predictions, classes=9)
    np.testing.assert_array_equal(larger[:7, :7], wanted)
    assert larger.sum() == 500


def test_binary_labels_of_a_generator_are_whole_floats():
    labels = np.array([[0.0], [1.0], [1.0]], dtype=np.float32)
    assert confusion_matrix(labels, [0, 1, 0]).tolist() == [[1, 0], [1, 1]]


@given(st.integers(2, 6), st.lists(st.integers(0, 5), min_size=1), st.randoms())
def test_one_hot_rows_and_probabilities_are_their_largest(classes, drawn, generator):
    labels = np.array(drawn) % classes
    predictions = np.array([generator.randrange(classes) for _ in drawn])
    rows = np.eye(classes, dtype="float32")
    soft = rows[predictions] * 0.6 + 0.4 / classes
    wanted = confusion_matrix(labels, predictions, classes)
    for true in (rows[labels], rows[labels].astype(bool), rows[labels].astype(int).tolist()):
        np.testing.assert_array_equal(confusion_matrix(true, soft), wanted)
    np.testing.assert_array_equal(confusion_matrix(labels, soft), wanted)
    np.testing.assert_array_equal(confusion_matrix(rows[labels], predictions), wanted)


def test_no_images_are_no_counts():
    assert confusion_matrix(np.array([], int), np.array([], int), 2).tolist() == [[0, 0], [0, 0]]
    with pytest.raises(ValueError, match="give classes"):
        confusion_matrix(np.array([], int), np.array([], int))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5], [0]), r"labels with shape \(1,\) .* must be one integer for each image, or rows"),
        (([0], [[0.7]]), r"predictions with shape \(1, 1\) .* take \(output >= 0\.5\)"),
        ((np.zeros((2, 2, 2)), [0]), r"labels with shape \(2, 2, 2\)"),
        (
            ([[0.5, 0.4]], [0]),
            r"labels\[0\] sums to 0\.9: each row must hold the probabilities of 2",
        ),
        (([[1, 1, 0]], [0]), r"labels\[0\] sums to 2"),
        (([0], [[1, 0], [3, -2]]), r"predictions\[1\] has 3 for class 0"),
        (([[float("nan"), 1]], [0]), r"labels\[0\] has nan for class 0"),
        (([[0, 1]], [0], 3), r"labels has shape \(1, 2\), but rows of 3 classes are needed"),
        (([[0, 1]], [2]), r"predictions holds the class index 2; there are 2 classes"),
        ((["a"], [0]), "labels with shape .* must be one integer"),
        (([0], [-1]), "predictions holds the class index -1"),
        (([0, 3], [0, 0], 2), r"labels holds the class index 3; there are 2 classes, 0\.\.1"),
        (([0, 1], [0]), "There are 1 predictions for 2 labels"),
        (([0], [0], 0), "classes=0 must be an integer"),
    ],
)
def test_wrong_indices_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(*arguments)


def drawn(matrix, class_names=None, **arguments):
    """Return the axes, and the shares that their colors show."""
    figure = plot_confusion_matrix(matrix, class_names, **arguments)
    ax = figure.axes[0]
    (image,) = ax.images
    return ax, np.asarray(image.get_array())


def names_on(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_colors_are_shares_of_the_row_and_numbers_are_counts():
    ax, shares = drawn([[3, 1], [0, 5000]])
    np.testing.assert_array_equal(shares, [[0.75, 0.25], [0, 1]])
    assert ax.images[0].get_clim() == (0, 1)
    assert {text.get_position(): text.get_text() for text in ax.texts} == {
        (0, 0): "3",
        (1, 0): "1",
        (1, 1): "5,000",
    }


def test_rows_are_true_classes():
    ax, shares = drawn([[0, 9], [0, 0]], ["a", "b"])
    np.testing.assert_array_equal(shares, [[0, 1], [0, 0]])
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("true class", "predicted class")
    assert ax.yaxis_inverted(), "the first class stands at the top"
    assert names_on(ax.yaxis) == names_on(ax.xaxis) == ["a", "b"]


@pytest.mark.parametrize("cmap", ["Blues", "viridis", "inferno", matplotlib.colormaps["gray"]])
def test_numbers_stand_out_on_the_colors_of_any_map(cmap):
    counts = np.zeros((21, 21), int)
    for index in range(21):  # shares from 0 to 1
        counts[index, index] = 5 * index
        counts[index, (index + 1) % 21] += 100 - 5 * index
    ax, shares = drawn(counts, cmap=cmap)
    for text in ax.texts:
        column, row = text.get_position()
        below = luminance(ax.images[0].cmap(shares[row, column])[:3])
        ink = luminance(matplotlib.colors.to_rgb(text.get_color()))
        lighter, darker = max(below, ink), min(below, ink)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def luminance(color):
    """Return the relative luminance of an sRGB color, as WCAG defines it."""
    parts = np.asarray(color)
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_many_classes_are_small_cells_without_numbers():
    ax, shares = drawn(np.ones((100, 100), int))
    assert shares.shape == (100, 100)
    assert not ax.texts
    assert max(ax.figure.get_size_inches()) < 14
    ax, _ = drawn(np.ones((250, 250), int))
    assert names_on(ax.yaxis) == [str(index) for index in range(0, 250, 3)]


def test_it_is_drawn_on_the_axes_that_are_given():
    ax = matplotlib.figure.Figure().subplots()
    figure = plot_confusion_matrix([[1, 0], [0, 1]], ax=ax)
    assert figure is ax.figure
    assert len(ax.images) == 1
    figure = plot_confusion_matrix([[1, 0], [0, 1]], figsize=(3, 2))
    np.testing.assert_array_equal(figure.get_size_inches(), [3, 2])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"cmap": "no such"}, ValueError, "cmap='no such' is not a color map of matplotlib: use a"),
        ({"cmap": 3}, ValueError, "cmap=3 is not a color map"),
        ({"ax": 3}, TypeError, "ax=3 must be matplotlib Axes"),
        ({"figsize": (1, 0)}, ValueError, r"figsize=\(1, 0\) must be \(width, height\)"),
        (
            {"ax": matplotlib.figure.Figure().subplots(), "figsize": (1, 1)},
            ValueError,
            "is for a new figure",
        ),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        plot_confusion_matrix([[1, 0], [0, 1]], **arguments)


def test_long_names_are_cut_and_fit():
    names = ["a", "a longer name", "m" * 500]
    figure = plot_confusion_matrix(np.eye(3, dtype=int), names)
    with warnings.catch_warnings(action="error"):
        figure.draw_without_rendering()
    assert names_on(figure.axes[0].yaxis) == ["a", "a longer name", "m" * 23 + "…"]
    assert max(figure.get_size_inches()) < 8
    box = figure.axes[0].get_tightbbox()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.y1 <= figure.bbox.height


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1, 2]], r"matrix with shape \(1, 2\)"),
        ([[0.5]], "dtype float64 must be counts"),
        ([[-1]], "must be counts"),
    ],
)
def test_what_is_no_matrix_is_named(matrix, message):
    with pytest.raises(ValueError, match=message):
        plot_confusion_matrix(matrix)


def test_each_class_has_a_name():
    with pytest.raises(ValueError, match="must be 2 names, one per class"):
        plot_confusion_matrix([[1, 0], [0, 1]], ["a"])


LONG = ["a very long name of a class of images, " + end for end in ("one", "two", "three")]


def test_names_that_are_cut_to_the_same_text_bear_their_index():
    ax, _ = drawn(np.eye(4, dtype=int), [*LONG, "short"])
    assert names_on(ax.yaxis) == names_on(ax.xaxis)
    assert names_on(ax.yaxis) == [*(f"a very long name of… [{n}]" for n in range(3)), "short"]


def test_class_indices_are_names():
    counts = [[9, 1, 0], [2, 8, 0], [0, 0, 3]]
    ax, _ = drawn(counts, {"zebra": 2, "cat": 0, "dog": np.int64(1)})
    assert names_on(ax.yaxis) == ["cat", "dog", "zebra"]


@pytest.mark.parametrize(
    "names",
    [
        {"a": 0, "b": 2},
        {"a": 0, "b": 0},
        {"a": 1, "b": 2},
        {"a": "0", "b": "1"},
        {"a": 0, "b": 1.0},
        {"a": False, "b": True},
        {0: "a", 1: "b"},
    ],
)
def test_class_indices_that_are_none_are_named(names):
    with pytest.raises(ValueError, match=r"class_names=.* must map each name to its class index"):
        plot_confusion_matrix([[1, 0], [0, 1]], names)
