"""An epoch of the binary CNN on a folder of JPEG files with the course's augmentation.

This is what a user feels: files, decoding, augmentation and training together. The candidates take
turns, each with the best settings that its documentation gives, and each trains a model of its own
with the same layers. kcore's first epoch decodes the files, and later ones find the decoded images
in its cache; so do those candidates whose name says "decoded before".

"waiting" is the share of the epoch beyond the time of as many training steps on batches that are
there already. It counts what `fit` waits for batches, and also what the training loses to threads
that prepare them on the same cores.
"""

import argparse
import os
import tempfile
import threading
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import augment
import cv2
import directory
import harness
import keras
import numpy as np
import tensorflow as tf
import tf_keras

import kcore

BATCH_SIZE = 32
COURSE = harness.COURSE
OURS = "kcore, later epochs"
STEPS = "training steps alone"
WAITING = "waiting"


def main() -> None:
    """Measure, print the table, save the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    harness.rounds_option(parser, default=4)
    parser.add_argument("--images", type=int, default=512, help="files in the folder")
    parser.add_argument("--file-size", type=int, default=400, help="pixels of a file's side")
    parser.add_argument("--size", type=int, default=150, help="pixels of a side in the batch")
    parser.add_argument("--only", nargs="+", help="names of candidates, besides the first two")
    options = parser.parse_args()
    if options.images % BATCH_SIZE:
        parser.error(f"--images {options.images} must be a multiple of {BATCH_SIZE}.")
    packages = ["keras", "tf_keras", "tensorflow", "jax", "albumentations", "pillow", "kcore"]
    about = harness.environment([*packages, "opencv-python-headless"])
    with tempfile.TemporaryDirectory() as folder:
        directory.write_folder(Path(folder), options.images, options.file_size)
        timings = compare(folder, options)
    backend = keras.backend.backend()
    steps, size = options.images // BATCH_SIZE, options.size
    print(f"\nAn epoch of {steps} steps, {options.file_size} to {size} pixels, on {backend}\n")
    print(harness.table(timings, OURS))
    print(f"\nSaved {harness.save(f'fit_folder-{backend}', {str(size): timings}, about)}")


def compare(folder, options):
    """Time an epoch of each candidate."""
    shape = (options.size, options.size, 3)
    chosen = {
        name: make
        for name, make in CANDIDATES.items()
        if not options.only or name in [OURS, STEPS, *options.only]
    }
    feeds = {name: make(folder, options.size) for name, make in chosen.items()}

    def epoch(feed):
        # A model for each: TensorFlow would compile a shared one for all kinds of datasets at once.
        model = kcore.models.compile_binary_classifier(kcore.models.binary_cnn(shape, seed=0))
        return lambda: model.fit(feed(), epochs=1, verbose=0)

    timings = harness.measure({name: epoch(feed) for name, feed in feeds.items()}, options.rounds)
    alone = timings[STEPS]
    for timing in timings.values():
        share = 1 - 1 / alone.times_faster_than(timing)
        timing.notes[WAITING] = "" if timing is alone else f"{max(0, share):.0%}"
    return list(timings.values())


def kcore_flow(folder, size):
    """Return kcore's batches of the folder, with a cache in memory."""
    return kcore.augment.ImageDataGenerator(**COURSE).flow_from_directory(
        folder,
        target_size=(size, size),
        batch_size=BATCH_SIZE,
        class_mode="binary",
        seed=7,
        cache="memory",
        verbose=False,
    )


def steps_alone(folder, size):
    """Train on an epoch of batches that are in memory."""
    batches = InMemory(list(kcore_flow(folder, size)))
    return lambda: batches


class InMemory(keras.utils.PyDataset):
    """Batches that are there."""

    def __init__(self, batches):
        super().__init__()
        self._batches = batches

    def __len__(self):
        return len(self._batches)

    def __getitem__(self, index):
        return self._batches[index]


def kcore_first(folder, size):
    """Scan the folder and decode its files anew in each round."""
    return lambda: kcore_flow(folder, size)


def kcore_later(folder, size):
    """Take the decoded images from the cache, which the warm-up fills."""
    flow = kcore_flow(folder, size)
    return lambda: flow


def legacy(folder, size):
    """Feed the course's own class of Keras 2 to Keras 3, on threads."""
    batches = tf_keras.preprocessing.image.ImageDataGenerator(**COURSE).flow_from_directory(
        folder, target_size=(size, size), batch_size=BATCH_SIZE, class_mode="binary"
    )
    feed = Legacy(batches, workers=2)
    return lambda: feed


class Legacy(keras.utils.PyDataset):
    """The batches of a legacy iterator, which Keras 3 doesn't take."""

    def __init__(self, batches, **options):
        super().__init__(**options)
        self._batches = batches

    def __len__(self):
        return len(self._batches)

    def __getitem__(self, index):
        return self._batches[index]

    def on_epoch_end(self):
        """Shuffle."""
        self._batches.on_epoch_end()


def keras_layers(decoded_before):
    """Map Keras's layers over Keras's dataset, as its guides do, on as many threads as tf.data."""

    def make(folder, size):
        dataset = keras.utils.image_dataset_from_directory(
            folder,
            image_size=(size, size),
            batch_size=BATCH_SIZE,
            interpolation="nearest",
            label_mode="binary",
            verbose=False,
        )
        layers = augment.course_layers()

        def augmented(images, labels):
            for layer in layers:
                images = layer(images, training=True)
            return images, labels

        if decoded_before:
            dataset = dataset.cache()
        dataset = dataset.map(augmented, num_parallel_calls=tf.data.AUTOTUNE)
        dataset = dataset.prefetch(tf.data.AUTOTUNE)
        return lambda: dataset

    return make


def albumentations(decoded_before):
    """Decode with OpenCV and transform with Albumentations, on two threads of a `PyDataset`."""

    def make(folder, size):
        feed = Albumentations(folder, size, decoded_before, workers=2)
        return lambda: feed

    return make


class Albumentations(keras.utils.PyDataset):
    """Batches of transformed images, in a new order in each epoch."""

    def __init__(self, folder, size, decoded_before, **options):
        super().__init__(**options)
        cv2.setNumThreads(1)  # the threads of the dataset are enough
        self._paths = sorted(Path(folder).rglob("*.jpg"))
        names = sorted({path.parent.name for path in self._paths})
        self._labels = np.array(
            [[names.index(path.parent.name)] for path in self._paths], "float32"
        )
        self._size = (size, size)
        self._decoded = [self._decode(path) for path in self._paths] if decoded_before else None
        self._own = threading.local()  # a pipeline's random numbers are for one thread
        self._rng = np.random.default_rng(7)
        self.on_epoch_end()

    def __len__(self):
        return len(self._paths) // BATCH_SIZE

    def on_epoch_end(self):
        """Shuffle."""
        self._order = self._rng.permutation(len(self._paths))

    def __getitem__(self, index):
        numbers = self._order[index * BATCH_SIZE : (index + 1) * BATCH_SIZE]
        if not hasattr(self._own, "pipeline"):
            self._own.pipeline = augment.albumentations_pipeline()
        images = np.empty((len(numbers), *self._size, 3), "float32")
        for position, number in enumerate(numbers):
            images[position] = self._own.pipeline(image=self._image(number))["image"]
        return images, self._labels[numbers]

    def _image(self, number):
        return self._decode(self._paths[number]) if self._decoded is None else self._decoded[number]

    def _decode(self, path):
        image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        return cv2.resize(image, self._size, interpolation=cv2.INTER_NEAREST)


CANDIDATES = {
    OURS: kcore_later,
    STEPS: steps_alone,
    "kcore, first epoch": kcore_first,
    "legacy ImageDataGenerator": legacy,
    "Keras layers, tf.data": keras_layers(decoded_before=False),
    "Keras layers, tf.data, decoded before": keras_layers(decoded_before=True),
    "Albumentations, 2 threads": albumentations(decoded_before=False),
    "Albumentations, 2 threads, decoded before": albumentations(decoded_before=True),
}


if __name__ == "__main__":
    main()
