"""Classify one image file with a saved model, and print the most probable classes."""

import json
from pathlib import Path

import command_line


def parse_options():
    """Read the command line and choose the backend."""
    parser = command_line.parser(__doc__)
    parser.add_argument("image", type=Path, help="an image file that Pillow can read")
    parser.add_argument(
        "--model",
        type=Path,
        default="outputs/quickstart/model.keras",
        help="a model that quickstart.py saved, beside its class_names.json",
    )
    parser.add_argument(
        "--top", type=command_line.whole_number(1), default=3, help="how many classes to print"
    )
    parser.add_argument(
        "--invert",
        action="store_true",
        help="turn light into dark: Fashion-MNIST shows light clothes on black, photos often not",
    )
    options = parser.parse_args()
    names = options.model.with_name("class_names.json")
    for path in (options.model, names):
        if not path.is_file():
            parser.error(f"there is no file {path}: run quickstart.py first, or name a model")
    command_line.use_backend(parser, options.backend)
    return parser, options, read_names(parser, names)


def read_names(parser, path):
    """Return the names that stand in a JSON file."""
    try:
        names = json.loads(path.read_text())
    except ValueError as error:
        parser.error(f"{path} is not JSON: {error}")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        parser.error(f"{path} must hold a list of names")
    return names


PARSER, OPTIONS, CLASS_NAMES = parse_options()

import keras  # noqa: E402 -- the backend had to be chosen first
import numpy as np  # noqa: E402

import kcore.images  # noqa: E402
import kcore.models  # noqa: E402 -- a saved model may be of a class of kcore's


def main():
    """Read, scale, classify, print."""
    try:
        model = keras.saving.load_model(OPTIONS.model)
    except (OSError, TypeError, ValueError) as error:
        PARSER.exit(1, f"{OPTIONS.model} can't be loaded: {error}\n")
    if model.output_shape[-1] != len(CLASS_NAMES):
        PARSER.exit(
            1,
            f"{OPTIONS.model} knows {model.output_shape[-1]} classes, but class_names.json names "
            f"{len(CLASS_NAMES)}\n",
        )
    batch = prepare(read(OPTIONS.image, model), model)
    probabilities = model.predict(batch, verbose=0)[0]
    print(f"{OPTIONS.image} ({keras.backend.backend()}):")
    for index in np.argsort(-probabilities)[: OPTIONS.top]:
        print(f"  {CLASS_NAMES[index]:<12} {probabilities[index]:7.2%}")


def read(path, model):
    """Return the image as (height, width, 1) floats in 0..1, in the size of the training images."""
    try:
        image = kcore.images.load_img(
            path, color_mode="grayscale", target_size=image_size(model), interpolation="box"
        )
    except (OSError, kcore.images.ImageDecodeError) as error:
        PARSER.exit(1, f"{error}\n")
    pixels = kcore.images.img_to_array(image) / 255
    return 1 - pixels if OPTIONS.invert else pixels


def image_size(model):
    """Return (height, width), also for a model that takes flattened square images."""
    shape = model.input_shape[1:]
    return shape[:2] if len(shape) > 1 else (int(np.sqrt(shape[0])),) * 2


def prepare(pixels, model):
    """Add the batch axis and give the image the shape that the model takes."""
    return pixels.reshape(1, *model.input_shape[1:])


if __name__ == "__main__":
    main()
