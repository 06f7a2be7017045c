import keras
import numpy as np

x, kernel = np.ones((1, 4, 1), "float32"), np.ones((3, 1, 1), "float32")
try:
    keras.layers.Conv1DTranspose(1, 3, output_padding=1)(x)
except ValueError:
    print("layer: ValueError")
print("expected: ValueError")
try:
    y = keras.ops.conv_transpose(x, kernel, strides=1, output_padding=1)
    print("actual: shape", tuple(y.shape))
except Exception as error:
    print("actual:", type(error).__name__)
