import keras
import numpy as np

layer = keras.layers.Conv1DTranspose(1, 2, padding="same", output_padding=0)
print("expected:", tuple(layer.compute_output_shape((1, 3, 1))))
try:
    print("actual:", tuple(layer(np.ones((1, 3, 1), "float32")).shape))
except Exception as error:
    print("actual:", type(error).__name__)
