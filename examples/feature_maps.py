"""Train the course's CNN for a moment, and show what each of its layers sees of some images."""

import command_line  # first, because it chooses the backend

import keras
import numpy as np
from PIL import Image

import kcore

TILE, GAP = 430, 2  # of the picture, in pixels


def main(options):
    """Train, look at the layers, save the pictures."""
    dataset = kcore.datasets.load()
    x_train = (dataset.x_train[: options.train] / np.float32(255))[..., None]
    model = kcore.models.cnn(x_train.shape[1:], len(dataset.class_names), seed=options.seed)
    kcore.models.compile_classifier(model)
    y_train = dataset.y_train[: options.train]
    # Unlike fit(x_train, y_train), this gives every backend the same batches.
    model.fit(kcore.data.from_arrays(x_train, y_train, seed=options.seed))

    images = dataset.x_test[options.image]
    maps = kcore.inspect.activations(model, (images / np.float32(255))[..., None])
    for name, outputs in maps.items():
        print(f"{name:<18} {outputs[:1].shape}")
    names = [dataset.class_names[label] for label in dataset.y_test[options.image]]
    show(images, names, maps).save(options.output / "feature_maps.png")

    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    kernel = keras.ops.convert_to_numpy(first.kernel)
    kcore.visualize.filters(kernel).save(options.output / "filters.png")
    print(f"Saved in {options.output.resolve()}:")
    print(f"  feature_maps.png  each convolution and pooling, for {', '.join(names)}")
    print(f"  filters.png       the {kernel.shape[-1]} filters of {first.name}")
    command_line.repeat(dataset.note)


def show(images, names, maps):
    """Return a picture with a row for each image: the image, and all channels of each layer."""
    maps = {layer: outputs for layer, outputs in maps.items() if outputs.ndim == 4}
    tiles, captions = [], []
    for index, (image, name) in enumerate(zip(images, names, strict=True)):
        scale = TILE // image.shape[0]
        tiles.append(np.kron(image, np.ones((scale, scale), np.uint8)))
        captions.append(f"input: {name}")
        for layer, outputs in maps.items():
            height, width, channels = outputs[index].shape
            tiles.append(grid(outputs[index]))
            captions.append(f"{layer}: all {channels} channels, {height}×{width} each")
    return kcore.visualize.gallery(
        np.stack([padded(tile) for tile in tiles]),
        captions=captions,
        columns=1 + len(maps),
        tile_size=TILE,
    )


def grid(outputs):
    """Return all channels of a layer for one image, enlarged as far as they fit into a tile."""
    across = int(np.ceil(np.sqrt(outputs.shape[-1])))
    scale = max(1, ((TILE + GAP) // across - GAP) // outputs.shape[1])
    picture = kcore.visualize.feature_grid(
        outputs, scale=scale, gap=GAP, data_format="channels_last"
    )
    return np.asarray(picture)


def padded(pixels):
    """Return a square RGB picture, white to the right of and below the given one."""
    square = Image.new("RGB", (TILE, TILE), "white")
    square.paste(Image.fromarray(pixels))
    return np.asarray(square)


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
