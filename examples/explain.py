"""Train on drawn scenes and map the regions that the model looks at: is it the object?"""

import dataclasses

import command_line

CLASSES = ("ball", "bolt", "heart")
SIZE = 48
TRAINING, TESTED, MAPPED, SHOWN = 1500, 256, 32, 4


def parse_options():
    """Read the command line and choose the backend."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--epochs", type=command_line.whole_number(1), default=14, help="passes over the scenes"
    )
    parser.add_argument(
        "--seed", type=command_line.whole_number(0), default=0, help="of weights and shuffling"
    )
    parser.add_argument(
        "--output",
        type=command_line.output_folder,
        default="outputs/explain",
        help="folder for the pictures",
    )
    options = parser.parse_args()
    command_line.use_backend(parser, options.backend)
    return options


OPTIONS = parse_options()

import keras  # noqa: E402 -- the backend had to be chosen first
import numpy as np  # noqa: E402

import kcore  # noqa: E402
from kcore import explain, visualize  # noqa: E402
from kcore.datasets import scenes  # noqa: E402

# The model takes -1 for black and 1 for white. So zero, which occlusion and Score-CAM put over
# pixels and integrated gradients start from, is mid gray.
METHODS = {
    "Grad-CAM": explain.grad_cam,
    "Grad-CAM++": explain.grad_cam_plus_plus,
    "LayerCAM": explain.layer_cam,
    "Score-CAM": explain.score_cam,
    "saliency": explain.saliency,
    "SmoothGrad": lambda *arguments: smoothed(*arguments),
    "integrated gradients": lambda *arguments: shares(*arguments),
    "occlusion": lambda model, x, label: scaled(explain.occlusion(model, x, label)),
}


def main():
    """Train, map, measure against the known boxes, save the pictures."""
    train = [scene(index, "train") for index in range(TRAINING)]
    test = [scene(index, "test") for index in range(TESTED)]
    model = fit(*arrays_of(train))
    images, labels = arrays_of(test)
    right = np.mean(explain.class_scores(model, images).predicted == labels)
    print(f"{right:.0%} of {TESTED} test scenes are recognized")

    images, labels = images[:MAPPED], labels[:MAPPED]
    inside = np.stack([in_box(one) for one in test[:MAPPED]])
    print(f"{'share of a map in the box':<26} {inside.mean():6.1%}  by chance")
    shown = as_pictures(images[:SHOWN])
    pictures, captions = list(shown), [CLASSES[label] for label in labels[:SHOWN]]
    for name, method in METHODS.items():
        maps = (
            method(model, images, None, labels) if "CAM" in name else method(model, images, labels)
        )
        print(f"  {name:<24} {share_inside(maps, inside):6.1%}")
        pictures += [visualize.overlay(shown[i], maps[i]) for i in range(SHOWN)]
        captions += [name] * SHOWN
    save(
        "maps.png",
        visualize.gallery(np.stack(pictures), captions=captions, columns=3 * SHOWN, tile_size=120),
    )

    found = explain.maximize_activation(
        model, class_index=range(len(CLASSES)), value_range=(-1, 1), seed=OPTIONS.seed
    )
    ideals = as_pictures(found.images)
    save("ideals.png", visualize.gallery(ideals, captions=CLASSES, tile_size=192))
    print(f"Saved maps.png and ideals.png in {OPTIONS.output}")


def scene(index, split):
    """Draw a scene whose object is small, so that a map seldom hits it by chance."""
    parameters = scenes.draw_parameters(index, classes=CLASSES, split=split)
    return scenes.paint(dataclasses.replace(parameters, size=parameters.size * 0.6), (SIZE, SIZE))


def arrays_of(some):
    """Return the images, float32 in -1..1, and the labels of scenes."""
    images = np.stack([one.image for one in some]).astype("float32")
    return images / 127.5 - 1, np.array([one.label for one in some])


def as_pictures(images):
    """Return images in -1..1 as uint8."""
    return np.rint((images + 1) * 127.5).astype("uint8")


def fit(images, labels):
    """Train a small network that keeps the positions of objects up to its last feature maps."""
    keras.utils.set_random_seed(OPTIONS.seed)
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
    steps = OPTIONS.epochs * -(-len(images) // 32)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, steps)
    model = kcore.models.compile_classifier(model, optimizer=keras.optimizers.Adam(rate))
    model.fit(images, labels, epochs=OPTIONS.epochs, verbose=2)
    return model


def smoothed(model, images, labels):
    """Map by SmoothGrad, with so little noise that this model still finds the object.

    The objects are small and drawn with fine edges: with the default noise, three times as strong,
    about half of the scenes aren't recognized any more, and the map spreads over the background.
    """
    return explain.smooth_grad(model, images, labels, samples=16, noise_level=0.05)


def shares(model, images, labels):
    """Map by integrated gradients how much each pixel raises the score, in 0..1."""
    found = explain.integrated_gradients(model, images, labels)
    return scaled(found.values.sum(axis=-1))


def scaled(maps):
    """Keep what supports the class, and divide each map by its largest value."""
    positive = np.maximum(maps, 0)
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


def save(name, picture):
    """Write a picture."""
    kcore.images.save_img(OPTIONS.output / name, picture, scale=False)


if __name__ == "__main__":
    main()
