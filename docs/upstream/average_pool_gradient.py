import keras
import numpy as np


class Weight(keras.layers.Layer):
    def build(self, input_shape):
        self.weight = self.add_weight(shape=(5, 2, 1), initializer="zeros")

    def call(self, x):
        return x + self.weight


zeros = np.zeros((1, 5, 2, 1))
pool = keras.layers.AveragePooling2D((6, 1), strides=1, padding="same")  # longer than the image
for name, eager in (("expected:", True), ("actual:", False)):
    model = keras.Sequential([keras.Input((5, 2, 1)), Weight(), pool])
    loss = keras.losses.MeanAbsoluteError(reduction="sum")
    model.compile(keras.optimizers.SGD(1.0), loss, run_eagerly=eager)
    model.train_on_batch(zeros, zeros - 1)  # subtracts the gradient of the sum of the outputs
    print(name, np.round(-model.get_weights()[0][:, 0, 0], 3).tolist())
