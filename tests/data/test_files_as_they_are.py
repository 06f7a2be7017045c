"""Options of decoding, through every function that makes a dataset of files."""

import keras
import numpy as np
import pytest
from oracles.image_files import encoded
from oracles.image_trees import pixels, write_tree
from oracles.legacy_names import legacy_options
from PIL import Image

import kcore
from kcore.augment import ImageDataGenerator
from kcore.data import BadFileError, from_directory, from_files, scan

OPTIONS = {"image_size": (8, 8), "label_mode": "int", "batch_size": 4, "seed": 1}


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "tree", {"cat": 4, "dog": 4})


def ways(tree, **options):
    """The first image, through each function."""
    options = {**OPTIONS, "shuffle": False, **options}
    suffixes = options.pop("suffixes", None)
    flow = ImageDataGenerator().flow_from_directory(
        tree, suffixes=suffixes, **legacy_options(options)
    )
    yield from_directory(tree, verbose=False, suffixes=suffixes, **options).image(0)
    yield from_files(scan(tree, suffixes=suffixes), **options).image(0)
    yield flow.image(0)


def test_images_have_the_size_of_keras_by_default(tree):
    assert from_files(scan(tree)).image_size == (256, 256)
    assert from_directory(tree, verbose=False).image_size == (256, 256)


def images_of(dataset):
    return sum(len(labels) for _, labels in dataset)


def photo(path):
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(pixels(5)).save(path, exif=exif)


def test_orientation(tree):
    photo(tree / "cat" / "000.png")
    for image in ways(tree):
        np.testing.assert_array_equal(image, pixels(5)[::-1, ::-1])
    for image in ways(tree, apply_exif_orientation=False):
        np.testing.assert_array_equal(image, pixels(5))


def test_background(tree):
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tree / "cat" / "000.png")
    for image in ways(tree, background=(1, 2, 3)):
        np.testing.assert_array_equal(image, np.broadcast_to([1, 2, 3], (8, 8, 3)))
    for image in ways(tree):
        assert not image.any()


def test_padding(tree):
    Image.new("L", (8, 4), 77).save(tree / "cat" / "000.png")
    for image in ways(tree, pad_to_aspect_ratio=True):
        assert image[:, 0, 0].tolist() == [0, 0, 77, 77, 77, 77, 0, 0]


def test_formats_and_suffixes(tree):
    (tree / "cat" / "000.png").write_bytes(
        encoded(Image.new("RGB", (16, 16), (9,) * 3), "ICO").getvalue()
    )
    with pytest.raises(BadFileError, match=r"000\.png.*: holds ICO, .*: add 'ICO' to formats"):
        next(ways(tree))
    for image in ways(tree, formats=["PNG", "ICO"]):
        assert np.all(image == 9)
    (tree / "cat" / "000.png").rename(tree / "cat" / "000.icon")
    for image in ways(tree, formats=["PNG", "ICO"], suffixes=[".icon", ".png"]):
        assert np.all(image == 9)


def test_size_limit(tree):
    with (tree / "cat" / "000.png").open("ab") as file:
        file.truncate(60 * 2**30)
    with pytest.raises(BadFileError, match=r"000\.png \(class 'cat'\): has 64,424,509,440 bytes, "):
        next(ways(tree))
    for policy in ("skip", "quarantine"):
        with pytest.warns(UserWarning, match=r"bad and left out|Left out of its batch.*000\.png"):
            count = images_of(from_directory(tree, verbose=False, bad_files=policy, **OPTIONS))
        assert count == 7
    with pytest.raises(
        BadFileError, match=r"has .* bytes, more than max_file_bytes=10: give a lar"
    ):
        next(ways(tree, max_file_bytes=10))


def test_running_out_of_memory_is_a_bad_file_with_a_name(tree, monkeypatch):
    def fail(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr("kcore.data._decoding.fitted", fail)
    with pytest.raises(BadFileError, match=r"000\.png \(class 'cat'\): .* more memory than there"):
        next(ways(tree))


def test_before_resize_is_the_same_for_every_epoch_part_and_way(tree):
    def mark(img, path, key):
        level = int(kcore.random.integers(key, maxval=256))
        return Image.new("RGB", img.size, (level, 0, 0))

    first = [int(image[0, 0, 0]) for image in ways(tree, before_resize=mark)]
    assert len(set(first)) == 1
    dataset = from_directory(tree, before_resize=mark, verbose=False, **OPTIONS)
    levels = {name: int(dataset.image(i)[0, 0, 0]) for i, name in enumerate(dataset.filenames)}
    assert len(set(levels.values())) > 5
    assert levels["cat/000.png"] == first[0]
    parts = from_directory(
        tree, before_resize=mark, verbose=False, validation_split=0.5, subset="both", **OPTIONS
    )
    kept = from_directory(tree, before_resize=mark, cache="memory", verbose=False, **OPTIONS)
    for part in (*parts, kept, kept):
        for index, name in enumerate(part.filenames):
            assert int(part.image(index)[0, 0, 0]) == levels[name]
    other = from_directory(tree, before_resize=mark, verbose=False, **{**OPTIONS, "seed": 2})
    assert [int(other.image(i)[0, 0, 0]) for i in range(8)] != list(levels.values())


def test_before_resize_is_refused_where_a_later_run_could_not_know_it(tree, tmp_path):
    with pytest.raises(ValueError, match=r"before_resize with cache='.*cache': the cache of a la"):
        next(ways(tree, before_resize=lambda img, path, key: img, cache=tmp_path / "cache"))


def test_images_of_their_own_size(tree):
    Image.fromarray(pixels(3, 5, 9)).save(tree / "cat" / "001.png")
    options = {**OPTIONS, "image_size": None, "batch_size": 1, "shuffle": False}
    dataset = from_directory(tree, verbose=False, **options)
    assert [x.shape for x, _ in dataset][:3] == [(1, 8, 8, 3), (1, 5, 9, 3), (1, 8, 8, 3)]
    np.testing.assert_array_equal(dataset[1][0][0], pixels(3, 5, 9))
    first = from_directory(tree, verbose=False, data_format="channels_first", **options)
    assert first[1][0].shape == (1, 3, 5, 9)
    with pytest.raises(ValueError, match="image_size=None with batch_size=4: images of different"):
        from_directory(tree, **{**options, "batch_size": 4})
    with pytest.raises(ValueError, match="image_size=None with cache='memory': a cache keeps"):
        from_directory(tree, cache="memory", **options)
    with pytest.raises(ValueError, match="target_size=None: images are augmented together, so"):
        ImageDataGenerator().flow_from_directory(tree, **legacy_options(options))


def test_a_model_learns_from_images_of_their_own_size(tmp_path):
    tree = tmp_path / "tree"
    for label, name in enumerate(("dark", "light")):
        (tree / name).mkdir(parents=True)
        for number in range(6):
            picture = Image.new("L", (5 + number % 3, 4 + number % 3), 40 + 170 * label)
            picture.save(tree / name / f"{number}.png")
    options = {"image_size": None, "batch_size": 1, "label_mode": "binary", "verbose": False}
    # Of the first two, height and width differ: on TensorFlow, Keras asks no others for the shape.
    dataset = from_directory(tree, shuffle=False, **options)
    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Rescaling(1 / 255, offset=-0.5),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.SGD(1.0), "binary_crossentropy", metrics=["accuracy"])
    model.fit(dataset, epochs=6, verbose=0)
    for images, labels in from_directory(tree, seed=1, **options):
        model.train_on_batch(images, labels)
    assert model.evaluate(dataset, verbose=0, return_dict=True)["accuracy"] == 1


def test_a_validation_folder_without_a_class_keeps_the_labels(tree, tmp_path):
    validation = write_tree(tmp_path / "validation", {"dog": 2})
    train = from_directory(tree, verbose=False, **OPTIONS)
    with pytest.warns(UserWarning, match=r"is of class 'cat'; each keeps its label\. There is no"):
        dataset = from_directory(
            validation, class_names=train.class_names, verbose=False, **OPTIONS
        )
    assert dataset.class_indices == train.class_indices
    assert dataset.classes.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"apply_exif_orientation": "yes"}, "apply_exif_orientation='yes' must be True or False"),
        ({"background": 300}, "background=300 must be a level of gray"),
        ({"background": 9, "color_mode": "rgba"}, "background=9 with color_mode='rgba'"),
        ({"formats": ["EPS"]}, "formats names 'EPS', which is never decoded"),
        ({"max_file_bytes": 0}, "max_file_bytes=0 must be an integer of at least 1"),
        ({"before_resize": 3}, "before_resize=3 must be a function of an image, its path and a"),
        ({"pad_to_aspect_ratio": 1}, "pad_to_aspect_ratio=1 must be True or False"),
        (
            {"pad_to_aspect_ratio": True, "crop_to_aspect_ratio": True},
            "_aspect_ratio=True crops a picture to the aspect ratio of (image|target)_size",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_wrong_options_are_refused_before_the_folder_is_read(option, message):
    with pytest.raises(ValueError, match=message):
        from_directory("no such folder", **option)
    with pytest.raises(ValueError, match=message):
        ImageDataGenerator().flow_from_directory("no such folder", **legacy_options(option))
