"""
Padding and shapes
==================

How large is the output of a convolution or a pooling? It depends on the window, its strides and
the padding. `kcore.shapes` computes it without a model and draws it.
"""

# %%
# VALID and SAME
# --------------
# A window of 6 cells moves over 13 cells in steps of 5. With "valid" it stays inside, so two cells
# at the end are never read.

# sphinx_gallery_thumbnail_path = "auto_gallery/images/sphx_glr_windows_001.png"
import keras
import numpy as np

import kcore

kcore.shapes.Window(13, kernel_size=6, strides=5, padding="valid")

# %%
# With "same", pads of zeros make room for one more position. Three are needed; the odd one comes
# after the input.

kcore.shapes.Window(13, kernel_size=6, strides=5, padding="same")

# %%
# The numbers are attributes: for a shape, there is a window for each axis.

windows = kcore.shapes.conv_windows((28, 30), kernel_size=3, strides=2, padding="same")
print(windows.output_size, windows.pads)
print(windows.output_shape(batch=32, channels=8))

# %%
# Functions with explicit filters
# -------------------------------
# `kcore.nn` computes a convolution from an array of filters, without a layer. Filters have the axes
# (height, width, input channels, output channels), images the axes (batch, height, width,
# channels).

images = np.random.default_rng(0).normal(size=(2, 64, 64, 3)).astype("float32")
filters = kcore.initializers.GlorotUniform(seed=0)((4, 4, 3, 8))
convolved = kcore.nn.conv2d(images, filters, strides=[1, 1, 1, 1], padding="SAME")
pooled = kcore.nn.max_pool(convolved, ksize=[1, 8, 8, 1], strides=[1, 8, 8, 1], padding="SAME")
print(tuple(convolved.shape), tuple(pooled.shape))

# %%
# A filter of known values shows that the window is what it should be. This one takes the difference
# of neighbors along a row, so on a ramp it gives 1, except at the padded end.

ramp = np.arange(6, dtype="float32").reshape(1, 1, 6, 1)
difference = np.array([-1, 1], dtype="float32").reshape(1, 2, 1, 1)
for padding in ("VALID", "SAME"):
    result = kcore.nn.conv2d(ramp, difference, padding=padding)
    print(f"{padding:<6}", keras.ops.convert_to_numpy(result).ravel())

# %%
# Through a whole model
# ---------------------
# The trace lists the shapes, pads and receptive fields of all layers, and computes nothing.

model = keras.Sequential(
    [
        keras.Input((150, 150, 3)),
        keras.layers.Conv2D(16, 3, strides=2, padding="same", name="halve"),
        keras.layers.MaxPooling2D(3, name="pool"),
        keras.layers.Conv2D(32, 5, strides=4, name="far"),
    ]
)
kcore.inspect.trace(model)

# %%
# The audit names what is lost on the way, and what to do about it.

kcore.inspect.audit(model)
