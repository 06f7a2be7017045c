"""Show one image as augmentation changes it: sheared, zoomed, flipped, and by the whole recipe."""

import command_line  # first, because it chooses the backend

import numpy as np

import kcore

PANELS = {
    "shear": {"shear_range": 20},
    "zoom": {"zoom_range": 0.4},
    "flip": {"horizontal_flip": True},
    "rotation": {"rotation_range": 40},
    "shift": {"width_shift_range": 0.2, "height_shift_range": 0.2},
    "recipe": {
        "rotation_range": 40,
        "width_shift_range": 0.2,
        "height_shift_range": 0.2,
        "shear_range": 11.54,  # degrees: 20%
        "zoom_range": 0.2,
        "horizontal_flip": True,
    },
}
SHEARS = (0.2, 11.54)
FILL_MODES = ("nearest", "constant", "reflect", "wrap")


def main(options):
    """Read or draw the image, and save each panel."""
    if options.image is None:
        image = kcore.datasets.scenes.scene(4).image
    else:
        picture = kcore.images.load_img(options.image)
        image = kcore.images.img_to_array(picture, dtype="uint8", data_format="channels_last")
    for name, ranges in PANELS.items():
        recipe = kcore.augment.Recipe(
            **ranges, fill_mode=options.fill_mode, data_format="channels_last"
        )
        picture, captions = panel(image, recipe, options)
        path = options.output / f"{name}.png"
        picture.save(path)
        print(path)
        for number, caption in enumerate(captions):
            print(f"  {number}: {caption}")
    path = options.output / "shear_in_degrees.png"
    shears(image, options).save(path)
    print(path)


def panel(image, recipe, options):
    """Return a picture of the image and its variations, and what was drawn for each."""
    images, parameters = kcore.augment.variations(
        image, recipe, count=options.draws, seed=options.seed
    )
    captions = ["original", *(text or "unchanged" for text in kcore.augment.captions(parameters))]
    picture = kcore.visualize.gallery(
        np.concatenate([image[None], images]), captions=captions, columns=4, tile_size=192
    )
    return picture, captions


def shears(image, options):
    """Return a picture of what `shear_range=0.2` and a shear by 20% do to the image at most."""
    recipe = kcore.augment.Recipe(fill_mode=options.fill_mode, data_format="channels_last")
    drawn = kcore.augment.Parameters.from_dicts([{"shear": degrees} for degrees in (0.0, *SHEARS)])
    sheared = kcore.augment.apply(np.stack([image] * len(drawn)), drawn, recipe)
    captions = ["original", *(f"sheared by {degrees}°" for degrees in SHEARS)]
    return kcore.visualize.gallery(
        np.rint(sheared).astype("uint8"), captions=captions, columns=3, tile_size=192
    )


def parse_options():
    """Read the command line."""
    parser = command_line.parser(__doc__)
    parser.add_argument("image", nargs="?", help="an image file (default: a drawn scene)")
    parser.add_argument(
        "--draws", type=command_line.integer(1, 100), default=7, help="variations in a panel"
    )
    parser.add_argument(
        "--fill-mode",
        choices=FILL_MODES,
        default="nearest",
        help="how points outside the image are filled",
    )
    parser.add_argument(
        "--seed", type=command_line.integer(0), default=0, help="seed of the variations"
    )
    command_line.add_output(parser, "outputs/augmentation_gallery", "one picture per panel")
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main, parse_options(), errors=(OSError, kcore.images.ImageDecodeError))
