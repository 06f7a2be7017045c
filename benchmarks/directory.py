"""One pass over a folder of JPEG files, decoded and resized to batches: kcore against its peers.

`fit`'s share is left out: a candidate's work ends with the arrays that `fit` would receive. The
limit is what Pillow decodes on as many threads, without batches, order or length. With the course's
augmentation, kcore's first epoch decodes and a later one finds the decoded images in the cache.

If other programs run meanwhile, candidates on threads get less than all cores. The processor time
of an image then tells more than the images a second.
"""

import argparse
import os
import statistics
import tempfile
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import harness
import keras
import numpy as np
from PIL import Image

import kcore

BATCH_SIZE = 32
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
COURSE = harness.COURSE
OURS = "kcore"
PROCESSOR = "processor ms/image"


def main() -> None:
    """Measure each size, print the tables, save the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    harness.rounds_option(parser, default=4)
    parser.add_argument("--sizes", nargs="+", type=int, default=[300], help="e.g. 300 224 150")
    parser.add_argument("--images", type=int, default=256, help="files in the folder")
    parser.add_argument("--file-size", type=int, default=400, help="pixels of a file's side")
    parser.add_argument("--only", nargs="+", help="names of candidates, besides kcore")
    parser.add_argument(
        "--growth", nargs="*", type=int, help="scan folders of so many files instead"
    )
    options = parser.parse_args()
    if options.growth is not None:
        print(growth(options.growth or [1_000, 10_000, 100_000]))
        return
    backend = keras.backend.backend()
    about = harness.environment(["keras", "tensorflow", "jax", "grain", "pillow", "kcore"])
    groups = {}
    with tempfile.TemporaryDirectory() as folder:
        write_folder(Path(folder), options.images, options.file_size)
        for size in options.sizes:
            print(f"\n{options.file_size} to {size} pixels, {THREADS} threads, {backend}\n")
            groups[str(size)] = compare(folder, size, options)
            print(table(groups[str(size)], options.images), flush=True)
    path = harness.save(f"directory-{backend}", groups, about)
    print(f"\nSaved {path}")


def write_folder(folder, count, size):
    """Write photograph-like JPEG files of two classes."""
    for name in ("horses", "humans"):
        (folder / name).mkdir()
    for number in range(count):
        image = kcore.datasets.scenes.scene(number, image_size=(size, size)).image
        name = ("horses", "humans")[number % 2]
        Image.fromarray(image).save(folder / name / f"{number:05d}.jpg", quality=90)


def compare(folder, size, options):
    """Time one pass of each candidate over the folder."""
    candidates = {
        name: make(folder, size)
        for name, make in CANDIDATES.items()
        if (not options.only or name in [OURS, *options.only]) and is_there(name)
    }

    processor = {name: [] for name in candidates}

    def one_pass(name):
        def run():
            start = time.process_time()
            images = sum(candidates[name]())
            processor[name].append(time.process_time() - start)
            assert images == options.images, f"{name} gave {images} images"

        return run

    timings = harness.measure({name: one_pass(name) for name in candidates}, options.rounds)
    for name, timing in timings.items():
        spent = statistics.median(processor[name][1:]) / options.images
        timing.notes[PROCESSOR] = f"{1000 * spent:.2f}"
    return list(timings.values())


def is_there(name):
    """Tell whether a candidate's library is installed."""
    return name != "tf.data" or keras.backend.backend() == "tensorflow"


def table(timings, images):
    """Return a Markdown table of images a second, and the ratio to kcore of the same round."""
    mine = next(timing for timing in timings if timing.name == OURS)
    rows = [["candidate", "images/s", "range", f"of {OURS}'s speed", PROCESSOR], ["---"] * 5]
    for timing in timings:
        slowest, fastest = (images / each(timing.seconds) for each in (max, min))
        ratio = f"{timing.times_faster_than(mine):.2f}"
        spread, spent = f"{slowest:.0f}-{fastest:.0f}", timing.notes[PROCESSOR]
        rows.append([timing.name, f"{images / timing.median:.0f}", spread, ratio, spent])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def pillow_threads(folder, size):
    """Decode and resize with Pillow alone on all threads."""
    paths = sorted(Path(folder).rglob("*.jpg"))

    def decode(path):
        with Image.open(path) as image:
            resized = image.convert("RGB").resize((size, size), Image.Resampling.NEAREST)
        return len(np.asarray(resized)[np.newaxis])

    def run():
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(decode, paths))

    return run


def legacy(augmented):
    """Make the course's own way, on one thread as `fit` used it by default."""

    def make(folder, size):
        from keras.src.legacy.preprocessing.image import ImageDataGenerator

        generator = ImageDataGenerator(**COURSE) if augmented else ImageDataGenerator()
        batches = generator.flow_from_directory(
            folder, target_size=(size, size), batch_size=BATCH_SIZE, class_mode="binary"
        )
        return lambda: [len(batches[number][0]) for number in range(len(batches))]

    return make


def image_dataset(format_name):
    """Make Keras's `image_dataset_from_directory`, with the nearest pixel as all others."""

    def make(folder, size):
        dataset = keras.utils.image_dataset_from_directory(
            folder,
            image_size=(size, size),
            batch_size=BATCH_SIZE,
            interpolation="nearest",
            label_mode="binary",
            format=format_name,
            verbose=False,
        )
        return lambda: [len(images) for images, _ in dataset]

    return make


def kcore_plain(folder, size):
    """Make kcore's batches of uint8 as they come."""
    dataset = kcore.data.from_directory(
        folder,
        image_size=(size, size),
        batch_size=BATCH_SIZE,
        label_mode="binary",
        interpolation="nearest",
        seed=7,
        verbose=False,
    )
    return lambda: passes(dataset)


def kcore_augmented(cache):
    """Make kcore's batches with the course's augmentation."""

    def make(folder, size):
        generator = kcore.augment.ImageDataGenerator(**COURSE)
        flow = generator.flow_from_directory(
            folder,
            target_size=(size, size),
            batch_size=BATCH_SIZE,
            class_mode="binary",
            seed=7,
            cache=cache,
        )
        return lambda: passes(flow)

    return make


def passes(dataset):
    """Take one epoch of batches."""
    return [len(batch[0]) for batch in dataset]


CANDIDATES = {
    "Pillow on threads, the limit": pillow_threads,
    OURS: kcore_plain,
    "tf.data": image_dataset("tf"),
    "grain of Keras": image_dataset("grain"),
    "legacy": legacy(augmented=False),
    "legacy, augmented": legacy(augmented=True),
    "kcore, augmented, first epoch": kcore_augmented(None),
    "kcore, augmented, from the cache": kcore_augmented("memory"),
}


def growth(counts):
    """Return a Markdown table of the time and memory that scanning takes."""
    rows = [["files", "files/s", "bytes a file, at most", "bytes a file, kept"], ["---"] * 4]
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            for label in range(10):
                (Path(folder) / f"class {label}").mkdir()
            for number in range(count):
                (Path(folder) / f"class {number % 10}" / f"image-{number:07d}.jpg").touch()
            start = time.perf_counter()
            kcore.data.scan(folder)
            seconds = time.perf_counter() - start
            tracemalloc.start()
            files = kcore.data.scan(folder)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        rows.append(
            [f"{count:,}", f"{count / seconds:,.0f}"]
            + [f"{size / count:.0f}" for size in (peak, files.nbytes)]
        )
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    main()
