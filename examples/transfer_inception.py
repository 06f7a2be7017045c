"""Cut InceptionV3 at mixed7, and teach it to tell two kinds of drawn scenes apart."""

from pathlib import Path

import command_line  # first, because it chooses the backend

import kcore


def main(options):
    """Load, cut, train the head, save."""
    names = ("heart", "house")
    (x_train, y_train), (x_test, y_test) = kcore.datasets.scenes.load_data(
        160, 40, image_size=(150, 150), classes=names
    )
    model = kcore.models.transfer(
        "InceptionV3",
        cut_at="mixed7",
        classes=1,
        weights=options.weights,
        input_shape=(150, 150, 3),
        class_names=names,
        seed=0,
    )
    print("last layer output shape:", model.get_layer("mixed7").output.shape)

    history = kcore.models.train_head(
        model,
        x_train,
        y_train,
        validation_data=(x_test, y_test),
        epochs=5,
        batch_size=20,
        seed=0,
    )

    probabilities = model.predict(x_test, verbose=0)
    predicted = (probabilities[:, 0] > 0.5).astype(int)
    picture = kcore.visualize.gallery(x_test[:32], y_test[:32], predicted[:32], class_names=names)
    picture.save(options.output / "predictions.png")
    kcore.models.save(model, options.output / "model.keras")
    kcore.visualize.report(
        options.output / "report.html",
        title="Transfer learning from InceptionV3",
        history=history,
        model=model,
        labels=y_test,
        probabilities=probabilities,
        images=x_test,
        class_names=names,
    )
    print(f"Saved model.keras, report.html and predictions.png in {options.output}")


def parse_options():
    """Read the command line."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--weights",
        type=weights,
        default="imagenet",
        help="imagenet, which Keras downloads, or a file with weights of InceptionV3 without top",
    )
    command_line.add_output(
        parser, "outputs/transfer_inception", "the model, the report and the picture"
    )
    return parser.parse_args()


def weights(text):
    """Parse what `--weights` takes."""
    if text != "imagenet" and not Path(text).is_file():
        raise command_line.OptionError(f"{text!r} is neither imagenet nor a file")
    return text


if __name__ == "__main__":
    errors = (OSError, kcore.models.WeightsFileError)
    command_line.run(main, parse_options(), errors)
