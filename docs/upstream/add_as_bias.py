import keras
import numpy as np

x = np.zeros((3, 3), "float32")
column = np.array([[1.0], [2.0], [3.0]], "float32")
print("expected:", (x + column).tolist())
print("actual:", np.asarray(keras.ops.add(x, column)).tolist())
