"""Build models with the functional API and by subclassing; read metrics as dicts and as lists."""

import command_line  # first, because it chooses the backend

import keras
import numpy as np

import kcore

SHOES = ("Sandal", "Sneaker", "Ankle boot")


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


def functional(dataset, x_train, x_test, options):
    """Train the 784-64-64-10 model with validation, and read its history."""
    title("The functional model")
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
    title("Two outputs: which class, and is it a shoe?")
    is_shoe = np.array([name in SHOES for name in dataset.class_names], dtype=np.float32)
    if not is_shoe.any():  # the drawn scenes hold no shoes; ask for the first classes instead
        is_shoe[: len(SHOES)] = 1
    labels = {"kind": dataset.y_train, "shoe": is_shoe[dataset.y_train][:, None]}
    test_labels = {"kind": dataset.y_test, "shoe": is_shoe[dataset.y_test][:, None]}

    by_name = two_output_model(options.seed)
    by_name.compile(
        optimizer="adam",
        loss={"kind": "sparse_categorical_crossentropy", "shoe": "binary_crossentropy"},
        loss_weights={"kind": 1.0, "shoe": 0.5},
        metrics={"kind": ["accuracy"], "shoe": ["accuracy", keras.metrics.AUC(name="auc")]},
        steps_per_execution=125,
    )
    by_name.fit(x_train, labels, epochs=options.epochs, verbose=2)
    scores = by_name.evaluate(x_test, test_labels, return_dict=True, verbose=0)
    print("metrics as a dictionary, evaluate with return_dict=True:")
    for name, value in scores.items():
        print(f"  {name:<14} {value:.4f}")

    by_position = two_output_model(options.seed)
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


def two_output_model(seed):
    """Share two hidden layers between a softmax over ten classes and a sigmoid."""
    base = kcore.models.functional_mlp(seed=seed)
    hidden = base.get_layer("dense_2").output
    kind = keras.layers.Dense(10, activation="softmax", name="kind")(hidden)
    shoe = keras.layers.Dense(1, activation="sigmoid", name="shoe")(hidden)
    return keras.Model(base.inputs, {"kind": kind, "shoe": shoe}, name="kind_and_shoe")


def subclassed(dataset, x_train, x_test, options):
    """Train the subclassed model, and show what `training` does to its dropout."""
    title("The subclassed model with dropout")
    model = kcore.models.subclassed_mlp(classes=10, hidden_units=64, dropout=0.2, seed=options.seed)
    kcore.models.compile_classifier(model)
    model.fit(x_train, dataset.y_train, epochs=options.epochs, verbose=2)
    image = x_test[:1]
    for training in (False, True):
        first, second = (
            keras.ops.convert_to_numpy(model(image, training=training)).max() for _ in range(2)
        )
        print(f"training={training!s:<5}: two calls on one image give {first:.4f} and {second:.4f}")


def rounded(values):
    """Return the numbers with four decimals, for printing."""
    return [round(float(value), 4) for value in values]


def title(text):
    """Print a heading."""
    print(f"\n{text}\n{'-' * len(text)}")


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
