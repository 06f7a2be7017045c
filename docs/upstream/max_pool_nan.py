import keras
import numpy as np

x = np.array([1.0, np.nan, -np.inf, -np.inf], "float32").reshape(1, 4, 1)
print("expected:", [float("nan"), float("-inf")])
print("actual:", np.asarray(keras.layers.MaxPooling1D(2)(x)).ravel().tolist())
