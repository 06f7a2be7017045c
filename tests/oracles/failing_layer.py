"""A layer that raises when told to."""

import keras

__all__ = ["Failing"]


class Failing(keras.layers.Layer):
    """Raises when told to, once it is built."""

    fails = False

    def call(self, x):
        if self.fails:
            raise RuntimeError("told to fail")
        return x
