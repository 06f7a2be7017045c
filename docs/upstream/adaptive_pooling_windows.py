import keras
import numpy as np

x = np.arange(1, 8, dtype="float32").reshape(1, 7, 1)
model = keras.Sequential([keras.Input((7, 1)), keras.layers.AdaptiveAveragePooling1D(7)])
print("expected:", x.ravel().tolist())
print("actual:", model.predict(x, verbose=0).ravel().tolist())
