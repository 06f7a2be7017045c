import keras
import numpy as np

kernel = np.ones((3, 3, 4, 2), "float32")
inputs = keras.Input((5, 5, 2))
print("expected:", (1, 10, 10, 4))
try:
    outputs = keras.ops.conv_transpose(inputs, kernel, strides=2, padding="same")
    y = keras.Model(inputs, outputs).predict(np.ones((1, 5, 5, 2)), verbose=0)
    print("actual:", y.shape)
except Exception as error:
    print("actual:", type(error).__name__)
