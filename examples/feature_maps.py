"""Train the course's CNN for a moment, and show what each of its layers sees of some images."""

import command_line  # first, because it chooses the backend

import keras
import numpy as np
from PIL import Image, ImageOps

import kcore


def main(options):
    """Train, look at the layers, save the pictures."""
    dataset = kcore.datasets.load()
    x_train = (dataset.x_train[: options.train] / np.float32(255))[..., None]
    model = kcore.models.cnn(x_train.shape[1:], len(dataset.class_names), seed=options.seed)
    kcore.models.compile_classifier(model)
    y_train = dataset.y_train[: options.train]
    # Unlike fit(x_train, y_train), this gives every backend the same batches.
    model.fit(kcore.data.from_arrays(x_train, y_train, seed=options.seed))

    images = (dataset.x_test[options.image] / np.float32(255))[..., None]
    maps = kcore.inspect.activations(model, images)
    for name, outputs in maps.items():
        print(f"{name:<18} {outputs[:1].shape}")
        if outputs.ndim == 4:
            grid_of_each(outputs).save(options.output / f"{name}.png")

    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    kernel = keras.ops.convert_to_numpy(first.kernel)
    kcore.visualize.filters(kernel).save(options.output / "filters.png")
    chosen = [dataset.class_names[label] for label in dataset.y_test[options.image]]
    print(f"Looked at {', '.join(chosen)}; saved the pictures in {options.output}")


def grid_of_each(outputs):
    """Return the channels of a layer in one row for each image, as many as can be seen well."""
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


def parse_options():
    """Read the command line."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--train",
        type=command_line.integer(1),
        default=6000,
        help="how many images to train on, once",
    )
    parser.add_argument(
        "--image",
        type=command_line.integer(0, 1999),
        nargs="+",
        default=[0, 1, 2],
        help="numbers of the test images to look at",
    )
    parser.add_argument(
        "--seed", type=command_line.integer(0), default=0, help="seed of weights and batches"
    )
    command_line.add_output(parser, "outputs/feature_maps", "the pictures")
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main, parse_options())
