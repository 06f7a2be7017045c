"""
What a class looks like to a model
==================================

Images that are made to raise the score of a class, by gradient ascent from noise.
"""

import numpy as np

import kcore

dataset = kcore.datasets.load()
x = (dataset.x_train[:6000] / np.float32(255))[..., None]
model = kcore.models.cnn(filters=(16, 32), seed=7)
kcore.models.compile_classifier(model)
model.fit(kcore.data.from_arrays(x, dataset.y_train[:6000], seed=7), epochs=2, verbose=0)

found = kcore.explain.maximize_activation(model, class_index=range(10), seed=7)
kcore.visualize.gallery(found.images, captions=list(dataset.class_names), columns=5)
