import numpy as np
import pytest

from kcore.visualize import confusion_matrix, confusion_picture
from kcore.visualize.color_map import ink_on_paper


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


def test_no_images_are_no_counts():
    assert confusion_matrix(np.array([], int), np.array([], int), 2).tolist() == [[0, 0], [0, 0]]
    with pytest.raises(ValueError, match="give classes"):
        confusion_matrix(np.array([], int), np.array([], int))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5], [0]), "labels with shape .* must be one whole number for each image"),
        (([[0, 1]], [0]), r"take argmax\(axis=-1\)"),
        (([0], [-1]), "predictions holds the class index -1"),
        (([0, 3], [0, 0], 2), r"labels holds the class index 3; there are 2 classes, 0\.\.1"),
        (([0, 1], [0]), "There are 1 predictions for 2 labels"),
        (([0], [0], 0), "classes=0 must be a whole number"),
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
    with pytest.raises(ValueError, match="must be a sequence of 2 names"):
        confusion_picture([[1, 0], [0, 1]], ["a"])
