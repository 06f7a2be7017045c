"""
Grad-CAM and its relatives
==========================

Where a model looks, by eight methods, for the same three images. Each column is one method.
"""

from functools import partial

import keras
import numpy as np

import kcore
from kcore import explain

CLASSES = ("ball", "bolt", "heart")
(x, y), (x_test, y_test) = kcore.datasets.scenes.load_data(
    1200, 3, image_size=(48, 48), classes=CLASSES
)
# Values from -1 to 1: zero, which some methods cover with, is then mid gray.
x, x_test = (images.astype("float32") / 127.5 - 1 for images in (x, x_test))

layers = [keras.Input((48, 48, 3))]
for filters, strides in ((16, 2), (32, 1), (32, 2), (32, 1)):
    layers += [
        kcore.layers.Conv2D(filters, 3, strides, padding="same", use_bias=False),
        keras.layers.BatchNormalization(momentum=0.9),
        keras.layers.ReLU(),
    ]
layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3, activation="softmax")]
model = keras.Sequential(layers)
kcore.initializers.reinitialize(model, seed=7)
rate = keras.optimizers.schedules.CosineDecay(3e-3, 10 * 38)
kcore.models.compile_classifier(model, optimizer=keras.optimizers.Adam(rate))
model.fit(kcore.data.from_arrays(x, y, seed=7), epochs=10, verbose=0)


def attributed(model, images, class_index):
    """Sum up what the channels of each pixel add to the score."""
    return explain.integrated_gradients(model, images, class_index).values.sum(axis=-1)


METHODS = {
    "Grad-CAM": explain.grad_cam,
    "Grad-CAM++": explain.grad_cam_plus_plus,
    "LayerCAM": explain.layer_cam,
    "Score-CAM": explain.score_cam,
    "saliency": explain.saliency,
    "SmoothGrad": partial(explain.smooth_grad, samples=16, noise_level=0.05),
    "integr. gradients": attributed,
    "occlusion": explain.occlusion,
}

shown = np.rint((x_test + 1) * 127.5).astype("uint8")
columns = [shown]
for method in METHODS.values():
    maps = np.maximum(method(model, x_test, class_index=y_test), 0)  # what speaks for the class
    maps /= maps.max(axis=(1, 2), keepdims=True).clip(1e-9)
    pairs = zip(shown, maps, strict=True)
    columns.append(np.stack([kcore.visualize.overlay(image, one) for image, one in pairs]))

captions = [text for label in y_test for text in (CLASSES[label], *METHODS)]
pictures = np.stack(columns, axis=1).reshape(-1, 48, 48, 3)
kcore.visualize.gallery(pictures, captions=captions, columns=len(columns), tile_size=96)
