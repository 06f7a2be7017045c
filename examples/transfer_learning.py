"""Teach a network five new classes from 20 images of each, on what it learned of five others.

A small CNN is trained on half of the classes. Cut below its classifier and frozen, it gets a new
head for the other half. The same CNN trained from nothing on the same few images is the comparison.

How long and how fast each of the two trains was chosen by --choose: on images that neither the
draws below nor the test have, separately for the two, and from the same rates and numbers of
epochs.

With --weights it is InceptionV3 that is cut, at mixed7 and for images of 150 by 150, with the
weights of ImageNet (downloaded by Keras) or of a file.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import command_line

EXAMPLES_OF_EACH = 20
SCENES = (
    ("ball", "ring", "star", "cross", "arrow"),
    ("crescent", "heart", "house", "flower", "bolt"),
)
# What is left for the new classes is what is mixed up most: four kinds of tops.
CLOTHES = ((1, 3, 5, 7, 8), (0, 2, 4, 6, 9))
HIDDEN_LAYER, LAST_POOLING = -2, -4

RATES = (3e-4, 1e-3, 3e-3)
EPOCHS = (20, 60, 120)
CHOOSING_DRAWS = 2


@dataclass(frozen=True)
class Settings:
    """What --choose found: where to cut, and (learning rate, epochs) of the two ways."""

    cut: int
    transfer: tuple[float, int]
    fresh: tuple[float, int]


CHOSEN = {
    "scenes": Settings(HIDDEN_LAYER, transfer=(1e-3, 120), fresh=(1e-3, 120)),
    "fashion-mnist": Settings(LAST_POOLING, transfer=(3e-3, 60), fresh=(3e-3, 60)),
}


def parse_options():
    """Read the command line and choose the backend."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--data",
        choices=tuple(CHOSEN),
        default="scenes",
        help="drawn scenes, or articles of clothing",
    )
    parser.add_argument(
        "--draws",
        type=command_line.whole_number(1),
        default=3,
        help="how often to draw the few images and train on them",
    )
    parser.add_argument(
        "--choose",
        action="store_true",
        help="choose rates, epochs and the layer to cut at anew; takes minutes",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="only see that it works, with so little training that accuracies mean nothing",
    )
    parser.add_argument(
        "--weights", help="imagenet, or a file with weights of InceptionV3 without its top"
    )
    parser.add_argument(
        "--output",
        type=command_line.output_folder,
        default="outputs/transfer_learning",
        help="folder for the model, the report and the picture",
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


@dataclass(frozen=True)
class Task:
    """Images, uint8 with a channel axis, and class indices from 0 to 4.

    Attributes:
        old: images and labels of the classes to learn from.
        choosing, testing: pools of the new classes to draw few images from, and images to judge by;
            no image is in both.
    """

    old_names: tuple[str, ...]
    new_names: tuple[str, ...]
    old: Any
    choosing: Any
    testing: Any


def compare():
    """Train with and without what was learned before, a few times, and report both."""
    try:
        task = (scenes if OPTIONS.data == "scenes" else clothes)()
    except kcore.datasets.DatasetError as error:
        PARSER.exit(1, f"{error}\n")
    print(f"Trained on {', '.join(task.old_names)};")
    print(f"transferred to {', '.join(task.new_names)}.")
    base = pretrain(task.old)
    settings = choose(base, task) if OPTIONS.choose else CHOSEN[OPTIONS.data]
    pool, test = task.testing
    rows = []
    for seed in range(OPTIONS.draws):
        few = draw(pool, seed)
        rate, epochs = settings.transfer
        model = new_model(base, settings.cut, task.new_names, seed)
        history = train_transferred(model, few, rate, epochs, seed)
        rate, epochs = settings.fresh
        fresh = new_fresh(few, rate, seed)
        train_fresh(fresh, few, epochs)
        rows.append((accuracy(model, test), accuracy(fresh, scaled(test))))
        print(f"draw {seed}: transfer {rows[-1][0]:.4f}, from nothing {rows[-1][1]:.4f}")
    means = np.mean(rows, axis=0)
    print(
        f"Test accuracy with {EXAMPLES_OF_EACH} images of each class, mean of {len(rows)}: "
        f"transfer {means[0]:.4f}, from nothing {means[1]:.4f}, better by "
        f"{100 * (means[0] - means[1]):.1f} points"
    )
    metrics = {"transfer": means[0], "from nothing": means[1]}
    save(model, history, test, metrics, "Transfer learning, the last draw")


def scenes():
    """Draw scenes: those of each seed have nothing in common."""
    few, many = (100, 100) if OPTIONS.quick else (600, 2000)
    old = 200 if OPTIONS.quick else 5000

    def make(train, test, classes, seed):
        return kcore.datasets.scenes.load_data(
            train, test, image_size=(32, 32), classes=classes, seed=seed
        )

    return Task(
        *SCENES,
        old=make(old, 0, SCENES[0], 0)[0],
        choosing=make(few, many // 2, SCENES[1], 1),
        testing=make(few, many, SCENES[1], 2),
    )


def clothes():
    """Take Fashion-MNIST; what is chosen by comes from its training images alone."""
    (x, y), test = kcore.datasets.fashion_mnist.load_data()
    names = kcore.datasets.fashion_mnist.CLASS_NAMES

    def part(images, labels, classes, start=0, stop=None):
        of_each = [np.flatnonzero(labels == label)[start:stop] for label in classes]
        places = np.sort(np.concatenate(of_each))
        return images[places][..., None], np.searchsorted(classes, labels[places])

    old, new = CLOTHES
    return Task(
        *(tuple(names[label] for label in classes) for classes in CLOTHES),
        old=part(x, y, old, stop=40 if OPTIONS.quick else 4000),
        choosing=(part(x, y, new, 0, 600), part(x, y, new, 600, 1000)),
        testing=(part(x, y, new, 1000), part(*test, new, stop=20 if OPTIONS.quick else None)),
    )


def scaled(data):
    """Give the images values from 0 to 1."""
    return data[0] / np.float32(255), data[1]


def cnn(shape, seed):
    """Build the CNN for five classes: three stages for scenes, two for the smaller clothes."""
    filters = (32, 64, 64) if OPTIONS.data == "scenes" else (32, 64)
    return kcore.models.cnn(shape, classes=5, filters=filters, seed=seed)


def pretrain(old):
    """Train the CNN on the first five classes."""
    base = kcore.models.compile_classifier(cnn(old[0].shape[1:], 0))
    keras.utils.set_random_seed(0)
    epochs = 1 if OPTIONS.quick else 8 if OPTIONS.data == "scenes" else 4
    base.fit(*scaled(old), epochs=epochs, batch_size=64)
    return base


def draw(pool, seed):
    """Draw the few images of each of the new classes."""
    x, y = pool
    few = []
    for label in range(5):
        of_class = np.flatnonzero(y == label)
        key = kcore.random.fold_in(kcore.random.key(seed), label)
        few.append(of_class[kcore.random.permutation(key, len(of_class))[:EXAMPLES_OF_EACH]])
    few = np.concatenate(few)
    return x[few], y[few]


def new_model(base, cut, names, seed):
    """Put a new head on the frozen CNN."""
    return kcore.models.transfer(
        base,
        cut_at=cut,
        classes=5,
        preprocessing="unit",
        hidden_units=128,
        class_names=names,
        seed=seed,
    )


def train_transferred(model, few, rate, epochs, seed, optimizer=None):
    """Train the head on features that are computed once."""
    return kcore.models.train_head(
        model,
        *few,
        epochs=2 if OPTIONS.quick else epochs,
        batch_size=EXAMPLES_OF_EACH,
        optimizer=optimizer or keras.optimizers.Adam(rate),
        seed=seed,
        verbose=0,
    )


def new_fresh(few, rate, seed):
    """Build the CNN that knows nothing yet."""
    keras.utils.set_random_seed(seed)
    model = cnn(few[0].shape[1:], seed + 1)
    return kcore.models.compile_classifier(model, optimizer=keras.optimizers.Adam(rate))


def train_fresh(model, few, epochs):
    """Train all of the CNN on the few images."""
    epochs = 2 if OPTIONS.quick else epochs
    model.fit(*scaled(few), epochs=epochs, batch_size=EXAMPLES_OF_EACH, verbose=0)


def accuracy(model, data):
    """Return the accuracy on images."""
    return model.evaluate(*data, batch_size=500, verbose=0)[1]


def choose(base, task):
    """Find the best settings of each way on images that are used for nothing else."""
    pool, judges = task.choosing
    draws = [draw(pool, seed) for seed in range(CHOOSING_DRAWS)]
    transfer, fresh = {}, {}
    for cut, rate in itertools.product((HIDDEN_LAYER, LAST_POOLING), RATES):
        steps = [transferred_steps(base, cut, rate, few, judges) for few in draws]
        note(transfer, (cut, rate), steps, f"transfer, cut at {base.layers[cut].name}, rate {rate}")
    for rate in RATES:
        note(fresh, rate, [fresh_steps(rate, few, judges) for few in draws], f"fresh, rate {rate}")
    ((cut, rate), epochs), (fresh_rate, fresh_epochs) = (
        max(found, key=found.get) for found in (transfer, fresh)
    )
    settings = Settings(cut, (rate, epochs), (fresh_rate, fresh_epochs))
    print(f"Chosen: {settings}")
    return settings


def note(found, key, steps, title):
    """Print the mean accuracies after each number of epochs, and keep them."""
    means = np.mean(steps, axis=0)
    found.update({(key, epochs): mean for epochs, mean in zip(EPOCHS, means, strict=True)})
    print(f"{title}: {', '.join(f'{mean:.4f}' for mean in means)}", flush=True)


def transferred_steps(base, cut, rate, few, judges):
    """Return the accuracies of one transferred model after each number of epochs."""
    model, optimizer, steps = new_model(base, cut, None, 0), None, []
    for before, epochs in itertools.pairwise((0, *EPOCHS)):
        train_transferred(model, few, rate, epochs - before, epochs, optimizer)
        optimizer = model.optimizer
        steps.append(accuracy(model, judges))
    return steps


def fresh_steps(rate, few, judges):
    """Return the accuracies of one fresh CNN after each number of epochs."""
    model, steps = new_fresh(few, rate, 0), []
    for before, epochs in itertools.pairwise((0, *EPOCHS)):
        train_fresh(model, few, epochs - before)
        steps.append(accuracy(model, scaled(judges)))
    return steps


def save(model, history, test, metrics, title):
    """Write the model, a report, and a picture of test images with the predictions."""
    x, y = test
    shown = 32
    probabilities = model.predict(x, batch_size=500, verbose=0)
    if probabilities.shape[1] == 1:
        predicted = (probabilities[:, 0] > 0.5).astype(int)
    else:
        predicted = probabilities.argmax(axis=-1)
    picture = kcore.visualize.gallery(
        pictures(x[:shown]), y[:shown], predicted[:shown], class_names=model.class_names
    )
    kcore.models.save(model, OPTIONS.output / "model.keras")
    picture.save(OPTIONS.output / "predictions.png")
    kcore.visualize.report(
        OPTIONS.output / "report.html",
        title=title,
        history=history,
        metrics=metrics,
        model=model,
        labels=y,
        probabilities=probabilities,
        images=pictures(x),
        class_names=model.class_names,
    )
    print(f"Saved model.keras, report.html and predictions.png in {OPTIONS.output}")


def pictures(images):
    """Drop the channel axis of gray images."""
    return images[..., 0] if images.shape[-1] == 1 else images


def train_inception():
    """Cut InceptionV3 at mixed7, and teach it to tell two kinds of drawn scenes apart."""
    names = ("heart", "house")
    train, test = kcore.datasets.scenes.load_data(160, 40, image_size=(150, 150), classes=names)
    try:
        model = kcore.models.transfer(
            "InceptionV3",
            cut_at="mixed7",
            classes=1,
            weights=OPTIONS.weights,
            input_shape=(150, 150, 3),
            class_names=names,
            seed=0,
        )
    except kcore.models.WeightsFileError as error:
        PARSER.exit(1, f"{error}\n")
    print("last layer output shape:", model.get_layer("mixed7").output.shape)
    history = kcore.models.train_head(
        model, *train, epochs=5, batch_size=20, seed=0, validation_data=test
    )
    metrics = {"accuracy": history.history["val_accuracy"][-1]}
    save(model, history, test, metrics, "Transfer learning from InceptionV3")


if __name__ == "__main__":
    main()
