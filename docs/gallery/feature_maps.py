"""
Feature maps
============

What each channel of a convolution responds to in one image. Every tile has its own scale.
"""

import numpy as np

import kcore

dataset = kcore.datasets.load()
x = (dataset.x_train[:6000] / np.float32(255))[..., None]
model = kcore.models.cnn(filters=(32, 32), seed=7)
kcore.models.compile_classifier(model)
model.fit(kcore.data.from_arrays(x, dataset.y_train[:6000], seed=7), verbose=0)

maps = kcore.inspect.activations(model, x[:1], layers="conv_1")["conv_1"]
kcore.visualize.feature_grid(maps, data_format="channels_last")
