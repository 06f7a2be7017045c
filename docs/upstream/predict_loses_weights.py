import keras
import numpy as np

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
try:
    model.predict(np.ones((4, 3), "float32"), verbose=0)  # the model takes two features
except Exception as error:
    print("predict:", type(error).__name__)
print("expected:", [(2, 1), (1,)])
try:
    print("actual:", [weight.shape for weight in model.get_weights()])
except Exception as error:
    print("actual:", f"{type(error).__name__}: {error}")
