import io

import keras
import numpy as np
from PIL import Image

levels = np.array([0, 100, 200, 255])
file = io.BytesIO()
Image.fromarray((levels * 257).astype(np.uint16)[None]).save(file, "PNG")
red = np.asarray(keras.utils.load_img(file))[0, :, 0]
print("expected:", levels.tolist())
print("actual:", red.tolist())
