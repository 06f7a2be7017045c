import keras
import numpy as np

layer = keras.layers.MaxPooling1D(2, strides=1)
try:
    layer(keras.Input((1, 1)))
except ValueError:
    print("symbolic: ValueError")
print("expected: ValueError", flush=True)
try:
    print("actual: shape", tuple(layer(np.ones((1, 1, 1), "float32")).shape))
except Exception as error:
    print("actual:", type(error).__name__)
