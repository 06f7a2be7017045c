import keras
import numpy as np

x, kernel = np.ones((1, 8, 8, 3), "float32"), np.ones((3, 3, 3, 4), "float32")
print("expected:", (1, 2, 2, 4))
try:
    y = keras.ops.conv(x, kernel, strides=2, dilation_rate=2)
    print("actual:", tuple(y.shape))
except Exception as error:
    print("actual:", type(error).__name__)
