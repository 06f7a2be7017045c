"""
Dropout
=======

A network with many weights and few images learns the images by heart. Dropout makes units
unreliable in training, so that no unit can depend on a single other one.
"""

# %%
# In training and in use
# ----------------------
# `kcore.layers.Dropout` takes the share of units to drop. In training it sets them to zero, and
# multiplies the others so that the sum stays about the same. In use it does nothing. The mask
# depends on the seed and on the number of earlier calls, so it is the same on every backend.

import keras
import numpy as np

import kcore

layer = kcore.layers.Dropout(0.25, seed=7)
ones = np.ones((1, 12), "float32")
print("in training", keras.ops.convert_to_numpy(layer(ones, training=True)).round(2))
print("next call  ", keras.ops.convert_to_numpy(layer(ones, training=True)).round(2))
print("in use     ", keras.ops.convert_to_numpy(layer(ones, training=False)).round(2))

# %%
# Few images, many weights
# ------------------------
# Both networks learn 1,000 images of Fashion-MNIST, from the same initial weights. The distance of
# the training curve from the validation curve shows how much is learned by heart.

dataset = kcore.datasets.load()
x, y = dataset.x_train[:1000], dataset.y_train[:1000]
validation = (dataset.x_test[:2000], dataset.y_test[:2000])


def train(rate):
    """Train a network with a share of dropped units, and return its history."""
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(512, activation="relu", name="hidden"),
            kcore.layers.Dropout(rate, seed=7, name="drop"),
            keras.layers.Dense(10, activation="softmax", name="classes"),
        ]
    )
    kcore.initializers.reinitialize(model, seed=7)
    kcore.models.compile_classifier(model, steps_per_execution=32)
    batches = kcore.data.from_arrays(x, y, seed=7)
    return model.fit(batches, epochs=25, validation_data=validation, verbose=0)


without = train(0)
kcore.visualize.plot_history(without)

# %%

dropped = train(0.5)
kcore.visualize.plot_history(dropped)

# %%
# The loss in training is larger with dropout, because units are missing there. What counts is the
# validation.

for name, history in (("without", without.history), ("with", dropped.history)):
    loss, accuracy = history["val_loss"][-1], history["val_accuracy"][-1]
    print(f"{name:<8} dropout: validation loss {loss:.3f}, accuracy {accuracy:.3f}")
