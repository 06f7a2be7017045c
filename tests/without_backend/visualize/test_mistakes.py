import numpy as np
import pytest

from kcore.visualize import Mistake, gallery, misclassified, worst_mistakes


def test_the_most_confident_mistake_comes_first():
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(4), 200)
    labels = generator.integers(0, 4, 200)
    wanted = []
    for index, (label, row) in enumerate(zip(labels, probabilities, strict=True)):
        prediction = max(range(4), key=lambda one: row[one])
        if prediction != label:
            wanted.append(Mistake(index, label, prediction, row[prediction]))
    wanted.sort(key=lambda mistake: -mistake.confidence)
    assert worst_mistakes(labels, probabilities, None) == wanted
    assert worst_mistakes(labels, probabilities) == wanted[:16]
    assert worst_mistakes(labels, probabilities, 3) == wanted[:3]


def test_equal_ones_keep_their_order():
    found = worst_mistakes([1, 1, 1], [[0.75, 0.25]] * 3)
    assert [mistake.index for mistake in found] == [0, 1, 2]


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_a_sigmoid_says_how_likely_class_1_is(shape):
    probabilities = np.array([0.25, 0.5, 0.875, 0.375]).reshape(shape)
    found = worst_mistakes([1, 0, 0, 0], probabilities)
    assert found == [Mistake(2, 0, 1, 0.875), Mistake(0, 1, 0, 0.75), Mistake(1, 0, 1, 0.5)]


def test_the_picture_shows_the_worst_first():
    images = np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((1, 8, 8), np.uint8) * 60
    probabilities = [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]]
    picture = misclassified(images, [1, 1, 1, 0], probabilities, columns=3, tile_size=8)
    wanted = gallery(
        images[[0, 3, 1]],
        [1, 0, 1],
        [0, 1, 0],
        confidences=[0.9, 0.7, 0.6],
        columns=3,
        tile_size=8,
    )
    np.testing.assert_array_equal(picture, wanted)


def test_without_mistakes_the_picture_says_so():
    picture = misclassified(np.zeros((2, 8, 8)), [0, 1], [[1, 0], [0, 1]])
    assert worst_mistakes([0, 1], [[1, 0], [0, 1]]) == []
    assert picture.mode == "RGB"
    pixels = np.asarray(picture)
    is_dark = (pixels < 100).any(axis=(0, 2))
    assert is_dark.any()
    assert not is_dark[:10].any()
    assert not is_dark[-10:].any()


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([0], [[3.0, -1.0]], "range from -1 to 3; .* apply softmax or sigmoid first"),
        ([0], [[np.nan, 0.0]], "range from nan to nan"),
        ([0], np.zeros((1, 2, 2)), r"shape \(1, 2, 2\) must be \(images, classes\)"),
        ([3], [[0.25, 0.5, 0.25]], r"labels holds the class index 3; there are 3 classes, 0\.\.2"),
        ([2], [0.5], r"labels holds the class index 2; there are 2 classes, 0\.\.1"),
        ([[0, 1]], [[0.25, 0.5, 0.25]], "labels has shape .* rows of 3 classes are needed"),
        ([0, 1], [[1.0, 0.0]], "There are 1 rows of probabilities for 2 labels"),
    ],
)
def test_what_is_no_probability_is_named(labels, probabilities, message):
    with pytest.raises(ValueError, match=message):
        worst_mistakes(labels, probabilities)


def test_one_hot_labels_and_class_indices_are_taken():
    generator = np.random.default_rng(0)
    labels, probabilities = generator.integers(0, 3, 20), generator.dirichlet(np.ones(3), 20)
    rows, images = np.eye(3)[labels], np.zeros((20, 8, 8))
    assert worst_mistakes(rows, probabilities) == worst_mistakes(labels, probabilities)
    np.testing.assert_array_equal(
        misclassified(images, rows, probabilities, class_names={"c": 2, "a": 0, "b": 1}),
        misclassified(images, labels, probabilities, class_names=["a", "b", "c"]),
    )


def test_images_and_labels_belong_together():
    with pytest.raises(ValueError, match="There are 1 labels for 2 images"):
        misclassified(np.zeros((2, 8, 8)), [0], [[0.0, 1.0]])
