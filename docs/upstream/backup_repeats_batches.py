import tempfile

import keras
import numpy as np

model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
x = np.zeros((10, 1))
backup = keras.callbacks.BackupAndRestore(tempfile.mkdtemp(), save_freq=5)
stop = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: 1 // (batch - 5))
try:
    model.fit(x, x, batch_size=1, verbose=0, callbacks=[backup, stop])
except ZeroDivisionError:  # after the batch with index 5; the backup is of that with index 4
    model.fit(x, x, batch_size=1, verbose=0, callbacks=[backup])
print("expected:", 10, "steps")
print("actual:", int(model.optimizer.iterations), "steps")
