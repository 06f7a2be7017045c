import keras
import numpy as np

dense = keras.layers.Dense(2, activation="softmax", use_bias=False, kernel_initializer="zeros")
model = keras.Sequential([keras.Input((2,)), dense])
model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
dense.set_weights([np.array([[0, 60], [0, 0]], "float32")])
model.train_on_batch(np.array([[1.0, 0.0]]), np.array([0]))  # certain of class 1, and wrong
print("expected:", [[1.0, 59.0], [0.0, 0.0]])  # the gradient is probability minus label
print("actual:", dense.get_weights()[0].tolist())
