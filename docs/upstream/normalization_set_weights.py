import keras
import numpy as np

x = np.array([[1.0], [3.0]], "float32")
adapted, copy = keras.layers.Normalization(), keras.layers.Normalization()
adapted.adapt(x)
copy.build((None, 1))
copy.set_weights(adapted.get_weights())
print("expected:", np.asarray(adapted(x)).ravel().tolist())
print("actual:", np.asarray(copy(x)).ravel().tolist())
