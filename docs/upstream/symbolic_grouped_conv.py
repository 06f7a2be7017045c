import keras
import numpy as np

kernel = np.ones((3, 2, 4), "float32")  # two of the four channels for each filter: two groups
print("eager:", keras.ops.conv(np.ones((1, 8, 4), "float32"), kernel).shape)
print("expected:", (None, 6, 4))
try:
    print("actual:", keras.ops.conv(keras.Input((8, 4)), kernel).shape)
except Exception as error:
    print("actual:", type(error).__name__)
