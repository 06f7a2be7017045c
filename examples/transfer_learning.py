"""Teach a network five new classes from 20 images of each, on what it learned of five others.

A small CNN is trained on half of the classes. Cut below its classifier and frozen, it gets a new
head for the other half. For comparison, the same CNN is trained from scratch on the same few
images.
"""

from dataclasses import dataclass

import command_line  # first, because it chooses the backend

import few_images
import keras
import numpy as np

import kcore


@dataclass(frozen=True)
class Settings:
    """Where to cut, and (learning rate, epochs) of both ways, as transfer_settings.py found them.

    It chose them on images that are neither in the draws below nor in the test, separately for the
    two ways, from the same rates and numbers of epochs.
    """

    cut_at: int
    transfer: tuple[float, int]
    fresh: tuple[float, int]


CHOSEN = {
    "scenes": Settings(-2, transfer=(1e-3, 120), fresh=(1e-3, 120)),  # at the hidden layer
    "fashion-mnist": Settings(-4, transfer=(3e-3, 60), fresh=(3e-3, 60)),  # at the last pooling
}


def main(options):
    """Train with and without the transfer, a few times, and report both."""
    task = few_images.load(options.data, options.quick)
    settings = CHOSEN[options.data]
    print(f"Trained on {', '.join(task.old_names)};")
    print(f"transferred to {', '.join(task.new_names)}.")
    base = few_images.pretrained(task)
    pool, test = task.testing

    rows = []
    for seed in range(options.draws):
        x, y = few_images.draw(pool, seed)
        rate, epochs = settings.transfer
        model = few_images.transferred(base, settings.cut_at, task, seed)
        history = kcore.models.train_head(
            model,
            x,
            y,
            epochs=2 if options.quick else epochs,
            batch_size=20,
            optimizer=keras.optimizers.Adam(rate),
            seed=seed,
            verbose=0,
        )

        rate, epochs = settings.fresh
        fresh = few_images.fresh(task, rate, seed)
        epochs = 2 if options.quick else epochs
        fresh.fit(*few_images.scaled((x, y)), epochs=epochs, batch_size=20, verbose=0)

        rows.append(
            (
                few_images.accuracy(model, test),
                few_images.accuracy(fresh, few_images.scaled(test)),
            )
        )
        print(f"draw {seed}: transfer {rows[-1][0]:.4f}, from scratch {rows[-1][1]:.4f}")
    means = np.mean(rows, axis=0)
    print(
        f"Test accuracy with 20 images of each class, mean of {len(rows)}: "
        f"transfer {means[0]:.4f}, from scratch {means[1]:.4f}, better by "
        f"{100 * (means[0] - means[1]):.1f} points"
    )
    save(model, history, test, {"transfer": means[0], "from scratch": means[1]}, options.output)


def save(model, history, test, metrics, folder):
    """Write the last model, a report, and a picture of test images with the predictions."""
    x, y = test
    images = x[..., 0] if x.shape[-1] == 1 else x
    probabilities = model.predict(x, batch_size=500, verbose=0)
    predicted = probabilities.argmax(axis=-1)
    picture = kcore.visualize.gallery(
        images[:32], y[:32], predicted[:32], class_names=model.class_names
    )
    picture.save(folder / "predictions.png")
    kcore.models.save(model, folder / "model.keras")
    kcore.visualize.report(
        folder / "report.html",
        title="Transfer learning, the last draw",
        history=history,
        metrics=metrics,
        model=model,
        labels=y,
        probabilities=probabilities,
        images=images,
        class_names=model.class_names,
    )
    print(f"Saved model.keras, report.html and predictions.png in {folder}")


def parse_options():
    """Read the command line."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--data",
        choices=tuple(CHOSEN),
        default="scenes",
        help="drawn scenes, or articles of clothing",
    )
    parser.add_argument(
        "--draws",
        type=command_line.integer(1),
        default=3,
        help="how many times to draw the few images and train on them",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="only check that it works, with too little training for meaningful accuracies",
    )
    command_line.add_output(
        parser, "outputs/transfer_learning", "the model, the report and the picture"
    )
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main, parse_options(), errors=kcore.datasets.DatasetError)
