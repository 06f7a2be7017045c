import keras
import numpy as np

x = np.ones((1, 8, 8, 3), "int32")
print("expected:", (1, 6, 6, 3))
try:
    layer = keras.layers.DepthwiseConv2D(3)
    print("actual:", tuple(layer(keras.ops.convert_to_tensor(x)).shape))
except Exception as error:
    print("actual:", type(error).__name__)
