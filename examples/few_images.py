"""Classes to learn from, and a few images of other classes to learn, for the transfer examples."""

from dataclasses import dataclass
from typing import Any

import command_line  # noqa: F401 -- first, because it chooses the backend

import keras
import numpy as np

import kcore

EXAMPLES_OF_EACH = 20
SCENES = (
    ("ball", "ring", "star", "cross", "arrow"),
    ("crescent", "heart", "house", "flower", "bolt"),
)
# The new classes include those that are confused most: four kinds of tops.
CLOTHES = ((1, 3, 5, 7, 8), (0, 2, 4, 6, 9))


@dataclass(frozen=True)
class Task:
    """Images, uint8 with a channel axis, and class indices from 0 to 4.

    Attributes:
        filters: those of a CNN for such images.
        pretraining_epochs: passes over the old classes.
        old_names: the classes to learn from.
        new_names: the classes to learn.
        old: (images, labels) of the old classes.
        choosing: (images, labels) of the new classes to draw a few from, and others to evaluate on.
        testing: the same; no image is in both.
    """

    filters: tuple[int, ...]
    pretraining_epochs: int
    old_names: tuple[str, ...]
    new_names: tuple[str, ...]
    old: Any
    choosing: Any
    testing: Any


def load(name, quick=False):
    """Return the task "scenes" or "fashion-mnist", with less data if `quick`."""
    return scenes(quick) if name == "scenes" else clothes(quick)


def scenes(quick):
    """Draw scenes; no scene is drawn with two seeds."""
    few, many, old = (100, 100, 200) if quick else (600, 2000, 5000)

    def make(train, test, classes, seed):
        return kcore.datasets.scenes.load_data(
            train, test, image_size=(32, 32), classes=classes, seed=seed
        )

    return Task(
        (32, 64, 64),
        1 if quick else 8,
        *SCENES,
        old=make(old, 0, SCENES[0], 0)[0],
        choosing=make(few, many // 2, SCENES[1], 1),
        testing=make(few, many, SCENES[1], 2),
    )


def clothes(quick):
    """Take Fashion-MNIST; the images to choose by are all from its training images."""
    (x, y), test = kcore.datasets.fashion_mnist.load_data()
    names = kcore.datasets.fashion_mnist.CLASS_NAMES

    def part(images, labels, classes, start=0, stop=None):
        of_each = [np.flatnonzero(labels == label)[start:stop] for label in classes]
        indices = np.sort(np.concatenate(of_each))
        return images[indices][..., None], np.searchsorted(classes, labels[indices])

    old, new = CLOTHES
    return Task(
        (32, 64),
        1 if quick else 4,
        *(tuple(names[label] for label in classes) for classes in CLOTHES),
        old=part(x, y, old, stop=40 if quick else 4000),
        choosing=(part(x, y, new, 0, 600), part(x, y, new, 600, 1000)),
        testing=(part(x, y, new, 1000), part(*test, new, stop=20 if quick else None)),
    )


def draw(pool, seed):
    """Draw the few images of each of the new classes."""
    x, y = pool
    few = []
    for label in range(5):
        of_class = np.flatnonzero(y == label)
        key = kcore.random.fold_in(kcore.random.key(seed), label)
        few.append(of_class[kcore.random.permutation(key, len(of_class))[:EXAMPLES_OF_EACH]])
    few = np.concatenate(few)
    return x[few], y[few]


def scaled(data):
    """Return (images, labels) with image values in 0..1."""
    return data[0] / np.float32(255), data[1]


def pretrained(task):
    """Return a CNN that was trained on the old classes."""
    shape = task.old[0].shape[1:]
    base = kcore.models.cnn(shape, classes=5, filters=task.filters, seed=0)
    kcore.models.compile_classifier(base)
    keras.utils.set_random_seed(0)
    base.fit(*scaled(task.old), epochs=task.pretraining_epochs, batch_size=64)
    return base


def transferred(base, cut_at, task, seed):
    """Put a new head on the frozen CNN."""
    return kcore.models.transfer(
        base,
        cut_at,
        classes=5,
        preprocessing="unit",
        hidden_units=128,
        class_names=task.new_names,
        seed=seed,
    )


def fresh(task, rate, seed):
    """Return the same CNN without training, compiled."""
    keras.utils.set_random_seed(seed)
    shape = task.old[0].shape[1:]
    model = kcore.models.cnn(shape, classes=5, filters=task.filters, seed=seed + 1)
    return kcore.models.compile_classifier(model, optimizer=keras.optimizers.Adam(rate))


def accuracy(model, data):
    """Return the accuracy on (images, labels)."""
    return model.evaluate(*data, batch_size=500, verbose=0)[1]
