"""Teach a network five new classes from 20 images of each, on what it learned of five others.

A small CNN is trained on half of the classes. Cut below its classifier and frozen, it gets a new
head for the other half. The same CNN trained from nothing on the same few images is the comparison.

With --weights it is InceptionV3 that is cut, at mixed7 and for images of 150 by 150, with the
weights of ImageNet (downloaded by Keras) or of a file.
"""

from pathlib import Path

import command_line

EXAMPLES_OF_EACH = 20
PRETRAINING_EPOCHS = 3
PRETRAINING_IMAGES = 20_000
EPOCHS = 30
FILTERS = (32, 64)


def parse_options():
    """Read the command line and choose the backend."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--data",
        choices=("auto", "fashion-mnist", "scenes"),
        default="auto",
        help="auto takes drawn scenes where Fashion-MNIST can't be reached, and says so",
    )
    parser.add_argument(
        "--draws",
        type=command_line.whole_number(1),
        default=3,
        help="how often to draw the few images and train on them",
    )
    parser.add_argument(
        "--weights", help="imagenet, or a file with weights of InceptionV3 without its top"
    )
    parser.add_argument(
        "--output",
        type=command_line.output_folder,
        default="outputs/transfer_learning",
        help="folder for the model and the picture",
    )
    options = parser.parse_args()
    if options.weights not in (None, "imagenet") and not Path(options.weights).is_file():
        parser.error(f"--weights {options.weights!r} is neither imagenet nor a file")
    command_line.use_backend(parser, options.backend)
    return parser, options


PARSER, OPTIONS = parse_options()

import keras  # noqa: E402 -- the backend had to be chosen first
import numpy as np  # noqa: E402

import kcore  # noqa: E402


def main():
    """Run the experiment, or the course's network if weights are given."""
    command_line.show_warnings_plainly()
    print(f"Keras {keras.version()} on {keras.backend.backend()}")
    if OPTIONS.weights is None:
        compare()
    else:
        train_inception()


def compare():
    """Train with and without what was learned before, a few times, and report both."""
    dataset = kcore.datasets.load(OPTIONS.data)
    print(f"{dataset.name}: trained on {', '.join(dataset.class_names[:5])};")
    print(f"transferred to {', '.join(dataset.class_names[5:])}.")
    base = pretrain(dataset)
    is_new = dataset.y_test >= 5
    test = dataset.x_test[is_new][..., None], dataset.y_test[is_new].astype("int64") - 5
    rows = []
    for seed in range(OPTIONS.draws):
        few = draw(dataset, seed)
        model = transferred(base, dataset.class_names[5:], few, seed)
        with_transfer = accuracy_of(model, *test)
        from_nothing = accuracy_of(fresh_cnn(few, seed), test[0] / np.float32(255), test[1])
        rows.append((with_transfer, from_nothing))
        print(f"draw {seed}: transfer {with_transfer:.4f}, from nothing {from_nothing:.4f}")
    means = np.mean(rows, axis=0)
    print(
        f"Test accuracy with {EXAMPLES_OF_EACH} images of each class, mean of {OPTIONS.draws}: "
        f"transfer {means[0]:.4f}, from nothing {means[1]:.4f}, better by "
        f"{100 * (means[0] - means[1]):.1f} points"
    )
    save(model, *test)


def pretrain(dataset):
    """Train a CNN on the first five classes."""
    is_old = np.flatnonzero(dataset.y_train < 5)[:PRETRAINING_IMAGES]
    x, y = dataset.x_train[is_old][..., None] / np.float32(255), dataset.y_train[is_old]
    base = kcore.models.cnn((28, 28, 1), classes=5, filters=FILTERS, seed=0)
    kcore.models.compile_classifier(base, steps_per_execution=20)
    keras.utils.set_random_seed(0)
    base.fit(x, y, epochs=PRETRAINING_EPOCHS, batch_size=64)
    return base


def draw(dataset, seed):
    """Draw the few images of the other five classes."""
    few = []
    for label in range(5, 10):
        of_class = np.flatnonzero(dataset.y_train == label)
        key = kcore.random.fold_in(kcore.random.key(seed), label)
        few.append(of_class[kcore.random.permutation(key, len(of_class))[:EXAMPLES_OF_EACH]])
    few = np.concatenate(few)
    return dataset.x_train[few][..., None], dataset.y_train[few].astype("int64") - 5


def transferred(base, class_names, few, seed):
    """Put a new head on the frozen CNN and train it on features that are computed once."""
    last_pooling = base.layers[3].name
    model = kcore.models.transfer(
        base,
        last_pooling,
        classes=5,
        preprocessing="unit",
        hidden_units=128,
        labels=class_names,
        seed=seed,
    )
    kcore.models.train_head(
        model,
        *few,
        epochs=EPOCHS,
        batch_size=EXAMPLES_OF_EACH,
        optimizer="adam",
        seed=seed,
        verbose=0,
    )
    return model


def fresh_cnn(few, seed):
    """Train the CNN from nothing on the few images."""
    model = kcore.models.cnn((28, 28, 1), classes=5, filters=FILTERS, seed=seed + 1)
    kcore.models.compile_classifier(model)
    keras.utils.set_random_seed(seed)
    x, y = few
    model.fit(x / np.float32(255), y, epochs=EPOCHS, batch_size=EXAMPLES_OF_EACH, verbose=0)
    return model


def accuracy_of(model, x, y):
    """Return the accuracy on test images."""
    return model.evaluate(x, y, batch_size=500, verbose=0)[1]


def save(model, x, y):
    """Write the model with its labels, and a picture of what it says of some test images."""
    shown = 32
    predictions = model.predict(x[:shown], verbose=0).argmax(axis=-1)
    picture = kcore.visualize.gallery(
        x[:shown, ..., 0], y[:shown], predictions, class_names=model.labels
    )
    kcore.models.save(model, OPTIONS.output / "model.keras")
    kcore.images.save_img(OPTIONS.output / "predictions.png", picture, scale=False)
    print(f"Saved model.keras and predictions.png in {OPTIONS.output}")


def train_inception():
    """Cut InceptionV3 at mixed7, and teach it to tell two kinds of drawn scenes apart."""
    names = ("heart", "house")
    train, test = kcore.datasets.scenes.load_data(160, 40, image_size=(150, 150), classes=names)
    try:
        model = kcore.models.transfer(
            "InceptionV3",
            "mixed7",
            classes=1,
            weights=OPTIONS.weights,
            input_shape=(150, 150, 3),
            labels=names,
            seed=0,
        )
    except kcore.models.WeightsFileError as error:
        PARSER.exit(1, f"{error}\n")
    print("last layer output shape:", model.get_layer("mixed7").output.shape)
    kcore.models.train_head(model, *train, epochs=5, batch_size=20, seed=0, validation_data=test)
    kcore.models.save(model, OPTIONS.output / "inception.keras")
    print(f"Saved inception.keras in {OPTIONS.output}")


if __name__ == "__main__":
    main()
