import keras
import numpy as np

x, kernel = np.ones((1, 4, 4, 1), "float32"), np.ones((5, 5, 1, 1), "float32")
print("expected: ValueError", flush=True)
try:
    print("actual: shape", tuple(keras.ops.depthwise_conv(x, kernel).shape))
except Exception as error:
    print("actual:", type(error).__name__)
