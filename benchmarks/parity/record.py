"""Train the runs on the backend of this process, and record what the models answer at each step.

Writes a file `<run>.npz` for each run into a folder, with arrays

- `answers`, float32 (steps + 1, probes, classes): the probabilities before the first step and after
  each,
- `twin`, likewise, of a run in which one weight began one unit in the last place higher; only of
  runs that are chaotic,
- `accuracies`, float64 (seeds,): test accuracy after an epoch; only of the MLP.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from runs import ACCURACY_SEEDS, RUNS, Prepared

import kcore


class Follow(keras.callbacks.Callback):
    """Records the answers for some images after each step, and ends the training after some."""

    def __init__(self, prepared: Prepared, steps: int) -> None:
        super().__init__()
        self.probes, self.steps = prepared.probes, steps
        self.answers = [prepared.model.predict_on_batch(prepared.probes)]

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        """Ask the model."""
        self.answers.append(self.model.predict_on_batch(self.probes))
        if len(self.answers) > self.steps:
            self.model.stop_training = True


def followed(prepared: Prepared, steps: int) -> np.ndarray:
    """Return the answers before the first step and after each, (steps + 1, probes, classes)."""
    follow = Follow(prepared, steps)
    epochs = -(-steps // len(prepared.data))
    prepared.model.fit(prepared.data, epochs=epochs, callbacks=[follow], verbose=0)
    return np.asarray(follow.answers, np.float32)


def move_one_weight(model: keras.Model) -> None:
    """Raise the first weight of the first kernel by one unit in the last place."""
    kernel = model.trainable_variables[0]
    values = keras.ops.convert_to_numpy(kernel).copy()
    values.flat[0] = np.nextafter(values.flat[0], np.float32(np.inf))
    kernel.assign(values)


def accuracy_after_an_epoch(prepared: Prepared) -> float:
    """Train an epoch, and return the accuracy on the test images of Fashion-MNIST."""
    prepared.model.fit(prepared.data, epochs=1, verbose=0)
    _, (x_test, y_test) = kcore.datasets.fashion_mnist.load_data()
    return float(prepared.model.evaluate(x_test / np.float32(255), y_test, verbose=0)[1])


def main() -> None:
    """Record each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="folder for the recorded runs")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    backend = keras.backend.backend()
    with tempfile.TemporaryDirectory() as folder:
        for name in options.runs:
            run = RUNS[name]
            arrays = {"answers": followed(run.prepare(options.seed, Path(folder)), run.steps)}
            if run.is_chaotic:
                twin = run.prepare(options.seed, Path(folder))
                move_one_weight(twin.model)
                arrays["twin"] = followed(twin, run.steps)
            if name == "mlp":
                arrays["accuracies"] = np.array(
                    [
                        accuracy_after_an_epoch(run.prepare(seed, Path(folder)))
                        for seed in ACCURACY_SEEDS
                    ]
                )
            np.savez(options.output / f"{name}.npz", **arrays)
            print(f"{name} on {backend}: {run.steps} steps recorded", flush=True)


if __name__ == "__main__":
    main()
