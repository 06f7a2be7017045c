"""The course's augmentation, uint8 in, float32 in 0..1 out: kcore against its peers.

All candidates take the same images to the arrays that `fit` receives, batch by batch, in turns in
one process. Those that cannot do the course's recipe exactly do the nearest thing to it. Those
with "uint8 out" leave the division by 255 to the model.
"""

import argparse
import multiprocessing
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

import albumentations
import cv2
import harness
import numpy as np
from PIL import Image

BATCH_SIZE = 32
CORES = os.cpu_count()
COURSE = {**harness.COURSE, "data_format": "channels_last"}
OURS = "kcore"
PROCESSOR = "processor ms/image"
BYTES_OUT = "uint8 out"


def main() -> None:
    """Measure each size, print the tables, save the numbers."""
    import keras

    parser = argparse.ArgumentParser(description=__doc__)
    harness.rounds_option(parser, default=5)
    parser.add_argument("--sizes", nargs="+", type=int, default=[300, 224, 150])
    parser.add_argument("--batch-size", type=int, default=BATCH_SIZE)
    parser.add_argument("--only", nargs="+", help="names of candidates, besides kcore")
    options = parser.parse_args()
    packages = ["keras", "keras-aug", "albumentations", "opencv-python-headless", "pillow"]
    about = harness.environment([*packages, "tensorflow", "jax", "numpy", "kcore"])
    backend = keras.backend.backend()
    groups = {}
    for size in options.sizes:
        print(f"\n{options.batch_size} images of {size}x{size}x3 on {backend}\n", flush=True)
        groups[f"{size}"] = compare(size, options)
        print(table(groups[f"{size}"]), flush=True)
    path = harness.save(f"augment-{backend}", groups, about)
    print(f"\nSaved {path}")


def compare(size, options):
    """Time all candidates; a timing's seconds are those of one image."""
    images = natural_images(options.batch_size, size)
    candidates = {
        name: make(images)
        for name, make in CANDIDATES.items()
        if not options.only or name in [OURS, *options.only]
    }
    batches = {name: 1 if name in SLOW else 10 for name in candidates}

    processor = {name: [] for name in candidates}

    def several(name):
        def run():
            start = time.process_time()
            for number in range(batches[name]):
                batch = candidates[name](number)
                check(batch, images, name)
            processor[name].append(time.process_time() - start)

        return run

    timings = harness.measure({name: several(name) for name in candidates}, options.rounds)
    for name, timing in timings.items():
        count = batches[name] * len(images)
        timing.seconds = [each / count for each in timing.seconds]
        if name not in NOT_ARRAYS:  # these work in other processes
            spent = statistics.median(processor[name][1:]) / count
            timing.notes[PROCESSOR] = f"{1000 * spent:.2f}"
    return list(timings.values())


def check(batch, images, name):
    """Hold every candidate to the same work: floats in 0..1 of images that have changed."""
    if name in NOT_ARRAYS:
        return
    assert batch.shape == images.shape, name
    assert batch.dtype == ("uint8" if name.endswith(BYTES_OUT) else "float32"), name
    if batch.dtype == "uint8":
        batch = batch[:1] / 255
    assert 0.1 < batch[0].mean() < 0.9, name
    assert abs(batch[0] - images[0] / 255).mean() > 0.01, name


def table(timings):
    """Return a Markdown table of images a second, and how many times faster kcore is."""
    mine = next(timing for timing in timings if timing.name == OURS)
    rows = [["candidate", "images/s", "range", f"{OURS} is faster by", PROCESSOR], ["---"] * 5]
    for timing in sorted(timings, key=lambda timing: timing.median):
        slowest, fastest = (1 / each(timing.seconds) for each in (max, min))
        ratio = "1" if timing is mine else f"{mine.times_faster_than(timing):.2f}"
        spread = f"{slowest:.0f}-{fastest:.0f}"
        spent = timing.notes.get(PROCESSOR, "")
        rows.append([timing.name, f"{1 / timing.median:.0f}", spread, ratio, spent])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def natural_images(count, size):
    """Make smooth images with some noise, as photographs are."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (count, 12, 12, 3)).astype("uint8")
    smooth = [np.asarray(Image.fromarray(each).resize((size, size))) for each in coarse]
    noise = rng.integers(-8, 9, (count, size, size, 3))
    return np.clip(np.stack(smooth) + noise, 0, 255).astype("uint8")


def kcore_bytes(images):
    """The generator's batches for a model that rescales by itself."""
    return kcore_generator(images, rescale=None, dtype="uint8")


def kcore_generator(images, **options):
    """The generator's batches, as `fit` asks for them."""
    from kcore.augment import ImageDataGenerator

    batches = ImageDataGenerator(**{**COURSE, **options}).flow(
        images, batch_size=len(images), shuffle=False, seed=7
    )

    def batch(number):
        batches.epoch = number
        return batches[0]

    return batch


def kcore_apply(images):
    """Draw and apply alone, without the generator."""
    from kcore import random
    from kcore.augment import Recipe, apply

    recipe, indices = Recipe(**COURSE), np.arange(len(images))

    def batch(number):
        keys = random.sample_keys(7, number, indices)
        return apply(images, recipe.draw(keys, images.shape[1:]), recipe)

    return batch


def legacy(images):
    """The class of the course, which works image by image in SciPy."""
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    batches = ImageDataGenerator(**COURSE).flow(images, batch_size=len(images), shuffle=False)
    return lambda number: batches[0]


def keras_layers(images):
    """Keras's own layers, as one compiled model."""
    return compiled(course_layers(), images)


def course_layers():
    """The course's recipe in Keras's own layers; shear in its unit, a fraction."""
    import keras

    return [
        keras.layers.RandomRotation(40 / 360, fill_mode="nearest"),
        keras.layers.RandomTranslation(0.2, 0.2, fill_mode="nearest"),
        keras.layers.RandomShear(0.0035, 0.0035, fill_mode="nearest"),
        keras.layers.RandomZoom(0.2, 0.2, fill_mode="nearest"),
        keras.layers.RandomFlip("horizontal"),
        keras.layers.Rescaling(1 / 255),
    ]


def keras_aug(images):
    """keras-aug's one affine layer, which cannot repeat the nearest pixel, and its flip."""
    from keras_aug.layers import vision

    affine = vision.RandomAffine(
        degree=40, translate=(0.2, 0.2), scale=0.2, shear=(-0.2, 0.2), padding_mode="reflect"
    )
    return compiled([affine, vision.RandomFlip()], images)  # it makes floats in 0..1 of uint8


def compiled(layers, images):
    """Compile layers as Keras compiles them by default, in training mode."""
    import keras

    class Training(keras.layers.Layer):
        def call(self, x):
            for layer in layers:
                x = layer(x, training=True)
            return x

    inputs = keras.Input(images.shape[1:], dtype="uint8")
    model = keras.Model(inputs, Training()(inputs))
    model.compile()
    return lambda number: model.predict_on_batch(images)


def albumentations_pipeline(dtype="float32"):
    """The course's recipe for OpenCV, one resampling, floats at the end if they are wanted."""
    return albumentations.Compose(
        [
            albumentations.Affine(
                rotate=(-40, 40),
                translate_percent={"x": (-0.2, 0.2), "y": (-0.2, 0.2)},
                shear=(-0.2, 0.2),
                scale=(0.8, 1.2),
                interpolation=cv2.INTER_LINEAR,
                border_mode=cv2.BORDER_REPLICATE,
                p=1,
            ),
            albumentations.HorizontalFlip(p=0.5),
            *([albumentations.ToFloat(max_value=255)] if dtype == "float32" else []),
        ]
    )


def albumentations_one_thread(images):
    """One thread, into one array."""
    cv2.setNumThreads(1)
    pipeline = albumentations_pipeline()
    out = np.empty(images.shape, "float32")

    def batch(number):
        for position, image in enumerate(images):
            out[position] = pipeline(image=image)["image"]
        return out

    return batch


def albumentations_bytes(images):
    """The same for a model that rescales by itself."""
    return albumentations_threads(images, "uint8")


def albumentations_threads(images, dtype="float32"):
    """A thread for each core, each with its own pipeline, into one array."""
    cv2.setNumThreads(1)
    pipelines = [albumentations_pipeline(dtype) for _ in range(CORES)]
    threads = ThreadPoolExecutor(CORES)
    out = np.empty(images.shape, dtype)

    def work(start):
        for position in range(start, len(images), CORES):
            out[position] = pipelines[start](image=images[position])["image"]

    def batch(number):
        list(threads.map(work, range(CORES)))
        return out

    return batch


def albumentations_processes(images):
    """A process for each core, whose output stays where it is: what it could reach at best."""
    share = images[: -(-len(images) // CORES)]
    pool = multiprocessing.get_context("spawn").Pool(CORES, Share.prepare, [share])
    return lambda number: pool.map(Share.transform, range(CORES), chunksize=1)


class Share:
    """What a process keeps: the transformation of its share of the batch."""

    @classmethod
    def prepare(cls, images):
        """Set the process up."""
        cls.batch = staticmethod(albumentations_one_thread(images))

    @classmethod
    def transform(cls, number):
        """Transform the share."""
        cls.batch(number)


def pillow(images):
    """One affine transformation of each image, always the same; Pillow fills with black."""
    pictures = [Image.fromarray(image) for image in images]
    out = np.empty(images.shape, "float32")
    coefficients = (0.9, 0.3, -10, -0.3, 0.9, 30)

    def batch(number):
        for position, picture in enumerate(pictures):
            turned = picture.transform(
                picture.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
            )
            np.multiply(turned, np.float32(1 / 255), out=out[position])
        return out

    return batch


def copy(images):
    """The limit: read floats that are there, and write them into one array."""
    source, out = np.full(images.shape, 0.5, "float32"), np.empty(images.shape, "float32")

    def batch(number):
        np.copyto(out, source)
        return out

    return batch


CANDIDATES = {
    OURS: kcore_generator,
    "kcore, draw and apply alone": kcore_apply,
    f"kcore, {BYTES_OUT}": kcore_bytes,
    "legacy ImageDataGenerator": legacy,
    "Keras layers": keras_layers,
    "keras-aug": keras_aug,
    "Albumentations, one thread": albumentations_one_thread,
    f"Albumentations, {CORES} threads": albumentations_threads,
    f"Albumentations, {CORES} threads, {BYTES_OUT}": albumentations_bytes,
    f"Albumentations, {CORES} processes": albumentations_processes,
    "Pillow, one thread": pillow,
    "copying the output": copy,
}
SLOW = ("legacy ImageDataGenerator", "Keras layers", "keras-aug")
NOT_ARRAYS = (f"Albumentations, {CORES} processes",)


if __name__ == "__main__":
    main()
