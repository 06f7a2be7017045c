"""
Stop at a target
================

Training can end as soon as it is good enough. A callback watches a metric and ends `fit`.
"""

# %%
# At the end of an epoch
# ----------------------
# `kcore.training.StopAtTarget` names a metric and its target. The metric is one of the names that
# `fit` prints. Afterwards `reason` says in a sentence why training ended.

import keras

import kcore

dataset = kcore.datasets.load()
batches = kcore.data.from_arrays(dataset.x_train, dataset.y_train, seed=7)

model = kcore.models.mlp(rescale=1 / 255, seed=7)
kcore.models.compile_classifier(model, steps_per_execution=125)
stop = kcore.training.StopAtTarget("val_accuracy", 0.86)
history = model.fit(
    batches,
    epochs=10,
    validation_data=(dataset.x_test, dataset.y_test),
    callbacks=[stop],
    verbose=2,
)

# %%
# Without `val_` the metric is that of the training data, which training improves even where it
# doesn't help on new images. The chart shows both.

kcore.visualize.plot_history(history)

# %%
# Within an epoch
# ---------------
# With `every`, the running value of the metric is checked after so many batches too. Training then
# ends in the middle of an epoch.

model = kcore.models.mlp(rescale=1 / 255, seed=7)
kcore.models.compile_classifier(model, steps_per_execution=25)
stop = kcore.training.StopAtTarget("accuracy", 0.75, every=25)
model.fit(batches, epochs=10, callbacks=[stop], verbose=0)
print(f"epoch {stop.stopped_epoch}, batch {stop.stopped_batch}, value {stop.value:.4f}")

# %%
# A callback of your own
# ----------------------
# For other rules, write a subclass of `keras.callbacks.Callback`. `logs` holds the metrics of the
# epoch, and `self.model.stop_training` ends `fit`.


class StopWhenSlow(keras.callbacks.Callback):
    """Stop when the loss falls by less than 5 % from one epoch to the next."""

    def on_train_begin(self, logs=None):
        self.last = float("inf")

    def on_epoch_end(self, epoch, logs=None):
        if logs["loss"] > 0.95 * self.last:
            print(f"epoch {epoch}: the loss only fell from {self.last:.4f} to {logs['loss']:.4f}")
            self.model.stop_training = True
        self.last = logs["loss"]


model = kcore.models.mlp(rescale=1 / 255, seed=7)
kcore.models.compile_classifier(model, steps_per_execution=125)
history = model.fit(batches, epochs=10, callbacks=[StopWhenSlow()], verbose=0)
print([round(loss, 4) for loss in history.history["loss"]])
