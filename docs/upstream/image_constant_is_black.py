import keras
import numpy as np

white = np.full((1, 1, 3), 255)
print("expected:", (255, 255, 255))
print("actual:", keras.utils.array_to_img(white).getpixel((0, 0)))
