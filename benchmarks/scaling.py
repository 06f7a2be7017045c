"""Train on several virtual devices and in several processes of one machine.

The virtual devices and the processes share the machine's cores, so nothing can become faster than
one device that uses all cores: the table shows what dividing costs, not what more hardware brings.
"memory" trains on arrays, "folder" on JPEG files with the course's augmentation; the difference is
the cost of the feed. Each configuration runs in processes of its own, and all of them in turns.

It then deals out an epoch of some ten million samples to 8, 16, 32 and 64 hosts, and checks that
every sample is served exactly once, except for those that the last batch leaves out.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import harness
import numpy as np

CONFIGURATIONS = {  # name -> (processes, devices of each)
    "1 device": (1, 1),
    "2 devices": (1, 2),
    "4 devices": (1, 4),
    "2 processes": (2, 1),
}
OURS = "1 device"
FEEDS = ("memory", "folder")
IMAGES, SIZE, BATCH_SIZE = 512, 64, 64
SAMPLES, GLOBAL_BATCH = 10_000_019, 4096


def main() -> None:
    """Measure, print the tables, save the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    harness.rounds_option(parser, default=3)
    parser.add_argument("--train", nargs=2, metavar=("FOLDER", "FEED"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        train(*options.train)
        return
    about = harness.environment(["keras", "jax", "numpy", "kcore"])
    with tempfile.TemporaryDirectory() as folder:
        write_folder(Path(folder))
        groups = {feed: compare(folder, feed, options.rounds) for feed in FEEDS}
    for feed, timings in groups.items():
        print(
            f"\nAn epoch of {IMAGES} images of {SIZE}x{SIZE} from {feed}, batches of {BATCH_SIZE}\n"
        )
        print(harness.table(timings, OURS))
    print(f"\n{SAMPLES:,} samples in batches of {GLOBAL_BATCH:,}\n")
    print(dealt_out())
    print(f"\nSaved {harness.save('scaling', groups, about)}")


def compare(folder, feed, rounds):
    """Time an epoch of each configuration, in turns."""
    timings = {name: harness.Timing(name) for name in CONFIGURATIONS}
    for turn in range(rounds):
        for name, (processes, devices) in CONFIGURATIONS.items():
            seconds = epoch_in(processes, devices, folder, feed)
            print(
                f"  round {turn + 1} of {rounds}: {feed}, {name} {seconds:.2f} s", file=sys.stderr
            )
            timings[name].seconds.append(seconds)
    for timing in timings.values():
        timing.notes["images/s"] = f"{IMAGES / timing.median:.0f}"
        timing.notes["ms a step"] = f"{1000 * timing.median * BATCH_SIZE / IMAGES:.0f}"
    return list(timings.values())


def epoch_in(processes, devices, folder, feed):
    """Return the seconds of the fastest epoch after the first in processes that train together."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    started = []
    for index in range(processes):
        env = {
            **os.environ,
            "KERAS_BACKEND": "jax",
            "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": address,
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(processes),
            "KERAS_DISTRIBUTION_PROCESS_ID": str(index),
        }
        command = [sys.executable, __file__, "--train", folder, feed]
        started.append(subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True))
    outputs = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        sys.exit("A process failed, see above.")
    return max(json.loads(output.splitlines()[-1]) for output in outputs)


def train(folder, feed):
    """Train, and print the seconds of the fastest epoch after the first."""
    import keras

    import kcore

    shard = kcore.training.distribute()
    if feed == "memory":
        (x, y), _ = kcore.datasets.scenes.load_data(IMAGES, 10, image_size=(SIZE, SIZE))
        x = x.astype("float32") / 255
        data = kcore.data.from_arrays(x, y % 2, batch_size=BATCH_SIZE, seed=1, shard=shard)
    else:
        data = kcore.augment.ImageDataGenerator(**harness.COURSE).flow_from_directory(
            folder,
            target_size=(SIZE, SIZE),
            batch_size=BATCH_SIZE,
            class_mode="binary",
            seed=1,
            shard=shard,
            verbose=False,
        )
    model = kcore.models.binary_cnn((SIZE, SIZE, 3), seed=1)
    kcore.models.compile_binary_classifier(model)
    clock = Clock(keras)
    model.fit(data, epochs=4, callbacks=[clock.callback], verbose=0)
    print(json.dumps(min(clock.seconds[1:])))


class Clock:
    """Notes the seconds of each epoch."""

    def __init__(self, keras):
        self.seconds = []
        self.callback = keras.callbacks.LambdaCallback(
            on_epoch_begin=self.begin, on_epoch_end=self.end
        )

    def begin(self, epoch, logs=None):
        """Start the clock."""
        self._start = time.perf_counter()

    def end(self, epoch, logs=None):
        """Note how long the epoch took."""
        self.seconds.append(time.perf_counter() - self._start)


def write_folder(folder):
    """Write JPEG files of two classes."""
    import directory

    directory.write_folder(folder, IMAGES, 2 * SIZE)


def dealt_out():
    """Return a Markdown table of how an epoch is dealt out to many hosts."""
    from kcore.data._sampler import Order

    start = time.perf_counter()
    Order(SAMPLES, GLOBAL_BATCH, True, 7).indices(epoch=3)
    print(f"Each host draws the order of an epoch in {time.perf_counter() - start:.1f} s.\n")
    rows = [["hosts", "batches", "samples a host", "left out"], ["---"] * 4]
    for hosts in (8, 16, 32, 64):
        served = np.zeros(SAMPLES, np.uint8)
        for host in range(hosts):
            order = Order(SAMPLES, GLOBAL_BATCH, True, 7, (host, hosts))
            indices = order.indices(epoch=3)
            for number in range(order.batches):
                served[indices[number]] += 1
        assert served.max() == 1, "a sample is served twice"
        left_out = int((served == 0).sum())
        assert left_out < hosts
        counts = [hosts, order.batches, len(order.blocks), left_out]
        rows.append([f"{count:,}" for count in counts])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    main()
