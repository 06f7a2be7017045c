import numpy as np
import pytest
from oracles.small_fonts import only_fonts

import kcore
from kcore.visualize._lettering import Lettering


def gallery(*arguments, **options):
    """Return the pixels of the picture."""
    return np.asarray(kcore.visualize.gallery(*arguments, **options))


def test_it_is_a_picture():
    picture = kcore.visualize.gallery(np.zeros((4, 8, 8)), tile_size=8)
    assert (picture.mode, picture.size) == ("RGB", (48, 34))


def excess(picture, channel, other):
    """Return by how much one channel exceeds another where it does so most."""
    return int((picture[..., channel].astype(int) - picture[..., other]).max())


def tile(picture, row, column, size, lines):
    top, left = 6 + row * (size + 6 + 16 * lines), 6 + column * (size + 6)
    return picture[top : top + size, left : left + size]


def test_each_image_is_at_its_position_with_its_own_pixels():
    images = np.arange(5 * 16 * 16, dtype=np.uint8).reshape(5, 16, 16)
    picture = gallery(images, columns=3, tile_size=16)
    assert picture.shape == (2 * 22 + 6, 3 * 22 + 6, 3)
    assert picture.dtype == np.uint8
    for index, image in enumerate(images):
        shown = tile(picture, index // 3, index % 3, 16, lines=0)
        np.testing.assert_array_equal(shown, np.repeat(image[..., None], 3, axis=-1))
    np.testing.assert_array_equal(tile(picture, 1, 2, 16, lines=0), 255)


def test_small_images_are_enlarged_by_integers():
    image = np.array([[[0, 50], [100, 200]]], dtype=np.uint8)
    shown = tile(gallery(image, tile_size=8), 0, 0, 8, lines=0)[..., 0]
    np.testing.assert_array_equal(shown, np.kron(image[0], np.ones((4, 4))))


def test_large_images_are_averaged():
    image = np.zeros((1, 32, 32), dtype=np.uint8)
    image[0, ::2] = 200
    np.testing.assert_array_equal(tile(gallery(image, tile_size=8), 0, 0, 8, lines=0), 100)


def test_proportions_are_kept():
    shown = tile(gallery(np.zeros((1, 8, 16), dtype=np.uint8), tile_size=16), 0, 0, 16, lines=0)
    np.testing.assert_array_equal(shown[:4], 255)
    np.testing.assert_array_equal(shown[4:12], 0)
    np.testing.assert_array_equal(shown[12:], 255)


def test_color_images_and_floats():
    image = np.zeros((1, 8, 8, 3), dtype=np.float32)
    image[..., 1] = 0.5
    shown = tile(gallery(image, tile_size=8), 0, 0, 8, lines=0)
    np.testing.assert_array_equal(shown, np.broadcast_to([0, 128, 0], (8, 8, 3)))


def test_a_channel_axis_of_one_is_gray():
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1), dtype=np.uint8)
    np.testing.assert_array_equal(gallery(images), gallery(images[..., 0]))


def test_right_and_wrong_predictions_differ_in_color_and_in_sign():
    images, names = np.zeros((1, 8, 8)), ["left", "right"]
    right = gallery(images, [1], [1], class_names=names)
    wrong = gallery(images, [1], [0], class_names=names)
    red, green = 0, 1
    assert excess(right, green, red) > 30
    assert excess(right, red, green) == 0
    assert excess(wrong, red, green) > 80
    assert excess(wrong, green, red) == 0


def test_right_and_wrong_are_marked(monkeypatch):
    drawn = lines_of(monkeypatch, np.zeros((2, 8, 8)), [0, 1], [0, 0], class_names=["a", "b"])
    assert drawn == ["a", "✓ a", "b", "✗ a"]


def test_classes_of_one_name_are_refused():
    with pytest.raises(ValueError, match="class_names holds 'bat' twice"):
        gallery(np.zeros((1, 8, 8)), [1], [0], class_names=["bat", "bat"])


def test_one_caption_is_one_line():
    images = np.zeros((1, 8, 8))
    bare, labeled = gallery(images), gallery(images, [0])
    predicted = gallery(images, predictions=[0])
    np.testing.assert_array_equal(labeled, predicted)
    assert labeled.shape[0] == bare.shape[0] + 16


def test_long_names_stay_in_their_tile():
    images = np.zeros((2, 8, 8))
    picture = gallery(images, [0, 1], class_names=["m" * 40, ""], tile_size=64)
    np.testing.assert_array_equal(picture[6 + 64 :, 6 + 64 + 6 :], 255)


def test_integral_floats_and_columns_are_labels_too():
    """As the binary labels of Keras's generators are."""
    images, names = np.zeros((2, 8, 8)), ["a", "b"]
    wanted = gallery(images, [0, 1], class_names=names)
    for labels in (np.array([0.0, 1.0]), np.array([[0], [1]])):
        np.testing.assert_array_equal(gallery(images, labels, class_names=names), wanted)


def test_the_default_is_about_twice_as_wide_as_high():
    height, width, _ = gallery(np.zeros((32, 8, 8)), tile_size=32).shape
    assert 1.8 < width / height < 2.2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": np.zeros((8, 8))}, r"shape \(8, 8\) must be \(images, height, width\)"),
        ({"images": np.zeros((1, 8, 8, 2))}, "with 1 or 3 channels"),
        ({"images": np.zeros((0, 8, 8))}, "give an image"),
        ({"images": np.zeros((1, 8, 8), int)}, "dtype int64 must be uint8, or floats in 0..1"),
        ({"images": np.full((1, 8, 8), 255.0)}, "ranges from 255 to 255; floats must lie in 0..1"),
        ({"images": np.full((1, 8, 8), np.nan)}, "ranges from nan to nan"),
        ({"images": np.zeros((2, 8, 8)), "labels": [1]}, "There are 1 labels for 2 images"),
        (
            {"images": np.zeros((1, 8, 8)), "predictions": [2], "class_names": ["a", "b"]},
            "predictions holds the class index 2; there are 2 classes, 0..1",
        ),
        (
            {"images": np.zeros((1, 8, 8)), "predictions": [[0.1, 0.8]]},
            "predictions.0. sums to 0.9",
        ),
        (
            {"images": np.zeros((1, 8, 8)), "labels": [1.5]},
            "dtype float64 must be",
        ),
        ({"images": np.zeros((1, 8, 8)), "labels": [-1]}, "labels holds the class index -1"),
        (
            {"images": np.zeros((1, 8, 8)), "labels": [0], "class_names": {"a": 1}},
            "class_names={'a': 1} must map each name to its class index",
        ),
        (
            {"images": np.zeros((1, 8, 8)), "labels": [0], "class_names": "ab"},
            "class_names='ab' must be a sequence of names",
        ),
        ({"images": np.zeros((1, 8, 8)), "columns": 0}, "columns=0 must be an integer"),
        (
            {"images": np.zeros((1, 8, 8)), "tile_size": 5000},
            "tile_size=5000 must be at most 4,096",
        ),
        ({"images": np.zeros((1, 8, 8)), "tile_size": 4}, "tile_size=4 must be .* at least 8"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        gallery(**arguments)


def test_confidences_are_written_before_the_prediction():
    images = np.zeros((1, 8, 8))
    arguments = {"predictions": [1], "class_names": ["a", "b"], "tile_size": 96}
    named = gallery(images, predictions=[0], class_names=["88% b"], tile_size=96)
    np.testing.assert_array_equal(gallery(images, confidences=[0.876], **arguments), named)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"confidences": [0.5]}, "give predictions too"),
        (
            {"confidences": [0.5, 0.5], "predictions": [0]},
            r"confidences with shape \(2,\) must be one number for each of the 1 images",
        ),
        ({"confidences": ["a"], "predictions": [0]}, "confidences hold a; they must lie in 0..1"),
        ({"confidences": [88], "predictions": [0]}, "confidences hold 88; they must lie in 0..1"),
    ],
)
def test_wrong_confidences_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        gallery(np.zeros((1, 8, 8)), **arguments)


def test_names_in_any_script_are_drawn_if_there_is_a_font(monkeypatch, tmp_path):
    only_fonts(monkeypatch, tmp_path, Chinese="猫犬")
    images = np.zeros((2, 8, 8))
    drawn = gallery(images, [0, 1], class_names=["猫", "犬 dog"])
    squares = (drawn < 100).all(axis=-1)[6 + 112 :]  # each character of the font is a square
    assert squares[:, 6 : 6 + 12].sum() == squares[:, 6 + 118 : 6 + 118 + 12].sum() > 40
    assert squares[:, 6 + 118 + 14 :].any()


def test_one_warning_names_a_script_without_a_font(monkeypatch, tmp_path):
    only_fonts(monkeypatch, tmp_path)
    with pytest.warns(UserWarning, match="No font here holds Chinese and Thai") as caught:
        drawn = lines_of(
            monkeypatch, np.zeros((2, 8, 8)), [0, 1], class_names=["猫", "犬"], captions=["แ", ""]
        )
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert drawn == ["\ufffd [0]", "\ufffd", "\ufffd [1]"]


def test_there_are_no_empty_columns():
    images = np.zeros((2, 8, 8))
    np.testing.assert_array_equal(gallery(images, columns=10**6), gallery(images, columns=2))


def test_captions_are_wrapped_and_written_below_the_images():
    images = np.zeros((2, 8, 8))
    plain = gallery(images, tile_size=96, columns=2)
    one_line = gallery(images, captions=["short", ""], tile_size=96, columns=2)
    two_lines = gallery(
        images, captions=["short", "rotated 31°, sheared 4°"], tile_size=96, columns=2
    )
    assert len(two_lines) - len(one_line) == len(one_line) - len(plain) == 16
    np.testing.assert_array_equal(one_line[:102], plain[:102])
    np.testing.assert_array_equal(two_lines[:118, :105], one_line[:118, :105])
    options = {"class_names": ["rotated 31°,", "x"], "columns": 2, "tile_size": 96}
    named = gallery(images, [0, 1], **options)
    np.testing.assert_array_equal(two_lines[:118, 108:204], named[:118, 6:102])


def test_a_caption_without_spaces_is_broken_into_lines_too(monkeypatch, tmp_path):
    only_fonts(monkeypatch, tmp_path, Chinese="旋转三十一度")
    drawn = lines_of(monkeypatch, np.zeros((1, 8, 8)), captions=["旋转 旋转三十一度"], tile_size=40)
    assert drawn == ["旋转", "旋转三", "十一度"]


def test_captions_are_one_for_each_image():
    with pytest.raises(ValueError, match="captions must be a list of 2 texts"):
        gallery(np.zeros((2, 8, 8)), captions=["one"])


def test_one_hot_rows_probabilities_and_class_indices_are_taken():
    images, labels, predictions = np.zeros((3, 8, 8)), [0, 2, 1], [0, 1, 1]
    wanted = gallery(images, labels, predictions, class_names=["b", "a", "c"])
    soft = np.eye(3)[predictions] * 0.7 + 0.1
    for true, predicted in ((np.eye(3)[labels], soft), (np.eye(3, dtype=int)[labels], predictions)):
        shown = gallery(images, true, predicted, class_names={"a": 1, "b": 0, "c": 2})
        np.testing.assert_array_equal(shown, wanted)


def lines_of(monkeypatch, *arguments, **options):
    """Return the lines of text, each as a whole, however many fonts it takes."""
    drawn = []
    write = Lettering.write

    def note(self, img, text, *others):
        drawn.append(text)
        return write(self, img, text, *others)

    monkeypatch.setattr(Lettering, "write", note)
    gallery(*arguments, **options)
    return drawn


LONG = ["golden retriever puppy", "golden retriever", "golden retriever adult", "cat"]


def test_names_that_are_cut_to_the_same_text_bear_their_index(monkeypatch):
    drawn = lines_of(
        monkeypatch,
        np.zeros((4, 8, 8)),
        [0, 1, 2, 3],
        [1, 2, 0, 3],
        confidences=[0.5, 0.75, 1.0, 1.0],
        class_names=LONG,
        tile_size=88,
    )
    true, predicted = drawn[::2], drawn[1::2]
    assert [text[-4:] for text in true[:3]] == [" [0]", " [1]", " [2]"]
    assert [text[-4:] for text in predicted[:3]] == [" [1]", " [2]", " [0]"]
    assert true[3] == "cat"
    assert predicted[3] == "✓ 100% cat"
    lettering = Lettering(LONG, 12)
    assert all(lettering.width(text) <= 88 for text in drawn)
