"""One epoch of Fashion-MNIST, batch size 32: the quickstart's configuration against its peers.

The peers are the course's own code, on tf_keras (the Keras 2 that it was written for) and on stock
Keras 3. All train in this one process, in turns, for as many epochs as there are rounds.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import harness
import keras
import numpy as np
import tf_keras

import kcore

PEERS = {"tf_keras": tf_keras, "stock Keras": keras}
OURS = "kcore"


def main() -> None:
    """Measure, print the tables, save the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    harness.rounds_option(parser, default=4)
    parser.add_argument("--models", nargs="+", choices=("mlp", "cnn"), default=["mlp", "cnn"])
    options = parser.parse_args()
    about = harness.environment(["keras", "tf_keras", "tensorflow", "jax", "numpy", "kcore"])
    backend = keras.backend.backend()
    train, test = kcore.datasets.fashion_mnist.load_data()
    groups = {}
    for kind in options.models:
        print(f"\nOne epoch of the {kind} on {backend}\n")
        groups[kind] = compare(kind, train, test, options.rounds)
        print(harness.table(groups[kind], OURS))
    path = harness.save(f"epochs-{backend}", groups, about)
    print(f"\nSaved {path}")


def compare(kind, train, test, rounds):
    """Train all candidates in turns; note the test accuracy that each ends with."""
    models = {name: course_model(peer, kind) for name, peer in PEERS.items()}
    models[OURS] = kcore_model(kind)
    data = {name: course_data(kind, *train) for name in PEERS} | {OURS: kcore_data(kind, *train)}

    def epoch(name):
        def train():
            models[name].fit(*data[name], epochs=1, verbose=0)
            if name == OURS:  # as examples/quickstart.py does
                models[name].set_weights(models[name].get_weights())

        return train

    timings = harness.measure({name: epoch(name) for name in models}, rounds)
    x_test, y_test = kcore_data(kind, *test)
    for name, timing in timings.items():
        accuracy = models[name].evaluate(x_test, y_test, verbose=0)[1]
        timing.notes[f"test accuracy after {rounds + 1} epochs"] = f"{accuracy:.4f}"
    return list(timings.values())


def course_model(library, kind):
    """Build and compile as the course does: Adam, everything else as it comes."""
    layers = library.layers
    head = [layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax")]
    if kind == "mlp":
        body = [layers.Flatten(), *head]
    else:
        body = [
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D(2, 2),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D(2, 2),
            layers.Flatten(),
            *head,
        ]
    model = library.Sequential(body)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def course_data(kind, images, labels):
    """Scale as the course does, which makes float64."""
    return with_channel(kind, images / 255.0), labels


def kcore_model(kind):
    """Build and compile as examples/quickstart.py does."""
    model = getattr(kcore.models, kind)(seed=0)
    return kcore.models.compile_classifier(
        model, optimizer=keras.optimizers.Adam(use_ema=True), steps_per_execution=125
    )


def kcore_data(kind, images, labels):
    """Scale as examples/quickstart.py does."""
    return with_channel(kind, images / np.float32(255)), labels


def with_channel(kind, images):
    """Add the channel axis that the CNN takes."""
    return images if kind == "mlp" else images[..., None]


if __name__ == "__main__":
    main()
