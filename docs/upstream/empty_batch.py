import keras
import numpy as np

x = np.ones((0, 8, 8, 3), "float32")
print("expected:", (0, 6, 6, 2))
try:
    print("actual:", tuple(keras.layers.Conv2D(2, 3)(x).shape))
except Exception as error:
    print("actual:", type(error).__name__)
