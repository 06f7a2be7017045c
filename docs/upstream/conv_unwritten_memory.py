import keras
import numpy as np

x = np.arange(1, 7, dtype="float32").reshape(2, 3, 1, 1)
kernel = np.ones((1, 2, 1, 1), "float32")
y = keras.ops.conv(x, kernel, strides=(1, 2), padding="same")
print("expected:", x.ravel().tolist())
print("actual:", [a if a in x else "unwritten" for a in np.asarray(y).ravel().tolist()])
