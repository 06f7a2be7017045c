"""
A convolutional network
=======================

Convolutions look for small patterns anywhere in an image, and pooling keeps the strongest response
nearby. With as many images, such a network recognizes more than one without convolutions.
"""

# %%
# A part of the data
# ------------------
# To take seconds, this page trains on 6,000 of the 60,000 images of Fashion-MNIST. Convolutions
# need an axis of channels, of length 1 for gray images.

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
# The MLP gets the same images, in the same order, for as many epochs.

history = model.fit(batches, epochs=3, validation_data=(x_test, y_test), verbose=2)

# %%

mlp = kcore.models.mlp(rescale=1 / 255, seed=7)
kcore.models.compile_classifier(mlp)
flat = kcore.data.from_arrays(x_train[..., 0], y_train, seed=7)
mlp.fit(flat, epochs=3, verbose=0)

for name, trained, images in (("CNN", model, x_test), ("MLP", mlp, x_test[..., 0])):
    accuracy = trained.evaluate(images, y_test, return_dict=True, verbose=0)["accuracy"]
    print(f"{name}: {accuracy:.1%} of the test images, {trained.count_params():,} weights")

# %%
# What it gets wrong
# ------------------
# These are the mistakes of which the network is most certain.

kcore.visualize.misclassified(
    x_test, y_test, model.predict(x_test, verbose=0), count=12, class_names=dataset.class_names
)
