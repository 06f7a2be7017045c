"""Several arrays as inputs and targets, and what is refused instead."""

import keras
import numpy as np
import pytest
from oracles.image_trees import write_tree

from kcore.data import from_arrays, from_files, scan

X = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1) * np.ones((1, 2, 2, 3), np.uint8)
Y = np.arange(10)
OPTIONS = {"batch_size": 4, "shuffle": True, "seed": 3}


def served(dataset):
    return [(dataset.indices(number), batch) for number, batch in enumerate(dataset)]


def test_a_dictionary_of_targets():
    for indices, (_, y) in served(from_arrays(X, {"a": Y, "b": (-Y).tolist()}, **OPTIONS)):
        assert set(y) == {"a", "b"}
        np.testing.assert_array_equal(y["a"], indices)
        np.testing.assert_array_equal(y["b"], -indices)


@pytest.mark.parametrize("kind", [list, tuple])
def test_a_sequence_of_targets(kind):
    two = kind([Y, np.stack([Y, 2 * Y], 1)])
    for indices, (_, y) in served(from_arrays(X, two, **OPTIONS)):
        assert isinstance(y, tuple)
        np.testing.assert_array_equal(y[0], indices)
        np.testing.assert_array_equal(y[1][:, 1], 2 * indices)


@pytest.mark.parametrize(
    "rows", [Y.tolist(), tuple(Y.tolist()), [[n, 1] for n in Y], list(np.eye(10)[:, :3])], ids=str
)
def test_a_list_of_rows_is_one_array(rows):
    for indices, (_, y) in served(from_arrays(X, rows, **OPTIONS)):
        np.testing.assert_array_equal(y, np.asarray(rows)[indices])


def test_what_may_be_rows_or_outputs_is_refused():
    message = "y is a list of 3 arrays of 3 entries each, for 3 samples: one array or"
    with pytest.raises(ValueError, match=message):
        from_arrays(X[:3], [Y[:3], Y[:3], Y[:3]])


def test_several_inputs_go_with_their_images():
    seen = []

    def transform(inputs, indices, epoch):
        seen.append(sorted(inputs))
        return {**inputs, "image": inputs["image"] + 1}

    dataset = from_arrays({"image": X, "number": Y}, Y, transform=transform, **OPTIONS)
    assert dataset.samples == 10
    for indices, (x, y) in served(dataset):
        np.testing.assert_array_equal(x["number"], indices)
        np.testing.assert_array_equal(x["image"][:, 0, 0, 0], y + 1)
    assert seen == [["image", "number"]] * 3
    assert dataset.image(7)["image"].shape == (2, 2, 3)
    assert dataset.image(7, epoch=0)["image"][0, 0, 0] == 8


def test_fit_with_named_inputs_and_outputs():
    image, number = keras.Input((2, 2, 3), name="image"), keras.Input((1,), name="number")
    joined = keras.layers.Concatenate()([keras.layers.Flatten()(image), number])
    heads = {name: keras.layers.Dense(1, name=name)(joined) for name in ("a", "b")}
    model = keras.Model({"image": image, "number": number}, heads)
    model.compile("sgd", {"a": "mse", "b": "mse"})
    x = {"image": X / np.float32(255), "number": (Y / np.float32(10))[:, None]}
    y = {"a": np.float32(Y[:, None]), "b": np.zeros((10, 1), np.float32)}
    expected = model.evaluate(x, y, verbose=0)
    assert model.evaluate(from_arrays(x, y, batch_size=5), verbose=0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        (range(10), None, TypeError, "x is of type range, which can't be indexed by an array"),
        ((image for image in X), None, TypeError, "x is of type generator"),
        (iter(X), None, TypeError, "x is of type iterator"),
        ((X, Y), None, TypeError, "x is a tuple: give one array of images, or for a model with"),
        ({}, None, ValueError, "x={} names no input"),
        ({"a": X, "b": Y[:3]}, None, ValueError, r"x\['b'\] with shape \(3,\) must have one"),
        (3.0, None, TypeError, "x is of type float"),
        (np.array(3.0), None, ValueError, r"x has shape \(\)"),
        (X, range(10), TypeError, r"y is of type range.* np.array\(list\(y\)\)"),
        (X, iter(Y), TypeError, "y is of type"),
        (X, map(int, Y), TypeError, "y is of type map"),
        (X, zip(Y, Y, strict=True), TypeError, "y is of type zip"),
        (X, set(Y.tolist()), TypeError, "y is of type set"),
        (X, 3, TypeError, "y is of type int"),
        (X, {}, ValueError, "y={} names no output"),
        (X, {"a": Y, "b": Y[:3]}, ValueError, r"y\['b'\] with shape \(3,\) must have one"),
        (X, {"a": 3}, ValueError, r"y\['a'\] with shape \(\) must have one entry"),
        (X, [Y, Y[:3]], ValueError, r"y\[1\] with shape \(3,\) must have one entry"),
        (X, [1, 2], ValueError, r"y with shape \(2,\) must have one entry for each of 10"),
    ],
)
def test_what_is_refused(x, y, error, message):
    with pytest.raises(error, match=message):
        from_arrays(x, y)


def test_weights_are_an_array():
    for weights in (range(10), iter(Y)):
        with pytest.raises(TypeError, match="sample_weight is of type"):
            from_arrays(X, Y, sample_weight=weights)


class ByIndex:
    """Targets that are made when they are asked for."""

    def __getitem__(self, indices):
        return 10 * indices


@pytest.mark.parametrize(
    ("targets", "numbers"),
    [
        (Y[:8], lambda y: y),
        (Y[:8].tolist(), lambda y: y),
        ({"a": Y[:8]}, lambda y: y["a"]),
        ((Y[:8], -Y[:8]), lambda y: -y[1]),
        (ByIndex(), lambda y: y // 10),
    ],
    ids=["array", "list", "dictionary", "tuple", "object"],
)
def test_quarantine_takes_targets_and_weights_along(tmp_path, targets, numbers):
    tree = write_tree(tmp_path / "tree", {"cat": 4, "dog": 4})
    for name in ("cat/001.png", "dog/003.png"):
        (tree / name).write_bytes(b"")
    with pytest.warns(UserWarning, match="2 of 8 images are bad and left out"):
        dataset = from_files(
            scan(tree), targets, sample_weight=np.arange(8) / 8, bad_files="quarantine",
            image_size=(8, 8), batch_size=4, seed=3,
        )  # fmt: skip
    good = np.array([0, 2, 3, 4, 5, 6])
    assert dataset.filenames[-1] == "dog/002.png"
    for indices, (_, y, weight) in served(dataset):
        np.testing.assert_array_equal(numbers(y), good[indices])
        np.testing.assert_array_equal(weight, good[indices] / 8)
