"""Train on drawn scenes and map the regions that the model looks at: is it the object?"""

import dataclasses
from functools import partial

import command_line  # first, because it chooses the backend

import keras
import numpy as np

import kcore
from kcore import explain, visualize
from kcore.datasets import scenes

CLASSES = ("ball", "bolt", "heart")
SIZE = 48
TRAINING, TESTED, MAPPED, SHOWN = 1500, 256, 32, 4


# The objects are small, with fine edges: at SmoothGrad's usual noise, three times as strong, the
# model doesn't recognize about half of the scenes, and the maps spread over the background.
METHODS = {
    "Grad-CAM": explain.grad_cam,
    "Grad-CAM++": explain.grad_cam_plus_plus,
    "LayerCAM": explain.layer_cam,
    "Score-CAM": explain.score_cam,
    "saliency": explain.saliency,
    "SmoothGrad": partial(explain.smooth_grad, samples=16, noise_level=0.05),
    "integrated gradients": partial(explain.integrated_gradients, steps=200),
    "occlusion": explain.occlusion,
}


def main(options):
    """Train, map, measure against the known boxes, save the pictures."""
    train = [scene(index, "train") for index in range(TRAINING)]
    test = [scene(index, "test") for index in range(TESTED)]
    model = fit(*arrays_of(train), options)
    images, labels = arrays_of(test)
    right = np.mean(explain.class_scores(model, images).predicted == labels)
    print(f"{right:.0%} of {TESTED} test scenes are recognized")

    images, labels = images[:MAPPED], labels[:MAPPED]
    inside = np.stack([in_box(one) for one in test[:MAPPED]])
    print(f"{'share of a map in the box':<26} {inside.mean():6.1%}  by chance")
    found = {}
    for name, method in METHODS.items():
        found[name] = maps_of(method(model, images, class_index=labels))
        print(f"  {name:<24} {share_inside(found[name], inside):6.1%}")
    side_by_side(images[:SHOWN], labels, found).save(options.output / "maps.png")
    print(f"Saved {options.output.resolve() / 'maps.png'}: a row for each of {SHOWN} scenes")


def side_by_side(images, labels, found):
    """Return a picture with a row for each image: the image itself, and its map by each method."""
    pictures, captions = [], []
    for index, image in enumerate(as_pictures(images)):
        pictures += [image, *(visualize.overlay(image, clear(m[index])) for m in found.values())]
        captions += [CLASSES[labels[index]], *found]
    return visualize.gallery(
        np.stack(pictures), captions=captions, columns=1 + len(found), tile_size=144
    )


def clear(heat_map):
    """Return a map whose highest 2% are 1, because single pixels may hide all others."""
    return np.minimum(heat_map / max(np.percentile(heat_map, 98), 1e-12), 1)


def scene(index, split):
    """Draw a scene whose object is small, so that a map seldom hits it by chance."""
    parameters = scenes.draw_parameters(index, classes=CLASSES, split=split)
    return scenes.paint(dataclasses.replace(parameters, size=parameters.size * 0.6), (SIZE, SIZE))


def arrays_of(some):
    """Return the images, float32 in -1..1, and the labels of scenes.

    Zero, which methods cover, mask and compare with, is then mid gray, which says nothing.
    """
    images = np.stack([one.image for one in some]).astype("float32")
    return images / 127.5 - 1, np.array([one.label for one in some])


def as_pictures(images):
    """Return images in -1..1 as uint8."""
    return np.rint((images + 1) * 127.5).astype("uint8")


def fit(images, labels, options):
    """Train a small network that keeps the positions of objects up to its last feature maps."""
    keras.utils.set_random_seed(options.seed)
    layers = [keras.Input((SIZE, SIZE, 3))]
    for filters, kernel_size, strides in ((16, 5, 2), (32, 3, 1), (32, 3, 2), (32, 3, 1)):
        layers += [
            keras.layers.Conv2D(filters, kernel_size, strides, padding="same", use_bias=False),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.ReLU(),
        ]
    layers += [
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(len(CLASSES), activation="softmax"),
    ]
    model = keras.Sequential(layers)
    # With small steps at the end, the statistics of BatchNormalization settle.
    steps = options.epochs * -(-len(images) // 32)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, steps)
    model = kcore.models.compile_classifier(model, optimizer=keras.optimizers.Adam(rate))
    model.fit(images, labels, epochs=options.epochs, verbose=2)
    return model


def maps_of(result):
    """Return the support for the class as (images, height, width) in 0..1, by any method."""
    if isinstance(result, explain.Attributions):
        result = result.values.sum(axis=-1)
    positive = np.maximum(result, 0)
    return positive / np.maximum(positive.max(axis=(1, 2), keepdims=True), 1e-12)


def in_box(one):
    """Return a mask of the bounding box of a scene's object."""
    mask = np.zeros((SIZE, SIZE), bool)
    top, left, bottom, right = one.box
    mask[top:bottom, left:right] = True
    return mask


def share_inside(maps, inside):
    """Return the mean share of the maps that lies in the boxes, without maps of all zeros."""
    says_something = maps.any(axis=(1, 2))
    maps, inside = maps[says_something], inside[says_something]
    return np.mean((maps * inside).sum(axis=(1, 2)) / maps.sum(axis=(1, 2)))


def parse_options():
    """Read the command line."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--epochs", type=command_line.integer(1), default=14, help="passes over the scenes"
    )
    parser.add_argument(
        "--seed", type=command_line.integer(0), default=0, help="seed of weights and shuffling"
    )
    command_line.add_output(parser, "outputs/explain", "the pictures")
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main, parse_options())
