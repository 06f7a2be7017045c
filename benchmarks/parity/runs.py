"""The training runs that must be the same on every backend, each a function of a seed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

import kcore

__all__ = ["ACCURACY_SEEDS", "PROBES", "RUNS", "TWINS", "Prepared", "Run"]

# The images whose answers are followed.
PROBES = 64
TWINS = 4
ACCURACY_SEEDS = (0, 1, 2, 3, 4)
AUGMENTATION = {
    "rotation_range": 20,
    "width_shift_range": 0.1,
    "height_shift_range": 0.1,
    "zoom_range": 0.1,
    "horizontal_flip": True,
    "rescale": 1 / 255,
    "data_format": "channels_last",
    "dtype": "float32",
}


@dataclass
class Prepared:
    """A compiled model, the dataset that feeds `fit`, and images and labels to test with."""

    model: keras.Model
    data: kcore.data.ImageBatches
    x_test: np.ndarray[Any, Any]
    y_test: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Run:
    """A training run.

    Attributes:
        title: what the picture calls it.
        prepare: a function of a seed and a folder for files.
        steps: how many steps are followed.
        limit: the largest difference of a probability that is allowed, for `limit_steps`.
        limit_steps: the number of steps to which `limit` applies.
        is_chaotic: whether differences in rounding grow by themselves, so that twins are drawn
            beside the run, whose weights began one unit in the last place away.
        accuracy_steps: after how many steps the test accuracies of several seeds are compared.
    """

    title: str
    prepare: Callable[[int, Path], Prepared]
    steps: int
    limit: float
    limit_steps: int
    is_chaotic: bool = False
    accuracy_steps: int | None = None


def _fashion() -> Any:
    return kcore.datasets.fashion_mnist.load_data()


def _scaled(images: Any) -> Any:
    return images / np.float32(255)


def mlp(seed: int, folder: Path) -> Prepared:
    """Fashion-MNIST by an MLP with dropout."""
    (x, y), test = _fashion()
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu", name="hidden"),
            kcore.layers.Dropout(0.2, seed=seed, name="dropout"),
            keras.layers.Dense(10, activation="softmax", name="predictions"),
        ]
    )
    return _compiled(model, seed, kcore.data.from_arrays(_scaled(x), y, seed=seed), test)


def cnn(seed: int, folder: Path) -> Prepared:
    """Fashion-MNIST by a CNN with dropout, and augmentation from arrays."""
    (x, y), test = _fashion()
    layers = [
        keras.layers.Conv2D(32, 3, activation="relu", name="conv_1"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Conv2D(32, 3, activation="relu", name="conv_2"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Flatten(),
        keras.layers.Dense(64, activation="relu", name="hidden"),
        kcore.layers.Dropout(0.3, seed=seed, name="dropout"),
        keras.layers.Dense(10, activation="softmax", name="predictions"),
    ]
    model = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    generator = kcore.augment.ImageDataGenerator(**AUGMENTATION)
    data = generator.flow(x[..., None], y, seed=seed, verbose=False)
    return _compiled(model, seed, data, test)


def smooth_cnn(seed: int, folder: Path) -> Prepared:
    """The same data by a CNN without kinks: softplus for ReLU, averages for maxima."""
    (x, y), test = _fashion()
    layers = [
        # Softplus is never negative, so the network only learns quickly from centered images.
        keras.layers.Rescaling(2, offset=-0.6),
        keras.layers.Conv2D(16, 3, activation="softplus", name="conv_1"),
        keras.layers.AveragePooling2D(2),
        keras.layers.Conv2D(16, 3, activation="softplus", name="conv_2"),
        keras.layers.AveragePooling2D(2),
        keras.layers.Flatten(),
        kcore.layers.Dropout(0.3, seed=seed, name="dropout"),
        keras.layers.Dense(10, activation="softmax", name="predictions"),
    ]
    model = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    generator = kcore.augment.ImageDataGenerator(**AUGMENTATION)
    data = generator.flow(x[..., None], y, seed=seed, verbose=False)
    return _compiled(model, seed, data, test)


def binary_cnn(seed: int, folder: Path) -> Prepared:
    """Two classes of images in a folder by the CNN of `kcore.models.binary_cnn`."""
    root = folder / "scenes"
    if not root.exists():
        kcore.datasets.scenes.write_directory(
            root, train=400, validation=2, image_size=(96, 96), classes=("ball", "ring")
        )
    generator = kcore.augment.ImageDataGenerator(**AUGMENTATION)
    data = generator.flow_from_directory(
        root / "train", target_size=(64, 64), class_mode="binary", seed=seed, verbose=False
    )
    model = kcore.models.binary_cnn((64, 64, 3), hidden_units=64, seed=seed)
    kcore.models.compile_binary_classifier(model, optimizer=keras.optimizers.Adam())
    images = np.stack([data.image(index) for index in range(PROBES)])
    return Prepared(model, data, _scaled(images.astype("float32")), data.labels[:PROBES])


def _compiled(model: keras.Model, seed: int, data: Any, test: Any) -> Prepared:
    kcore.initializers.reinitialize(model, seed)
    kcore.models.compile_classifier(model, optimizer=keras.optimizers.Adam())
    x_test, y_test = test
    return Prepared(model, data, _scaled(x_test).reshape(-1, *model.input_shape[1:]), y_test)


RUNS = {
    "mlp": Run("MLP with dropout", mlp, 1000, 1e-5, 1000, accuracy_steps=1875),
    "smooth_cnn": Run("smooth CNN, dropout and augmentation", smooth_cnn, 200, 1e-6, 200),
    "cnn": Run(
        "CNN, dropout and augmentation", cnn, 60, 1e-6, 10, is_chaotic=True, accuracy_steps=200
    ),
    "binary_cnn": Run(
        "binary CNN on a folder, augmentation", binary_cnn, 60, 1e-6, 5, is_chaotic=True
    ),
}
