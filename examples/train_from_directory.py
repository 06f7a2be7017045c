"""Train the binary CNN on a folder of images, without augmentation and with the course's."""

from pathlib import Path

import command_line  # first, because it chooses the backend

import keras

import kcore

CLASSES = ("heart", "star")
AUGMENTATION = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 11.54,  # degrees: 20%
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "fill_mode": "nearest",
}


def main(options):
    """Train twice, compare, save the second model and the pictures."""
    folder = options.images or drawn_scenes(options.output / "images")
    plain = batches(folder / "train", {}, options)
    augmented = batches(folder / "train", AUGMENTATION, options)
    validation = batches(folder / "validation", {}, options)

    histories = {}
    for name, training in (("without augmentation", plain), ("with augmentation", augmented)):
        command_line.heading(f"Training {name}")
        model, histories[name] = train(training, validation, options)
        plot = kcore.visualize.plot_history(histories[name])
        plot.savefig(options.output / f"curves_{name.replace(' ', '_')}.png")
    compare(histories, options.target)

    model.save(options.output / "model.keras")
    save_batch(augmented, options.output / "batch.png")
    print(f"Saved in {options.output.resolve()}:")
    print("  curves_*.png  training and validation, without and with augmentation")
    print("  batch.png     the first augmented batch, as the model got it")
    print("  model.keras   the model that was trained with augmentation")


def compare(histories, target):
    """Print the last accuracies of each training run."""
    command_line.heading("Accuracy after the last epoch")
    for name, history in histories.items():
        training, validation = (history.history[key][-1] for key in ("accuracy", "val_accuracy"))
        verdict = "reaches" if validation >= target else "misses"
        print(
            f"{name:<21} training {training:.3f}, validation {validation:.3f}: "
            f"{verdict} {target:.2f}"
        )


def drawn_scenes(folder):
    """Return a folder of drawn scenes, which is written in the first run."""
    if not folder.exists():
        kcore.datasets.scenes.write_directory(
            folder, train=200, validation=400, image_size=(64, 64), classes=CLASSES, seed=3
        )
    return folder


def batches(folder, augmentation, options):
    """Return the images of a folder, decoded, augmented and scaled to 0..1 while they are used."""
    generator = kcore.augment.ImageDataGenerator(rescale=1 / 255, **augmentation)
    return generator.flow_from_directory(
        folder,
        target_size=(options.image_size, options.image_size),
        batch_size=options.batch_size,
        class_mode="binary",
        seed=options.seed,
    )


def train(training, validation, options):
    """Train a model, always from the same initial weights."""
    keras.utils.set_random_seed(options.seed)
    shape = (options.image_size, options.image_size, 3)
    # Smaller steps in the last quarter: otherwise the accuracy still jumps from epoch to epoch.
    steps = options.epochs * len(training)
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([steps * 3 // 4], [1e-3, 2e-4])
    model = kcore.models.compile_binary_classifier(
        kcore.models.binary_cnn(shape, seed=options.seed),
        optimizer=keras.optimizers.RMSprop(rate),
    )
    history = model.fit(training, epochs=options.epochs, validation_data=validation, verbose=2)
    return model, history


def save_batch(training, path):
    """Show the first batch as the model got it."""
    images, labels = training[0]
    names = sorted(training.class_indices, key=training.class_indices.get)
    picture = kcore.visualize.gallery(images, labels.astype(int), class_names=names)
    picture.save(path)


def parse_options():
    """Read the command line."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--images",
        type=Path,
        help="a folder with train/ and validation/, each with one folder of images for each of two "
        "classes (default: 200 and 400 drawn scenes of hearts and stars)",
    )
    size = command_line.integer(16, 1024)
    parser.add_argument("--image-size", type=size, default=64, help="height and width in pixels")
    epochs = command_line.integer(1)
    parser.add_argument("--epochs", type=epochs, default=40, help="passes over the images")
    parser.add_argument(
        "--target",
        type=command_line.fraction,
        default=0.90,
        help="the validation accuracy to reach",
    )
    parser.add_argument(
        "--batch-size", type=command_line.integer(1), default=20, help="images in a batch"
    )
    parser.add_argument(
        "--seed", type=command_line.integer(0), default=1, help="seed of weights and augmentation"
    )
    command_line.add_output(
        parser, "outputs/train_from_directory", "the drawn scenes, the model and the pictures"
    )
    options = parser.parse_args()
    for split in ("train", "validation") if options.images else ():
        if not (options.images / split).is_dir():
            parser.error(f"--images {options.images}: there is no folder {options.images / split}")
    return options


if __name__ == "__main__":
    command_line.run(main, parse_options(), errors=(OSError, ValueError))
