import keras
import numpy as np

first, last = keras.layers.Dense(1), keras.layers.Dense(1)
model = keras.Sequential([keras.Input((1,)), first, last])
model.compile("adam", "mse")
model.fit(np.ones((1, 1)), np.ones(1), verbose=0)
first.trainable = False
print("expected: training goes on")
try:
    model.fit(np.ones((1, 1)), np.ones(1), verbose=0)
    print("actual: training goes on")
except Exception as error:
    print("actual:", type(error).__name__)
