"""Train the binary CNN on a folder of images, without augmentation and with the course's."""

from pathlib import Path

import command_line

CLASSES = ("heart", "star")
SPLITS = ("train", "validation")
AUGMENTATION = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 11.54,  # degrees: 20 %
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "fill_mode": "nearest",
}


def parse_options():
    """Read the command line and choose the backend."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--images",
        type=Path,
        help="a folder with train/ and validation/, each with one folder of images for each of two "
        "classes; by default 200 and 400 drawn scenes of hearts and stars",
    )
    size = command_line.whole_number(16, 1024)
    parser.add_argument("--image-size", type=size, default=64, help="height and width in pixels")
    epochs = command_line.whole_number(1)
    parser.add_argument("--epochs", type=epochs, default=40, help="passes over the images")
    parser.add_argument(
        "--target",
        type=command_line.fraction,
        default=0.90,
        help="the validation accuracy that is hoped for",
    )
    parser.add_argument("--batch-size", type=command_line.whole_number(1), default=20)
    parser.add_argument("--seed", type=command_line.whole_number(0), default=1)
    parser.add_argument(
        "--output",
        type=command_line.output_folder,
        default="outputs/train_from_directory",
        help="folder for the drawn scenes, the model and the pictures",
    )
    options = parser.parse_args()
    for split in SPLITS if options.images else ():
        if not (options.images / split).is_dir():
            parser.error(f"--images {options.images}: there is no folder {options.images / split}")
    command_line.use_backend(parser, options.backend)
    return parser, options


PARSER, OPTIONS = parse_options()

import keras  # noqa: E402 -- the backend had to be chosen first

import kcore  # noqa: E402


def main():
    """Train twice, compare, save the better model and what there is to see."""
    folder = OPTIONS.images or drawn_scenes(OPTIONS.output / "images")
    try:
        plain, validation = (batches(folder / split, {}) for split in SPLITS)
        augmented = batches(folder / "train", AUGMENTATION)
    except (OSError, ValueError) as error:
        PARSER.exit(1, f"{error}\n")

    runs = {
        "without augmentation": train(plain, validation),
        "with augmentation": train(augmented, validation),
    }
    for name, (_, history) in runs.items():
        save_curves(name, history)
        accuracy = history.history["val_accuracy"][-1]
        verdict = "reaches" if accuracy >= OPTIONS.target else "misses"
        print(
            f"{name:<21} training {history.history['accuracy'][-1]:.3f}, "
            f"validation {accuracy:.3f}: {verdict} {OPTIONS.target:.2f}"
        )
    model, _ = runs["with augmentation"]
    model.save(OPTIONS.output / "model.keras")
    save_batch(augmented)
    print(f"Saved model.keras, batch.png and the curves in {OPTIONS.output}")


def drawn_scenes(folder):
    """Return a folder of drawn scenes, which is written in the first run."""
    if not folder.exists():
        kcore.datasets.scenes.write_directory(
            folder, train=200, validation=400, image_size=(64, 64), classes=CLASSES, seed=3
        )
    return folder


def batches(folder, augmentation):
    """Return the images of a folder, decoded, augmented and scaled to 0..1 while they are used."""
    generator = kcore.augment.ImageDataGenerator(rescale=1 / 255, **augmentation)
    return generator.flow_from_directory(
        folder,
        target_size=(OPTIONS.image_size, OPTIONS.image_size),
        batch_size=OPTIONS.batch_size,
        class_mode="binary",
        seed=OPTIONS.seed,
    )


def train(training, validation):
    """Train a model, always from the same first weights."""
    keras.utils.set_random_seed(OPTIONS.seed)
    shape = (OPTIONS.image_size, OPTIONS.image_size, 3)
    # Smaller steps in the last quarter: else the accuracy still jumps from epoch to epoch.
    steps = OPTIONS.epochs * len(training)
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([steps * 3 // 4], [1e-3, 2e-4])
    model = kcore.models.compile_binary_classifier(
        kcore.models.binary_cnn(shape, seed=OPTIONS.seed),
        optimizer=keras.optimizers.RMSprop(rate),
    )
    history = model.fit(training, epochs=OPTIONS.epochs, validation_data=validation, verbose=2)
    return model, history


def save_curves(name, history):
    """Plot training against validation."""
    path = OPTIONS.output / f"curves {name}.png".replace(" ", "_")
    kcore.visualize.plot_history(history).savefig(path)


def save_batch(training):
    """Show the first batch as the model got it."""
    images, labels = training[0]
    names = sorted(training.class_indices, key=training.class_indices.get)
    picture = kcore.visualize.gallery(images, labels.astype(int), class_names=names)
    picture.save(OPTIONS.output / "batch.png")


if __name__ == "__main__":
    main()
