"""A `transform` that asks for targets, and targets that are copies of the images."""

import functools

import numpy as np
import pytest

import kcore
from kcore.data import from_arrays

X = np.random.default_rng(0).integers(0, 256, (10, 4, 3, 3)).astype("uint8")
Y = np.eye(10, dtype="float32")
OPTIONS = {"batch_size": 4, "seed": 3}


def mix_up(images, indices, epoch, targets):
    """Mix each image and its target with the one before it in the batch."""
    keys = kcore.random.sample_keys(7, epoch, indices)
    weight = kcore.random.uniform(keys, ())
    pixels = weight[:, None, None, None]
    mixed = pixels * images + (1 - pixels) * np.roll(images, 1, axis=0)
    return mixed, weight[:, None] * targets + (1 - weight[:, None]) * np.roll(targets, 1, axis=0)


def test_images_and_targets_are_mixed_alike():
    dataset = from_arrays(X, Y, sample_weight=np.arange(10), transform=mix_up, **OPTIONS)
    dataset.epoch = 2
    for number, (x, y, weight) in enumerate(dataset):
        indices = dataset.indices(number, epoch=2)
        np.testing.assert_array_equal(weight, indices)
        # The target is all that is known about a mixed image: it says what it was mixed of.
        np.testing.assert_allclose(x, np.tensordot(y, X, 1), rtol=1e-5)
        np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-6)
        assert (np.count_nonzero(y, axis=1) == 2).all()
        partners = np.roll(indices, 1)
        assert [set(np.flatnonzero(row)) for row in y] == [
            {int(one), int(other)} for one, other in zip(indices, partners, strict=True)
        ]


def test_mixing_repeats_and_differs_between_epochs():
    batches = [from_arrays(X, Y, transform=mix_up, **OPTIONS)[0] for _ in range(2)]
    np.testing.assert_array_equal(batches[0][0], batches[1][0])
    dataset = from_arrays(X, Y, transform=mix_up, shuffle=False, **OPTIONS)
    first = dataset[0][1]
    dataset.epoch = 1
    assert (dataset[0][1] != first).any(axis=1).all()


def test_it_is_the_name_of_the_parameter_that_asks():
    class Callable:
        def __call__(self, images, indices, epoch, *, targets):
            return images, targets + 1

    def plain(images, indices, epoch, extra=None):
        assert extra is None
        return images

    partial = functools.partial(lambda images, indices, epoch, by, targets: (images, targets + by))
    for transform, expected in (
        (Callable(), 1),
        (functools.partial(partial, by=2), 2),
        (plain, 0),
    ):
        dataset = from_arrays(X, np.arange(10), transform=transform, shuffle=False, **OPTIONS)
        assert dataset[1][1].tolist() == [4 + expected, 5 + expected, 6 + expected, 7 + expected]


def test_several_outputs_are_asked_for_as_they_are():
    def shift(images, indices, epoch, targets):
        return images, {"a": targets["a"] + 100}

    dataset = from_arrays(X, {"a": np.arange(10)}, transform=shift, shuffle=False, **OPTIONS)
    assert dataset[2][1]["a"].tolist() == [108, 109]


@pytest.mark.parametrize(
    ("y", "message"),
    [(None, "parameter named targets, but there are none"), ("input", "'input' makes them from")],
)
def test_there_must_be_targets_to_ask_for(y, message):
    with pytest.raises(ValueError, match=message):
        from_arrays(X, y, transform=mix_up)


@pytest.mark.parametrize(
    ("result", "kind"), [(X, "ndarray"), ((X,), "a tuple of 1"), (None, "NoneType")]
)
def test_a_pair_must_come_back(result, kind):
    def forgetful(images, indices, epoch, targets):
        return result

    with pytest.raises(TypeError, match=f"transform=forgetful has .* and returned {kind}: it must"):
        from_arrays(X, Y, transform=forgetful, num_threads=1)[0]


def test_one_image_is_not_shown_for_a_mixture():
    dataset = from_arrays(X, Y, transform=mix_up)
    np.testing.assert_array_equal(dataset.image(3), X[3])
    with pytest.raises(ValueError, match=r"index=3, epoch=1: the transform takes targets, and so"):
        dataset.image(3, epoch=1)


@pytest.mark.parametrize("transform", [None, lambda images, indices, epoch: images / 255])
def test_images_as_targets_are_a_copy(transform):
    x, y = from_arrays(X, "input", transform=transform, **OPTIONS)[0]
    np.testing.assert_array_equal(x, y)
    before = y.copy()
    x += 1  # noise that is added in its own memory
    np.testing.assert_array_equal(y, before)
