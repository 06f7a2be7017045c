import keras
import numpy as np

print("expected: ValueError")
for layer in (keras.layers.AlphaDropout, keras.layers.GaussianDropout):
    try:
        actual = layer(1.0)(np.ones((2, 3), "float32"), training=True)
    except Exception as error:
        actual = type(error).__name__
print("actual:", actual)
