"""
Looking inside
==============

What does each layer of a network respond to, and where in an image does it find its answer?
"""

# %%
# A trained network
# -----------------
# A small CNN is trained for a moment, on 6,000 images of Fashion-MNIST.

import keras
import numpy as np

import kcore

dataset = kcore.datasets.load()
x = (dataset.x_train[:6000] / np.float32(255))[..., None]
model = kcore.models.cnn(filters=(16, 16), seed=7)
kcore.models.compile_classifier(model)
model.fit(kcore.data.from_arrays(x, dataset.y_train[:6000], seed=7), epochs=3, verbose=2)

images = (dataset.x_test[:8] / np.float32(255))[..., None]
kcore.visualize.gallery(
    images, dataset.y_test[:8], model.predict(images, verbose=0), class_names=dataset.class_names
)

# %%
# The outputs of all layers
# -------------------------
# `kcore.inspect.activations` returns them from one pass. No other model is needed for it.

maps = kcore.inspect.activations(model, images[:1])
for name, outputs in maps.items():
    print(f"{name:<12} {outputs.shape}")

# %%
# `kcore.visualize.feature_grid` shows each channel as a tile. Every tile has its own scale: the
# brightest color is where this channel responds most.

kcore.visualize.feature_grid(maps["conv_1"], data_format="channels_last")

# %%
# After pooling and another convolution, the maps are coarser and say less about the shape.

kcore.visualize.feature_grid(maps["conv_2"], data_format="channels_last", cmap="inferno")

# %%
# The filters
# -----------
# These are the weights that made the first maps. Gray is zero, white positive, black negative.

kcore.visualize.filters(keras.ops.convert_to_numpy(model.get_layer("conv_1").kernel))

# %%
# Where the answer comes from
# ---------------------------
# Grad-CAM maps the regions that support the predicted class. `kcore.visualize.overlay` draws a map
# over its image.

heat_maps = kcore.explain.grad_cam(model, images, layer="conv_2")
pictures = [
    np.asarray(kcore.visualize.overlay(image, heat_map, scale=4))
    for image, heat_map in zip(images, heat_maps, strict=True)
]
predicted = kcore.explain.class_scores(model, images).predicted
kcore.visualize.gallery(
    np.stack(pictures), captions=[dataset.class_names[label] for label in predicted]
)
