"""Scripts that train with `resume`, to be killed at any moment and started again."""

import os
import subprocess
import sys
from unittest import mock

import numpy as np

__all__ = ["FINE_TUNING", "MLP", "PHOTOS", "finish", "result_of", "start"]

_BEGIN = """
import pathlib, sys, keras, kcore, numpy as np
where, tree = sys.argv[1:]

class Line(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        print(batch, flush=True)

report = dict
stop = keras.callbacks.EarlyStopping("loss", patience=99)
callbacks = [Line(), stop, keras.callbacks.CSVLogger(f"{where}/log.csv")]
"""

_FIT = """
history = kcore.training.fit(
    model, data, epochs=EPOCHS, resume=f"{where}/resume", every=1, callbacks=callbacks,
    validation_data=validation, verbose=0)
"""

_END = """
values = {f"v{i}": v for i, v in enumerate([*model.weights, *model.optimizer.variables])}
values |= {f"history {name}": np.array(series) for name, series in history.history.items()}
values |= {"best": np.array(stop.best), "next epoch": np.array(data.epoch)}
values |= {f"report {name}": np.array(series) for name, series in report().items()}
values["log"] = np.array(pathlib.Path(where, "log.csv").read_text())
np.savez(f"{where}/result.npz", **{name: np.array(value) for name, value in values.items()})
"""

# Dropout, moving averages of weights and of statistics, validation.
MLP = (
    _BEGIN
    + """
x = np.asarray(kcore.random.normal(kcore.random.key(1), (150, 6)), "float32")
y = np.asarray(kcore.random.integers(kcore.random.key(2), (150,), maxval=3), "int32")
data = kcore.data.from_arrays(x, y, batch_size=10, seed=5)
validation = kcore.data.from_arrays(x[:40], y[:40], shuffle=False)
model = keras.Sequential([
    keras.Input((6,)), keras.layers.Dense(16, "relu"), keras.layers.BatchNormalization(),
    keras.layers.Dropout(0.3, seed=1), keras.layers.Dense(3, "softmax")])
kcore.initializers.reinitialize(model, seed=7)
model.compile(keras.optimizers.Adam(use_ema=True), "sparse_categorical_crossentropy",
              metrics=["accuracy"])
EPOCHS = 8
"""
    + _FIT
    + _END
)

# Augmentation from a folder, several steps in one call of the backend, a report.
PHOTOS = (
    _BEGIN
    + """
data = kcore.augment.ImageDataGenerator(
    rescale=1 / 255, rotation_range=30, zoom_range=0.2, horizontal_flip=True,
).flow_from_directory(tree, target_size=(12, 12), batch_size=2, seed=3, class_mode="binary")
validation = None
model = kcore.models.binary_cnn((12, 12, 3), seed=1, filters=(4,), hidden_units=8)
kcore.models.compile_binary_classifier(model, steps_per_execution=3)
live = kcore.visualize.LiveReport(f"{where}/report.html")
callbacks.append(live)
report = lambda: live._file.contents["history"].history
EPOCHS = 16
"""
    + _FIT
    + _END
)

# Both phases of transfer learning, the second of which is resumed.
FINE_TUNING = (
    _BEGIN
    + """
data = kcore.data.from_directory(tree, image_size=(12, 12), batch_size=2, seed=3, label_mode="int")
base = kcore.models.cnn((12, 12, 3), filters=(3, 4), hidden_units=5, seed=1)
model = kcore.models.transfer(base, "pool_1", preprocessing="unit", hidden_units=8, dropout=0.5,
                              seed=7)
kcore.models.train_head(model, data, seed=4, features_once=False, verbose=0)
data.epoch = 0
history = kcore.models.fine_tune(
    model, data, unfreeze_from="conv_1", epochs=6, resume=f"{where}/resume", every=1,
    callbacks=callbacks, validation_data=data, verbose=0)
"""
    + _END
)


def start(script, where, tree):
    """Start a script in a process of its own, which prints a line after each training step.

    Args:
        script: one of the scripts of this module.
        where: directory for what it writes.
        tree: directory of images, from which some of them train.
    """
    command = [sys.executable, "-W", "ignore", "-c", script, str(where), str(tree)]
    # A kill could leave half a file in JAX's cache, in which other tests would stumble over it.
    env = {name: value for name, value in os.environ.items() if "COMPILATION_CACHE" not in name}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


def finish(script, where, tree):
    """Let a script run to its end in this process, which has imported Keras already."""
    with mock.patch.object(sys, "argv", ["", str(where), str(tree)]):
        exec(script, {"__name__": "script"})


def result_of(where):
    """Return what a script that ran to its end has left: name -> array."""
    with np.load(where / "result.npz") as arrays:
        return dict(arrays)
