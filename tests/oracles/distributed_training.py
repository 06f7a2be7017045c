"""A training run that one device, several devices or several processes do alike."""

import json
import os
import socket
import subprocess
import sys

from oracles.needs import MPIRUN

__all__ = [
    "errors_of",
    "next_line",
    "result_of",
    "results_of",
    "start",
    "start_by_mpi",
    "start_processes",
    "train",
    "train_in_processes",
    "wait_for_batches",
]

# Augmentation from a folder, dropout, validation.
RUN = """
import json, os, sys, keras, kcore, numpy as np

shard = kcore.training.distribute()
print("process", os.getpid(), flush=True)
tree, resume, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
augmented = kcore.augment.ImageDataGenerator(
    rescale=1 / 255, rotation_range=20, horizontal_flip=True)
data = augmented.flow_from_directory(
    tree, target_size=(12, 12), batch_size=8, seed=3, class_mode="binary", shard=shard)
validation = kcore.augment.ImageDataGenerator(rescale=1 / 255).flow_from_directory(
    tree, target_size=(12, 12), batch_size=8, shuffle=False, class_mode="binary", shard=shard)
model = keras.Sequential([
    keras.Input((12, 12, 3)), kcore.layers.Conv2D(4, 3, activation="relu"),
    kcore.layers.MaxPooling2D(2), keras.layers.Flatten(), kcore.layers.Dropout(0.3, seed=4),
    keras.layers.Dense(1, "sigmoid")])
kcore.initializers.reinitialize(model, seed=1)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])

losses = []

class Losses(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        losses.append(float(logs["loss"]))
        print("batch", batch, flush=True)

options = dict(epochs=epochs, validation_data=validation, callbacks=[Losses()], verbose=0)
if resume:
    history = kcore.training.fit(model, data, resume=resume, every=1, **options)
else:
    history = model.fit(data, **options)
if resume and shard[0] == 0:
    kcore.models.save(model, resume + ".keras")
weights = [np.asarray(keras.ops.convert_to_numpy(each)).tolist() for each in model.weights]
devices = len(keras.distribution.list_devices())
print(json.dumps({"losses": losses, "history": history.history, "weights": weights,
                  "shard": shard, "devices": devices}))
"""


def train(tree, *, devices=1, resume="", epochs=2):
    """Return the losses after each step, the history and the weights of a run in one process."""
    return result_of(start(tree, devices=devices, resume=resume, epochs=epochs))


def start(tree, *, devices=1, resume="", epochs=2):
    """Start a run in one process."""
    return _start(tree, resume, epochs, devices, {})


def train_in_processes(tree, *, processes=2, devices=1, resume="", epochs=2):
    """Return what each of several processes that train together ends with."""
    started = start_processes(tree, [resume] * processes, devices=devices, epochs=epochs)
    return [result_of(each) for each in started]


def start_processes(tree, resume, *, devices=1, epochs=2):
    """Start processes that train together, each with its own argument `resume`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    return [
        _start(
            tree,
            where,
            epochs,
            devices,
            {
                "KERAS_DISTRIBUTION_JOB_ADDRESSES": address,
                "KERAS_DISTRIBUTION_NUM_PROCESSES": str(len(resume)),
                "KERAS_DISTRIBUTION_PROCESS_ID": str(index),
            },
        )
        for index, where in enumerate(resume)
    ]


def start_by_mpi(tree, resume, *, processes=2, epochs=2):
    """Start processes by `mpirun`, which ends all of them when one ends."""
    script = [sys.executable, "-c", RUN, str(tree), str(resume), str(epochs)]
    return subprocess.Popen(
        [*MPIRUN, "-n", str(processes), *script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result_of(process):
    """Wait for a process, and return what it ends with."""
    (result,) = results_of(process)
    return result


def results_of(process):
    """Wait for a process, or for `mpirun`, and return what each process ends with."""
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def wait_for_batches(process, batches):
    """Wait until a process has trained on so many batches."""
    while batches:
        batches -= next_line(process).startswith("batch")


def next_line(process):
    """Return the next line that a process prints."""
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return line


def errors_of(process):
    """Wait for a process that fails, and return its messages."""
    _, errors = process.communicate(timeout=300)
    assert process.returncode != 0, "it was expected to fail"
    return errors


def _start(tree, resume, epochs, devices, variables):
    flags = f"--xla_force_host_platform_device_count={devices}"
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(tree), str(resume), str(epochs)],
        env={**os.environ, "XLA_FLAGS": flags, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
