"""Calls of a layer as in training, compiled as one model.

On JAX a layer that is called by itself has each of its operations compiled for the shapes at hand,
which takes many times as long.
"""

import keras


class _Training(keras.Model):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, inputs):
        return self.layer(inputs, training=True)


def while_training(layer, inputs):
    """Return what a layer makes of a batch while training, as NumPy arrays."""
    model = _Training(layer)
    model.compile()
    return model.predict_on_batch(inputs)
