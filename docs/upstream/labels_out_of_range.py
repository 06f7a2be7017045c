import keras
import numpy as np

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy")
print("expected: an error or NaN")
try:
    loss = model.train_on_batch(np.ones((4, 2)), np.full(4, 7))  # there is no class 7
    print("actual:", "an error or NaN" if np.isnan(loss) else f"a loss of {loss}")
except (ValueError, RuntimeError):
    print("actual: an error or NaN")
