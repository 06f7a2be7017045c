"""
Functional and subclassed models
================================

Besides a sequence of layers, Keras has two more ways to build a model: a graph of layers, and a
class with code of your own.
"""

# %%
# A graph of layers
# -----------------
# Calling a layer on the output of another one builds the graph. This model has two outputs: which
# of ten classes, and whether that is one of the first five.

import keras
import numpy as np

import kcore

dataset = kcore.datasets.load()
x_train, x_test = (
    images.reshape(len(images), -1) / np.float32(255)
    for images in (dataset.x_train[:12000], dataset.x_test)
)
labels, test_labels = dataset.y_train[:12000], dataset.y_test

inputs = keras.Input((784,), name="digits")
hidden = keras.layers.Dense(64, activation="relu", name="dense_1")(inputs)
hidden = keras.layers.Dense(64, activation="relu", name="dense_2")(hidden)
kind = keras.layers.Dense(10, activation="softmax", name="kind")(hidden)
low = keras.layers.Dense(1, activation="sigmoid", name="low")(hidden)
model = keras.Model(inputs, {"kind": kind, "low": low})
kcore.initializers.reinitialize(model, seed=7)

# %%
# Losses and metrics are named like the outputs.

model.compile(
    optimizer="rmsprop",
    loss={"kind": "sparse_categorical_crossentropy", "low": "binary_crossentropy"},
    metrics={"kind": ["accuracy"], "low": ["accuracy"]},
)
targets = {"kind": labels, "low": (labels < 5).astype("float32")[:, None]}
batches = kcore.data.from_arrays(x_train, targets, batch_size=64, seed=7)
history = model.fit(batches, epochs=2, verbose=2)

# %%
# `evaluate` returns a dictionary on request, and `predict` returns an array for each output.

scores = model.evaluate(
    x_test,
    {"kind": test_labels, "low": (test_labels < 5).astype("float32")[:, None]},
    return_dict=True,
    verbose=0,
)
for name, value in scores.items():
    print(f"{name:<14} {value:.4f}")

predictions = model.predict(x_test[:3], verbose=0)
print({name: values.shape for name, values in predictions.items()})

# %%
# A class of your own
# -------------------
# A subclass of `keras.Model` makes its layers in `__init__` and uses them in `call`. `training`
# tells whether `fit` calls it.


class MyModel(keras.Model):
    """A hidden layer, dropout and a softmax over ten classes."""

    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(64, activation="relu")
        self.drop = kcore.layers.Dropout(0.5, seed=7)
        self.classes = keras.layers.Dense(10, activation="softmax")

    def call(self, inputs, training=False):
        """Classify images (batch, 784)."""
        hidden = self.drop(self.hidden(inputs), training=training)
        return self.classes(hidden)


mine = MyModel()
mine(x_train[:1])  # the first call makes the weights
kcore.models.compile_classifier(mine)
history = mine.fit(
    kcore.data.from_arrays(x_train, labels, seed=7),
    epochs=3,
    validation_data=(x_test, test_labels),
    verbose=2,
)
kcore.visualize.plot_history(history)

# %%
# Dropout acts in training only, so the same call gives another loss there.

loss = keras.losses.SparseCategoricalCrossentropy()
for training in (False, True):
    value = float(loss(test_labels[:1000], mine(x_test[:1000], training=training)))
    print(f"training={training}: loss {value:.4f}")

# %%
# What works on other models works on this one too.

kcore.inspect.trace(mine, (784,))
