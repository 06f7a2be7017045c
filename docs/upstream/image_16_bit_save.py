import io

import keras
import numpy as np

x = np.array([0, 256, 65535], np.uint16).reshape(1, 3, 1)
print("expected: a PNG file")
try:
    keras.utils.save_img(io.BytesIO(), x, file_format="png", scale=False)
    print("actual: a PNG file")
except Exception as error:
    print("actual:", f"{type(error).__name__}: {error}")
