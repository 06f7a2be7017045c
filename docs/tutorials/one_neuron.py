"""
One neuron finds a line
=======================

The smallest network there is has one weight and one bias. From six points it learns the line
y = 2x − 1, but not quite: this page shows why.
"""

# %%
# Six points
# ----------

import keras
import matplotlib.pyplot as plt
import numpy as np

import kcore

x = np.array([[-1], [0], [1], [2], [3], [4]], dtype="float32")
y = 2 * x - 1

# %%
# `kcore.models.linear` is a single `Dense` unit without an activation.
# `kcore.models.compile_regression` chooses plain gradient descent and the mean squared error. All
# six points are one batch, so an epoch is one step.

model = kcore.models.linear(seed=0)
kcore.models.compile_regression(model)
history = model.fit(x, y, epochs=500, verbose=0)
kcore.visualize.plot_history(history)

# %%
# What it has learned
# -------------------

weight, bias = (float(values.ravel()[0]) for values in model.get_weights())
prediction = float(model.predict(np.array([[10.0]]), verbose=0)[0, 0])
print(f"y = {weight:.4f} x {bias:+.4f}, and at x = 10 the model predicts {prediction:.4f}")

figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
axes.scatter(x, y, label="points")
line = np.array([-2, 10])
axes.plot(line, weight * line + bias, label="what the neuron has learned")
axes.set(xlabel="x", ylabel="y")
axes.legend()
plt.show()

# %%
# Why not 19?
# -----------
# The points lie exactly on the line, so the data doesn't keep the neuron from 19. The number of
# steps does. Each step of gradient descent multiplies the error of (weight, bias) by a matrix, and
# an eigenvector of that matrix shrinks more slowly than the other.

rows = np.hstack([x, np.ones_like(x)]).astype("float64")
rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
step = np.eye(2) - rate * 2 / len(x) * rows.T @ rows
slowest = np.linalg.eigvalsh(step).max()
print(f"The slowest part of the error keeps {slowest:.2%} of its size in each step,")
print(f"so it halves every {np.log(0.5) / np.log(slowest):.0f} epochs and never becomes zero.")
