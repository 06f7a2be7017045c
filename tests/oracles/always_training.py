"""A layer that trains in `predict` too, which passes `training=False` to functional models."""

import keras


class AlwaysTraining(keras.layers.Layer):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, inputs):
        return self.layer(inputs, training=True)

    def compute_output_shape(self, input_shape):
        return input_shape
