import keras
import numpy as np

layer = keras.layers.MaxPooling2D(2, padding="SAME")
print("eager:", tuple(layer(np.ones((1, 5, 5, 1), "float32")).shape))
print("expected:", (None, 3, 3, 1))
try:
    print("actual:", layer(keras.Input((5, 5, 1))).shape)
except Exception as error:
    print("actual:", type(error).__name__)
