import keras
import numpy as np

x, kernel = np.ones((1, 8, 8, 2), "float32"), np.ones((3, 3, 2, 1), "float32")
print("expected:", (1, 3, 3, 2))
try:
    print("actual:", tuple(keras.ops.depthwise_conv(x, kernel, strides=[2, 2]).shape))
except Exception as error:
    print("actual:", f"{type(error).__name__}: {error}")
