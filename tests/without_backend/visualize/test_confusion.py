import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageDraw

from kcore.visualize import confusion_matrix, confusion_picture
from kcore.visualize._color_map import ink_on_paper


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


def colors_in(picture):
    return {tuple(color) for color in picture.reshape(-1, 3).tolist()}


def test_the_darkness_of_a_cell_is_its_share_of_the_row():
    shown = colors_in(confusion_picture([[3, 1], [0, 5]]))
    for share in (0.75, 0.25, 0.0, 1.0):
        assert tuple(ink_on_paper(np.array(share)).tolist()) in shown
    assert tuple(ink_on_paper(np.array(0.5)).tolist()) not in shown


def test_rows_are_true_classes():
    picture = confusion_picture([[0, 9], [0, 0]])
    dark = tuple(ink_on_paper(np.array(1.0)).tolist())
    rows, columns = np.nonzero((picture == dark).all(axis=-1))
    light = np.nonzero((picture == 255).all(axis=-1))
    assert rows.mean() < picture.shape[0] - 60, "the upper row"
    assert columns.mean() > picture.shape[1] - 60, "the right column"
    assert len(light[0]) > 1000


def test_names_take_room():
    short = confusion_picture(np.eye(3, dtype=int), ["a", "b", "c"])
    long = confusion_picture(np.eye(3, dtype=int), ["a", "a long name", "c"])
    endless = confusion_picture(np.eye(3, dtype=int), ["a", "m" * 500, "c"])
    assert short.shape[1] < long.shape[1] < endless.shape[1] < 600


def test_many_classes_are_small_cells():
    assert max(confusion_picture(np.ones((100, 100), int)).shape) < 1400


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
        confusion_picture(matrix)


def test_each_class_has_a_name():
    with pytest.raises(ValueError, match="must be 2 names, one a class"):
        confusion_picture([[1, 0], [0, 1]], ["a"])


def names_of(picture_of):
    """Return the lines of text that a picture is drawn with."""
    drawn = []
    text = ImageDraw.ImageDraw.text

    def note(self, xy, shown, *arguments, **options):
        drawn.append(shown)
        return text(self, xy, shown, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImageDraw.ImageDraw, "text", note)
        picture_of()
    return drawn


LONG = ["a very long name of a class of images, " + end for end in ("one", "two", "three")]


def test_names_that_are_cut_to_the_same_text_bear_their_index():
    drawn = names_of(lambda: confusion_picture(np.eye(4, dtype=int), [*LONG, "short"]))
    for index in range(3):
        assert len([text for text in drawn if text.endswith(f"… [{index}]")]) == 2
    assert drawn.count("short") == 2


def test_class_indices_are_names():
    counts = [[9, 1, 0], [2, 8, 0], [0, 0, 3]]
    np.testing.assert_array_equal(
        confusion_picture(counts, {"zebra": 2, "cat": 0, "dog": np.int64(1)}),
        confusion_picture(counts, ["cat", "dog", "zebra"]),
    )


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
        confusion_picture([[1, 0], [0, 1]], names)
