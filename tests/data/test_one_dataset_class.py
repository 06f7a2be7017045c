"""What every dataset tells and does, whether `kcore.data` or an `ImageDataGenerator` made it."""

import pickle

import numpy as np
import pytest
from oracles.image_trees import write_tree

from kcore.augment import ImageDataGenerator
from kcore.data import ImageBatches, from_arrays, from_directory, from_files, scan

X = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1) * np.ones((1, 2, 2, 3), np.uint8)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return write_tree(tmp_path_factory.mktemp("one"), {"cat": 6, "dog": 4})


def folder(tree, **options):
    return from_directory(tree, **{"image_size": (8, 6), "seed": 3, "verbose": False, **options})


def flow(tree, **options):
    arguments = {"target_size": (8, 6), "seed": 3, "verbose": False, **options}
    generator = ImageDataGenerator(rotation_range=40, data_format="channels_last")
    return generator.flow_from_directory(tree, **arguments)


def test_it_shows_itself_in_one_line(tree):
    assert repr(flow(tree)) == (
        "<ImageBatches: 10 images of 8x6x3, 2 classes, 1 batch of 32, seed 3>"
    )
    both = folder(tree, batch_size=4, validation_split=0.5, subset="both")
    assert [repr(part) for part in both] == [
        "<ImageBatches: 5 images of 8x6x3, 2 classes, training subset, 2 batches of 4, seed 3>",
        "<ImageBatches: 5 images of 8x6x3, 2 classes, validation subset, 2 batches of 4, seed 3>",
    ]
    assert repr(folder(tree, image_size=None, batch_size=1)) == (
        "<ImageBatches: 10 samples, 2 classes, 10 batches of 1, seed 3>"
    )
    assert repr(from_arrays(np.zeros((1500, 4)), batch_size=1, seed=3)) == (
        "<ImageBatches: 1,500 samples of 4, 1,500 batches of 1, seed 3>"
    )
    assert repr(from_arrays({"a": X, "b": X}, seed=3)) == (
        "<ImageBatches: 10 samples, 1 batch of 32, seed 3>"
    )


def test_there_is_one_class(tree):
    files = from_files(scan(tree), image_size=(8, 6), seed=3)
    for dataset in (from_arrays(X), folder(tree), files, flow(tree)):
        assert type(dataset) is ImageBatches


def test_a_dataset_of_a_folder_tells_its_arguments(tree):
    dataset = folder(tree, validation_split=0.5, subset="training", interpolation="box")
    told = {
        "directory": tree, "subset": "training", "image_size": (8, 6), "target_size": (8, 6),
        "image_shape": (8, 6, 3), "color_mode": "rgb", "interpolation": "box", "dtype": "uint8",
        "data_format": "channels_last", "n": 5, "class_mode": None, "save_to_dir": None,
    }  # fmt: skip
    assert {name: getattr(dataset, name) for name in told} == told
    first = folder(tree, data_format="channels_first", transform=lambda x, indices, epoch: x / 2)
    assert (first.image_shape, first.image_size, first.dtype) == ((3, 8, 6), (8, 6), None)
    assert from_arrays(X).image_size is None, "nobody said where the channels are"


def test_an_image_is_replayed_with_what_is_known_of_its_transformation(tree):
    plain = from_arrays(X, seed=1, transform=lambda x, indices, epoch: x + 10 * epoch)
    image, parameters = plain.replay(7, epoch=2)
    np.testing.assert_array_equal(image, X[7] + 20)
    assert parameters is None
    assert plain.parameters(7) is None
    image, parameters = flow(tree).replay(7, epoch=2)
    assert image.shape == (8, 6, 3)
    assert 0 < abs(parameters["theta"]) <= 40
    for ask in (plain.replay, plain.parameters):
        with pytest.raises(IndexError, match="index=10 is outside of 0 to 9"):
            ask(10)
        with pytest.raises(ValueError, match="epoch=-1 must be an integer"):
            ask(0, epoch=-1)


def test_looking_at_an_image_saves_no_file(tree, tmp_path):
    batches = flow(tree, save_to_dir=tmp_path / "saved")
    image, _ = batches.replay(3)
    np.testing.assert_array_equal(batches.image(3, epoch=0), image)
    assert not (tmp_path / "saved").exists()
    batches[0]
    assert len(list((tmp_path / "saved").iterdir())) == 10


def test_next_goes_on_from_epoch_to_epoch_in_every_dataset():
    dataset = from_arrays(X, np.arange(10), batch_size=4, seed=1)
    expected = [dataset.indices(number, epoch).tolist() for epoch in (0, 1) for number in range(3)]
    assert [next(dataset)[1].tolist() for _ in range(4)] == expected[:4]
    assert (dataset.batch_index, dataset.epoch) == (1, 1)
    dataset.reset()
    assert dataset.next()[1].tolist() == expected[3]
    copy = pickle.loads(pickle.dumps(dataset))
    assert (copy.batch_index, copy.epoch) == (0, 1)
    assert next(copy)[1].tolist() == expected[3]


def test_hints_are_for_users_of_the_legacy_class_alone(capsys, monkeypatch):
    monkeypatch.setattr("kcore.data._legacy_hints._given", set())
    dataset = from_arrays(X, seed=1, transform=lambda x, indices, epoch: x + epoch)
    for _ in range(2):
        (batch,) = dataset
        assert len(dataset[0]) == len(batch) == 10
    assert capsys.readouterr().out == ""
