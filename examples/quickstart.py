"""Train a classifier on Fashion-MNIST, stop at a target, and save the model and a report."""

import json
from pathlib import Path

import command_line

# Batches per call into the backend. Divides the 1,875 batches of Fashion-MNIST and the 375 of the
# scenes: Keras would fill up a last, shorter execution.
STEPS_PER_EXECUTION = 125
MODELS = ("mlp", "cnn", "functional_mlp")


def parse_options():
    """Read the command line and choose the backend."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--model", choices=MODELS, default="mlp", help="what to train")
    parser.add_argument(
        "--epochs", type=command_line.whole_number(1), default=10, help="train at most so long"
    )
    parser.add_argument(
        "--target",
        type=command_line.fraction,
        default=0.90,
        help="stop when the training accuracy reaches this fraction",
    )
    parser.add_argument(
        "--data",
        default="auto",
        help="auto, fashion-mnist, scenes, or a folder that holds Fashion-MNIST's four files; "
        "auto takes drawn scenes where Fashion-MNIST can't be reached, and says so",
    )
    parser.add_argument(
        "--seed", type=command_line.whole_number(0), default=0, help="of weights and shuffling"
    )
    parser.add_argument(
        "--output",
        type=command_line.output_folder,
        default="outputs/quickstart",
        help="folder for the model, the report and the picture",
    )
    options = parser.parse_args()
    if options.data not in ("auto", "fashion-mnist", "scenes") and not Path(options.data).is_dir():
        parser.error(f"--data {options.data!r} is neither auto, fashion-mnist, scenes nor a folder")
    command_line.use_backend(parser, options.backend)
    return parser, options


PARSER, OPTIONS = parse_options()

import keras  # noqa: E402 -- the backend had to be chosen first
import numpy as np  # noqa: E402

import kcore  # noqa: E402


def main():
    """Load, train, evaluate, save, and say how it went."""
    command_line.show_warnings_plainly()
    try:
        dataset = kcore.datasets.load(OPTIONS.data)
    except kcore.datasets.DatasetError as error:
        PARSER.exit(1, f"{error}\n")
    device = keras.distribution.list_devices()[0]
    print(
        f"{dataset.name}: {len(dataset.x_train):,} training and {len(dataset.x_test):,} test images"
        f"; Keras {keras.version()} on {keras.backend.backend()}, {device}"
    )

    keras.utils.set_random_seed(OPTIONS.seed)
    model = build(OPTIONS.model, dataset.x_train.shape[1:], len(dataset.class_names))
    x_train, x_test = (prepare(x, model) for x in (dataset.x_train, dataset.x_test))
    stop = kcore.training.StopAtTarget("accuracy", OPTIONS.target)
    report = kcore.visualize.LiveReport(
        OPTIONS.output / "report.html",
        title=f"{OPTIONS.model} on {dataset.name}",
        examples=(x_test, dataset.y_test),
        pictures=dataset.x_test,
        class_names=dataset.class_names,
        stop=stop,
        seeds=OPTIONS.seed,
    )
    with command_line.Stopwatch() as training, report:
        history = model.fit(
            x_train, dataset.y_train, epochs=OPTIONS.epochs, callbacks=[stop, report]
        )
    scores = model.evaluate(x_test, dataset.y_test, return_dict=True, verbose=0)

    save(model, dataset, x_test)
    print(
        f"Test accuracy {scores['accuracy']:.4f} after {len(history.epoch)} epochs "
        f"in {training.seconds:.1f} s ({OPTIONS.model}, {keras.backend.backend()}, {device})"
    )


def build(name, image_shape, classes):
    """Build and compile the model that the option `--model` names."""
    shape = {
        "mlp": image_shape,
        "cnn": (*image_shape, 1),
        "functional_mlp": (image_shape[0] * image_shape[1],),
    }[name]
    model = getattr(kcore.models, name)(shape, classes, seed=OPTIONS.seed)
    make = keras.optimizers.RMSprop if name == "functional_mlp" else keras.optimizers.Adam
    # A running average of the weights ends about a point better than the weights of the last step.
    return kcore.models.compile_classifier(
        model, optimizer=make(use_ema=True), steps_per_execution=STEPS_PER_EXECUTION
    )


def prepare(images, model):
    """Scale images to 0..1 and give them the shape that the model takes."""
    return (images / np.float32(255)).reshape(len(images), *model.input_shape[1:])


def save(model, dataset, x_test):
    """Write the model, its class names, a picture of its answers, and a sample image."""
    folder = OPTIONS.output
    model.save(folder / "model.keras")
    (folder / "class_names.json").write_text(json.dumps(dataset.class_names))

    shown = 32
    predictions = model.predict(x_test[:shown], verbose=0).argmax(axis=-1)
    picture = kcore.visualize.gallery(
        dataset.x_test[:shown],
        dataset.y_test[:shown],
        predictions,
        class_names=dataset.class_names,
    )
    picture.save(folder / "predictions.png")
    kcore.images.save_img(folder / "sample.png", dataset.x_test[0][..., None], scale=False)
    print(f"Saved model.keras, report.html, predictions.png and sample.png in {folder}")


if __name__ == "__main__":
    main()
