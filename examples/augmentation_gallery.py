"""Show one image as augmentation changes it: sheared, zoomed, flipped, and by the whole recipe."""

from pathlib import Path

import command_line

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
        "shear_range": 11.54,  # degrees: 20 %
        "zoom_range": 0.2,
        "horizontal_flip": True,
    },
}
SHEARS = (0.2, 11.54)
FILL_MODES = ("nearest", "constant", "reflect", "wrap")


def parse_options():
    """Read the command line and choose the backend."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "image", type=Path, nargs="?", help="an image file; by default a scene is drawn"
    )
    parser.add_argument(
        "--draws", type=command_line.whole_number(1, 100), default=7, help="variations in a panel"
    )
    parser.add_argument(
        "--fill-mode", choices=FILL_MODES, default="nearest", help="what lies outside of the image"
    )
    parser.add_argument(
        "--seed", type=command_line.whole_number(0), default=0, help="of the variations"
    )
    parser.add_argument(
        "--output",
        type=command_line.output_folder,
        default="outputs/augmentation_gallery",
        help="folder for one picture a panel",
    )
    options = parser.parse_args()
    command_line.use_backend(parser, options.backend)
    return parser, options


PARSER, OPTIONS = parse_options()

import numpy as np  # noqa: E402 -- the backend had to be chosen first

import kcore  # noqa: E402


def main():
    """Read or draw the image, and save each panel."""
    image = read(OPTIONS.image) if OPTIONS.image else kcore.datasets.scenes.scene(4).image
    for name, ranges in PANELS.items():
        recipe = kcore.augment.Recipe(
            **ranges, fill_mode=OPTIONS.fill_mode, data_format="channels_last"
        )
        picture, captions = panel(image, recipe)
        path = OPTIONS.output / f"{name}.png"
        picture.save(path)
        print(f"{path}")
        for number, caption in enumerate(captions):
            print(f"  {number}: {caption}")
    path = OPTIONS.output / "shear_in_degrees.png"
    shears(image).save(path)
    print(path)


def read(path):
    """Return the image in a file as (height, width, 3) uint8."""
    try:
        image = kcore.images.load_img(path)
    except (OSError, kcore.images.ImageDecodeError) as error:
        PARSER.exit(1, f"{error}\n")
    return kcore.images.img_to_array(image, dtype="uint8", data_format="channels_last")


def panel(image, recipe):
    """Return a picture of the image and its variations, and what was drawn for each."""
    images, parameters = kcore.augment.variations(
        image, recipe, count=OPTIONS.draws, seed=OPTIONS.seed
    )
    captions = ["original", *(text or "unchanged" for text in kcore.augment.captions(parameters))]
    picture = kcore.visualize.gallery(
        np.concatenate([image[None], images]), captions=captions, columns=4, tile_size=192
    )
    return picture, captions


def shears(image):
    """Return a picture of what `shear_range=0.2` and a shear by 20 % do to the image at most."""
    recipe = kcore.augment.Recipe(fill_mode=OPTIONS.fill_mode, data_format="channels_last")
    drawn = kcore.augment.Parameters.from_dicts([{"shear": degrees} for degrees in (0.0, *SHEARS)])
    sheared = kcore.augment.apply(np.stack([image] * len(drawn)), drawn, recipe)
    captions = ["original", *(f"sheared by {degrees}°" for degrees in SHEARS)]
    return kcore.visualize.gallery(
        np.rint(sheared).astype("uint8"), captions=captions, columns=3, tile_size=192
    )


if __name__ == "__main__":
    main()
