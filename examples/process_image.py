"""Classify one image file with a model that quickstart.py saved; print the likeliest classes."""

import command_line  # first, because it chooses the backend

import keras
import numpy as np

import kcore


def main(options):
    """Read, scale, classify, print."""
    model = kcore.models.load(options.model)
    height, width = model.input_shape[1:3]
    image = kcore.images.load_img(
        options.image, color_mode="grayscale", target_size=(height, width), interpolation="box"
    )
    pixels = kcore.images.img_to_array(image) / 255
    if options.invert:
        pixels = 1 - pixels
    x = pixels.reshape(1, *model.input_shape[1:])

    probabilities = model.predict(x, verbose=0)[0]
    print(f"{options.image} ({keras.backend.backend()}):")
    for index in np.argsort(-probabilities)[: options.top]:
        print(f"  {model.class_names[index]:<12} {probabilities[index]:7.2%}")


def parse_options():
    """Read the command line."""
    parser = command_line.parser(__doc__)
    parser.add_argument("image", help="an image file that Pillow can read")
    parser.add_argument(
        "--model",
        type=command_line.saved_model,
        default="outputs/quickstart/model.keras",
        help="a model of images of 28 by 28 that was saved with the names of its classes",
    )
    parser.add_argument(
        "--top", type=command_line.integer(1), default=3, help="how many classes to print"
    )
    parser.add_argument(
        "--invert",
        action="store_true",
        help="turn light into dark: Fashion-MNIST shows light clothes on black, photos often not",
    )
    return parser.parse_args()


if __name__ == "__main__":
    errors = (OSError, kcore.images.ImageDecodeError, kcore.models.ModelFileError)
    command_line.run(main, parse_options(), errors)
