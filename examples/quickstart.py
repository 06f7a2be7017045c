"""Train a classifier on Fashion-MNIST, stop at a target, and save the model and a report."""

import command_line  # first, because it chooses the backend

import keras

import kcore


def main(options):
    """Load, train, evaluate, save, and say where to look."""
    dataset = kcore.datasets.load(options.data)
    x_train, x_test = (x.astype("float32") / 255 for x in (dataset.x_train, dataset.x_test))
    if options.model == "cnn":  # a convolution needs an axis of channels
        x_train, x_test = x_train[..., None], x_test[..., None]
    print(f"{dataset.name}: {len(x_train):,} training and {len(x_test):,} test images")

    build = getattr(kcore.models, options.model)
    model = build(x_train.shape[1:], len(dataset.class_names), seed=options.seed)
    # A running average of the weights is about a point better than the weights of the last step.
    optimizer = keras.optimizers.Adam(use_ema=True)
    # 125 batches per call into the backend, which divides the 1,875 batches of an epoch.
    kcore.models.compile_classifier(model, optimizer=optimizer, steps_per_execution=125)

    # Unlike fit(x_train, y_train), this gives every backend the same batches.
    batches = kcore.data.from_arrays(x_train, dataset.y_train, seed=options.seed)
    with command_line.Stopwatch() as training:
        history = fit(model, batches, x_test, dataset, options)
    scores = model.evaluate(x_test, dataset.y_test, return_dict=True, verbose=0)
    print(
        f"Test accuracy {scores['accuracy']:.4f} after {len(history.epoch)} epochs "
        f"in {training.seconds:.1f} s ({options.model}, {command_line.backend_and_device()})"
    )
    save(model, x_test, dataset, options.output)
    command_line.repeat(dataset.note)
    if options.open:
        command_line.open_in_browser(options.output / "report.html")


def fit(model, batches, x_test, dataset, options):
    """Train until the target is reached, and write the report after each epoch."""
    stop = kcore.training.StopAtTarget("accuracy", options.target)
    report = kcore.visualize.LiveReport(
        options.output / "report.html",
        title=f"{options.model} on {dataset.name}",
        note=dataset.note,
        examples=(x_test, dataset.y_test),
        pictures=dataset.x_test,
        class_names=dataset.class_names,
        stop=stop,
        seeds=options.seed,
    )
    with report:
        if not options.resume:
            return model.fit(batches, epochs=options.epochs, callbacks=[stop, report])
        # The same, but with checkpoints, from which training resumes exactly.
        return kcore.training.fit(
            model,
            batches,
            epochs=options.epochs,
            resume=options.output / "resume",
            every_seconds=5,
            callbacks=[stop, report],
        )


def save(model, x_test, dataset, folder):
    """Write the model and two pictures, and say what is in the folder."""
    answers = model.predict(x_test[:32], verbose=0).argmax(axis=-1)
    picture = kcore.visualize.gallery(
        dataset.x_test[:32], dataset.y_test[:32], answers, class_names=dataset.class_names
    )
    picture.save(folder / "predictions.png")
    kcore.images.save_img(folder / "sample.png", dataset.x_test[0][..., None], scale=False)
    kcore.models.set_class_names(model, dataset.class_names)
    kcore.models.save(model, folder / "model.keras")
    print(f"\nSaved in {folder.resolve()}:")
    print("  report.html      how training went and what is confused; --open shows it")
    print("  predictions.png  32 test images with the model's answers")
    print("  model.keras      the model, with the names of its classes")
    print("  sample.png       a test image, for process_image.py")


def parse_options():
    """Read the command line."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--model", choices=("mlp", "cnn"), default="mlp", help="what to train")
    parser.add_argument(
        "--epochs", type=command_line.integer(1), default=10, help="number of epochs at most"
    )
    parser.add_argument(
        "--target",
        type=command_line.fraction,
        default=0.90,
        help="stop when the training accuracy reaches this fraction",
    )
    parser.add_argument(
        "--data",
        type=command_line.data_name,
        default="auto",
        help="auto, fashion-mnist, scenes, or a folder that holds Fashion-MNIST's four files; "
        "auto takes drawn scenes if Fashion-MNIST can't be reached, and says so",
    )
    parser.add_argument(
        "--seed", type=command_line.integer(0), default=0, help="seed of weights and batches"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="save checkpoints, and resume from the last one if an earlier run was interrupted",
    )
    parser.add_argument("--open", action="store_true", help="show the report in the browser")
    command_line.add_output(parser, "outputs/quickstart", "the model, the report and the pictures")
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main, parse_options(), errors=kcore.datasets.DatasetError)
