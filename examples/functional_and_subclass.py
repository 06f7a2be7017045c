"""Build models with the functional API and by subclassing; read metrics as dicts and as lists."""

import command_line  # first, because it chooses the backend

import keras
import numpy as np

import kcore

# What the second output tells, and the classes of which it is true.
GROUPS = {
    "Fashion-MNIST": ("shoe", ("Sandal", "Sneaker", "Ankle boot")),
    "scenes": ("round", ("ball", "ring", "crescent", "flower")),
}


def main(options):
    """Run the three parts on the same data."""
    keras.utils.set_random_seed(options.seed)
    dataset = kcore.datasets.load()
    x_train, x_test = (
        images.reshape(len(images), -1) / np.float32(255)
        for images in (dataset.x_train, dataset.x_test)
    )
    functional(dataset, x_train, x_test, options)
    two_outputs(dataset, x_train, x_test, options)
    subclassed(dataset, x_train, x_test, options)
    command_line.repeat(dataset.note)


def functional(dataset, x_train, x_test, options):
    """Train the 784-64-64-10 model with validation, and read its history."""
    command_line.heading("The functional model")
    model = kcore.models.functional_mlp(seed=options.seed)
    kcore.models.compile_classifier(model, optimizer="rmsprop")
    model.summary()
    held_out = len(x_train) // 6
    # Each backend shuffles arrays in another order; kcore.data.from_arrays has one order for all.
    history = model.fit(
        x_train[:-held_out],
        dataset.y_train[:-held_out],
        batch_size=64,
        epochs=options.epochs,
        validation_data=(x_train[-held_out:], dataset.y_train[-held_out:]),
    )
    for name, values in history.history.items():
        print(f"history.history[{name!r}] = {rounded(values)}")
    loss, accuracy = model.evaluate(x_test, dataset.y_test, batch_size=128, verbose=0)
    print(f"evaluate as a list: loss {loss:.4f}, accuracy {accuracy:.4f}")
    print(f"predictions of 3 images have the shape {model.predict(x_test[:3], verbose=0).shape}")


def two_outputs(dataset, x_train, x_test, options):
    """Give one model two outputs, and name their losses and metrics in both ways."""
    group, members = GROUPS[dataset.name]
    command_line.heading(f"Two outputs: which kind, and {group} or not")
    in_group = np.array([name in members for name in dataset.class_names], dtype=np.float32)
    labels = {"kind": dataset.y_train, group: in_group[dataset.y_train][:, None]}
    test_labels = {"kind": dataset.y_test, group: in_group[dataset.y_test][:, None]}

    by_name = two_output_model(group, options.seed)
    by_name.compile(
        optimizer="adam",
        loss={"kind": "sparse_categorical_crossentropy", group: "binary_crossentropy"},
        loss_weights={"kind": 1.0, group: 0.5},
        metrics={"kind": ["accuracy"], group: ["accuracy", keras.metrics.AUC(name="auc")]},
        steps_per_execution=125,
    )
    by_name.fit(x_train, labels, epochs=options.epochs, verbose=2)
    scores = by_name.evaluate(x_test, test_labels, return_dict=True, verbose=0)
    print("metrics as a dictionary, evaluate with return_dict=True:")
    for name, value in scores.items():
        print(f"  {name:<14} {value:.4f}")

    by_position = two_output_model(group, options.seed)
    by_position.compile(
        optimizer="adam",
        loss=["sparse_categorical_crossentropy", "binary_crossentropy"],
        loss_weights=[1.0, 0.5],
        metrics=[["accuracy"], ["accuracy", keras.metrics.AUC(name="auc")]],
        steps_per_execution=125,
    )
    by_position.set_weights(by_name.get_weights())
    values = by_position.evaluate(x_test, list(test_labels.values()), verbose=0)
    print("the same weights, metrics as lists, evaluate as a list: the total loss, the losses of")
    print(f"the outputs, then their metrics, as compile got them:\n  {rounded(values)}")


def two_output_model(group, seed):
    """Share two hidden layers between a softmax over ten classes and a sigmoid."""
    base = kcore.models.functional_mlp(seed=seed)
    hidden = base.get_layer("dense_2").output
    kind = keras.layers.Dense(10, activation="softmax", name="kind")(hidden)
    member = keras.layers.Dense(1, activation="sigmoid", name=group)(hidden)
    return keras.Model(base.inputs, {"kind": kind, group: member}, name=f"kind_and_{group}")


def subclassed(dataset, x_train, x_test, options):
    """Show what `training` does to the dropout of the subclassed model, and train it."""
    command_line.heading("The subclassed model with dropout")
    model = kcore.models.subclassed_mlp(classes=10, hidden_units=64, dropout=0.2, seed=options.seed)
    # Before training, because it can leave units that are 0 for every image, whose dropout changes
    # nothing.
    call_twice(model, x_test[:100])
    kcore.models.compile_classifier(model)
    model.fit(x_train, dataset.y_train, epochs=options.epochs, verbose=2)
    scores = model.evaluate(x_test, dataset.y_test, return_dict=True, verbose=0)
    print(f"test accuracy {scores['accuracy']:.4f}")


def call_twice(model, images):
    """Show that the model drops units at random if `training` is true, and else none."""
    for training in (False, True):
        first, second = (
            keras.ops.convert_to_numpy(model(images, training=training)) for _ in range(2)
        )
        differences = np.abs(first - second).max(axis=-1)
        print(
            f"training={training!s:<5}: two calls give other probabilities for "
            f"{np.count_nonzero(differences)} of {len(images)} images, "
            f"by up to {differences.max():.4f}"
        )


def rounded(values):
    """Return the numbers with four decimals, for printing."""
    return [round(float(value), 4) for value in values]


def parse_options():
    """Read the command line."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--epochs", type=command_line.integer(1), default=2, help="epochs of each training run"
    )
    parser.add_argument(
        "--seed", type=command_line.integer(0), default=0, help="seed of weights and shuffling"
    )
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main, parse_options())
