import keras
import numpy as np


class Watch(keras.layers.Layer):
    def call(self, x, training=None):
        seen.append(training)
        return x * 1.0


seen = []
inputs = keras.Input((1,))
base = keras.Sequential([keras.Input((1,)), Watch()])
model = keras.Model(inputs, keras.layers.Dense(1)(base(inputs, training=False)))
model.compile("sgd", "mse", run_eagerly=True)
seen.clear()
model.fit(np.ones((1, 1)), np.ones(1), verbose=0)
print("expected:", [False])
print("actual:", seen[-1:])
