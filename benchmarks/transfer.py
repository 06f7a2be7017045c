"""Time transfer learning against stock Keras: epochs of the head, and prediction on files.

The course's network is timed, InceptionV3 up to mixed7 for images of 150 by 150. Its head is
trained on features that are computed once; stock Keras runs the frozen base in each step. With
"flatten" the head has 38.5 million parameters, and RMSprop's update of them takes most of an epoch
on features: then larger batches, which need fewer updates, gain most. Epochs are in seconds of
processor time, which other programs disturb less; they are proportional to the number of images.

Files are classified by `kcore.models.classify`; stock Keras loads them one after the other with its
`load_img`, and calls `predict`.
"""

import argparse
import tempfile
import time
from pathlib import Path

import harness
import keras
import numpy as np

import kcore

IMAGE = (96, 96)
BATCH = 32
HEADS = (("average", 20), ("flatten", 20), ("flatten", 100))


def main():
    """Measure both, print tables and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200, help="how many to train on")
    parser.add_argument("--files", type=int, default=512, help="how many to classify")
    harness.rounds_option(parser, default=3)
    options = parser.parse_args()
    backend = keras.backend.backend()
    about = harness.environment(["keras", "tensorflow", "jax", "numpy", "pillow"])
    groups = {
        f"epoch of the head, {pooling}, batches of {batch}, {backend}": time_epochs(
            options.images, pooling, batch, options.rounds
        )
        for pooling, batch in HEADS
    } | {
        f"{options.files} files, {backend}": time_files(options.files, options.rounds),
    }
    for group, timings in groups.items():
        print(f"\n{group}\n\n{harness.table(timings, 'kcore')}")
    print(f"\nWritten to {harness.save(f'transfer-{backend}', groups, about)}")


def classifier(class_names=None):
    """Cut MobileNetV2 with random weights, which take as long as those of ImageNet."""
    return kcore.models.transfer(
        "MobileNetV2",
        "block_13_expand_relu",
        classes=2,
        input_shape=(*IMAGE, 3),
        pooling="average",
        hidden_units=128,
        class_names=class_names,
        seed=0,
    )


class EpochSeconds(keras.callbacks.Callback):
    """Notes the seconds of each epoch but the first, which compiles."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self._start = time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        """Stop the clock."""
        if epoch:
            self.seconds.append(time.process_time() - self._start)


def time_epochs(images, pooling, batch, rounds):
    """Time epochs of both ways after the first."""
    (x, y), _ = kcore.datasets.scenes.load_data(
        images, 0, image_size=(150, 150), classes=("heart", "house")
    )
    ours, stock = EpochSeconds(), EpochSeconds()
    options = {"epochs": rounds + 1, "batch_size": batch, "verbose": 0}
    kcore.models.train_head(course(pooling), x, y, callbacks=[ours], seed=0, **options)
    model = course(pooling)
    model.compile(keras.optimizers.RMSprop(1e-4), "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, callbacks=[stock], **options)
    return [
        harness.Timing("kcore", ours.seconds),
        harness.Timing("stock Keras, base in the loop", stock.seconds),
    ]


def course(pooling):
    """Cut InceptionV3 with random weights, which take as long as those of ImageNet."""
    return kcore.models.transfer(
        "InceptionV3", "mixed7", input_shape=(150, 150, 3), pooling=pooling, seed=0
    )


def time_files(count, rounds):
    """Time both ways of classifying JPEG files of 300 by 300."""
    (x, _), _ = kcore.datasets.scenes.load_data(64, 0, image_size=(300, 300))
    model = classifier(class_names=("heart", "house"))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number in range(count):
            paths.append(Path(folder, f"{number}.jpg"))
            kcore.images.save_img(paths[-1], x[number % len(x)], scale=False)
        timings = harness.measure(
            {
                "kcore": lambda: kcore.models.classify(model, paths, batch_size=BATCH),
                "stock Keras": lambda: predict_with_keras(model, paths),
            },
            rounds,
        )
    return list(timings.values())


def predict_with_keras(model, paths):
    """Load the files one by one, as Keras's documentation does, and predict."""
    images = [
        keras.utils.img_to_array(keras.utils.load_img(path, target_size=IMAGE)) for path in paths
    ]
    return model.predict(np.stack(images), batch_size=BATCH, verbose=0)


if __name__ == "__main__":
    main()
