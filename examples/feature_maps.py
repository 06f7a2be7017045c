"""Train the course's CNN for a moment, and show what each of its layers sees of some images."""

import command_line


def parse_options():
    """Read the command line and choose the backend."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--train",
        type=command_line.whole_number(1),
        default=6000,
        help="how many images to train on, once",
    )
    parser.add_argument(
        "--image",
        type=command_line.whole_number(0),
        action="append",
        help="number of a test image to look at; may be given several times  (default: 0 1 2)",
    )
    parser.add_argument(
        "--seed", type=command_line.whole_number(0), default=0, help="of weights and shuffling"
    )
    parser.add_argument(
        "--output",
        type=command_line.output_folder,
        default="outputs/feature_maps",
        help="folder for the pictures",
    )
    options = parser.parse_args()
    options.image = options.image or [0, 1, 2]
    command_line.use_backend(parser, options.backend)
    return parser, options


PARSER, OPTIONS = parse_options()

import keras  # noqa: E402 -- the backend had to be chosen first
import numpy as np  # noqa: E402
from PIL import Image, ImageOps  # noqa: E402

import kcore  # noqa: E402


def main():
    """Train, look at the layers, save the pictures."""
    command_line.show_warnings_plainly()
    dataset = kcore.datasets.load()
    if max(OPTIONS.image) >= len(dataset.x_test):
        PARSER.exit(2, f"--image {max(OPTIONS.image)}: there are {len(dataset.x_test)} images\n")
    images = (dataset.x_test[OPTIONS.image] / np.float32(255))[..., None]
    model = train(dataset)

    maps = kcore.inspect.activations(model, images)
    for name, outputs in maps.items():
        print(f"{name:<18} {outputs[:1].shape}")
    for name, outputs in maps.items():
        if outputs.ndim == 4:
            save(f"{name}.png", grid_of_each(outputs))
    kernels = next(layer for layer in model.layers if hasattr(layer, "kernel_size")).kernel
    save("filters.png", kcore.visualize.filters(keras.ops.convert_to_numpy(kernels)))
    chosen = [dataset.class_names[label] for label in dataset.y_test[OPTIONS.image]]
    print(f"Looked at {', '.join(chosen)}; saved the pictures in {OPTIONS.output}")


def train(dataset):
    """Return the course's CNN after one pass over some of the images."""
    keras.utils.set_random_seed(OPTIONS.seed)
    images = (dataset.x_train[: OPTIONS.train] / np.float32(255))[..., None]
    shape, classes = images.shape[1:], len(dataset.class_names)
    model = kcore.models.compile_classifier(kcore.models.cnn(shape, classes, seed=OPTIONS.seed))
    model.fit(images, dataset.y_train[: OPTIONS.train])
    return model


def grid_of_each(outputs):
    """Return the channels of a layer in one row for each image, as many as are well seen."""
    gap, tile = 2, 96
    rows = [
        kcore.visualize.feature_grid(
            one,
            layout="row",
            max_channels=16,
            scale=max(1, tile // one.shape[1]),
            gap=gap,
            data_format="channels_last",
        )
        for one in outputs
    ]
    below_each_other = [ImageOps.expand(row, (0, 0, 0, gap), "white") for row in rows]
    return Image.fromarray(np.concatenate(below_each_other))


def save(name, picture):
    """Write a picture."""
    picture.save(OPTIONS.output / name)


if __name__ == "__main__":
    main()
