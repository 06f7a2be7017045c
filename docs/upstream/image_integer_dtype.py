import keras
import numpy as np

x = np.array([[[10], [20], [30]]])
print("expected:", [0, 127, 255])
try:
    img = keras.utils.array_to_img(x, dtype="uint8")
    print("actual:", np.asarray(img).ravel().tolist())
except Exception as error:
    print("actual:", type(error).__name__)
