"""
A convolutional network
=======================

Convolutions look for small patterns anywhere in an image, and pooling keeps the strongest response
nearby. So such a network still recognizes what has moved a little.
"""

# %%
# A part of the data
# ------------------
# To take seconds, this page trains on 6,000 of the 60,000 images of Fashion-MNIST. Convolutions
# need an axis of channels, of length 1 for gray images.

import numpy as np

import kcore

dataset = kcore.datasets.load()
x_train, y_train = dataset.x_train[:6000, ..., None], dataset.y_train[:6000]
x_test, y_test = dataset.x_test[:2000, ..., None], dataset.y_test[:2000]
batches = kcore.data.from_arrays(x_train, y_train, seed=7)

# %%
# The model
# ---------
# `kcore.models.cnn` has stages of a 3×3 convolution and a 2×2 maximum pooling. The trace shows what
# they do to the shape, how many cells of the image one output sees, and what each layer costs.

model = kcore.models.cnn(filters=(32, 32), rescale=1 / 255, seed=7)
kcore.models.compile_classifier(model)
kcore.inspect.trace(model)

# %%
# The windows of the second pooling don't reach the last row and column, which the audit tells.

kcore.inspect.audit(model)

# %%
# With and without convolutions
# -----------------------------
# An MLP gets the same images, in the same order, for as many epochs.

history = model.fit(batches, epochs=4, verbose=2)

mlp = kcore.models.mlp(rescale=1 / 255, seed=7)
kcore.models.compile_classifier(mlp)
mlp_history = mlp.fit(kcore.data.from_arrays(x_train[..., 0], y_train, seed=7), epochs=4, verbose=0)

# %%
# Then both see the test images as they are, and moved to the right.

print("moved by   CNN    MLP")
for pixels in (0, 1, 2, 3):
    moved = np.roll(x_test, pixels, axis=2)
    _, accuracy = model.evaluate(moved, y_test, verbose=0)
    _, mlp_accuracy = mlp.evaluate(moved[..., 0], y_test, verbose=0)
    print(f"{pixels} pixels  {accuracy:.1%}  {mlp_accuracy:.1%}")

# %%
# What it gets wrong
# ------------------
# These are the mistakes of which the network is most certain.

kcore.visualize.misclassified(
    x_test, y_test, model.predict(x_test, verbose=0), count=12, class_names=dataset.class_names
)
