"""
Resume a training run exactly
=============================

A training run that was killed goes on where it was, and ends with the same weights, bit for bit, as
one that was never interrupted.
"""

# %%
# A failure
# ---------
# To have something to recover from, this callback raises an error after some batches. A kill or a
# power failure does the same to a real run.

import tempfile

import keras
import numpy as np

import kcore


class PowerFailure(keras.callbacks.Callback):
    """Fail when `after` batches are done; never if it is None."""

    after = None

    def __init__(self):
        super().__init__()
        self.batches = 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        if self.batches == PowerFailure.after:
            raise RuntimeError(f"the power failed after {self.batches} batches")


# %%
# A script that can be started again
# ----------------------------------
# `kcore.training.fit` runs `model.fit` and saves checkpoints in a directory, here after every 50
# batches. If the directory holds a checkpoint, training goes on from there. Everything else is
# built from scratch, as in a script.

dataset = kcore.datasets.load()
x, y = dataset.x_train[:6400], dataset.y_train[:6400]


def train(directory):
    """Build model and data, and train, or go on with the training in `directory`."""
    keras.backend.clear_session()
    model = kcore.models.mlp(rescale=1 / 255, seed=7)
    kcore.models.compile_classifier(model)
    batches = kcore.data.from_arrays(x, y, seed=7)
    history = kcore.training.fit(
        model,
        batches,
        epochs=4,
        resume=directory,
        every=50,
        callbacks=[PowerFailure()],
        verbose=0,
    )
    return model.get_weights(), history


with tempfile.TemporaryDirectory() as directory:
    weights, history = train(directory)
kcore.visualize.plot_history(history)

# %%
# With a failure
# --------------
# An epoch has 200 batches, so this run fails in the middle of the third one.

interrupted = tempfile.TemporaryDirectory()
PowerFailure.after = 470
try:
    train(interrupted.name)
except RuntimeError as error:
    print(error)

# %%
# The same call goes on from the checkpoint that was saved after 450 batches.

PowerFailure.after = None
resumed_weights, resumed_history = train(interrupted.name)
interrupted.cleanup()
kcore.visualize.plot_history(resumed_history)

# %%
# Weights and history are equal, bit for bit.

print(all(map(np.array_equal, weights, resumed_weights)))
print(history.history == resumed_history.history)
