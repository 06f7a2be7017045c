"""Test accuracy on Fashion-MNIST after five epochs, seed by seed.

Trains in the quickstart's configuration, which averages weights, or with `--course` in the
course's, which is plain Adam. Both use batches of 32.
"""

import argparse
import os
import statistics

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import kcore

EPOCHS = 5


def main() -> None:
    """Train each model with each seed, and print every accuracy, not the best one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", choices=("mlp", "cnn"), default=["mlp", "cnn"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--course", action="store_true", help="plain Adam, no averaged weights")
    options = parser.parse_args()
    (x_train, y_train), (x_test, y_test) = kcore.datasets.fashion_mnist.load_data()
    x_train, x_test = x_train / np.float32(255), x_test / np.float32(255)
    backend = keras.backend.backend()
    for kind in options.models:
        axis = () if kind == "mlp" else (..., None)
        accuracies = []
        for seed in options.seeds:
            keras.utils.set_random_seed(seed)
            adam = keras.optimizers.Adam(use_ema=not options.course)
            model = kcore.models.compile_classifier(
                getattr(kcore.models, kind)(seed=seed), optimizer=adam, steps_per_execution=125
            )
            model.fit(x_train[axis], y_train, epochs=EPOCHS, verbose=2)
            accuracies.append(model.evaluate(x_test[axis], y_test, verbose=0)[1])
            print(f"{kind} on {backend}, seed {seed}: {accuracies[-1]:.4f}", flush=True)
        cells = " | ".join(f"{accuracy:.4f}" for accuracy in accuracies)
        print(f"| {kind} | {backend} | {cells} | {statistics.median(accuracies):.4f} |")


if __name__ == "__main__":
    main()
