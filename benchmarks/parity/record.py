"""Train the runs on the backend of this process, and record what the models answer at each step.

Writes a file `<run>.npz` for each run into a folder, with arrays

- `answers`, float32 (steps + 1, probes, classes): the probabilities before the first step and after
  each,
- `twins`, float32 (twins, steps + 1, probes, classes): the same of runs whose weights began up to
  one unit in the last place away; only of runs that are chaotic,
- `accuracies`, float64 (seeds,): the test accuracies of some seeds; only of some runs.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from runs import ACCURACY_SEEDS, PROBES, RUNS, TWINS, Prepared, Run


class Follow(keras.callbacks.Callback):
    """Records the answers for some images after each step, and ends the training after some."""

    def __init__(self, prepared: Prepared, steps: int) -> None:
        super().__init__()
        self.probes, self.steps = prepared.x_test[:PROBES], steps
        self.answers = [prepared.model.predict_on_batch(self.probes)]

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


def move_weights(model: keras.Model, rng: np.random.Generator) -> None:
    """Move each weight by -1, 0 or 1 unit in its last place."""
    for variable in model.trainable_variables:
        values = keras.ops.convert_to_numpy(variable.value)
        moves = rng.integers(-1, 2, values.shape)
        variable.assign(values + moves * np.spacing(values))


def twin(run: Run, seed: int, folder: Path, number: int) -> np.ndarray:
    """Return what `followed` returns of a twin of a run."""
    prepared = run.prepare(seed, folder)
    move_weights(prepared.model, np.random.default_rng(number))
    return followed(prepared, run.steps)


def accuracy(prepared: Prepared, steps: int) -> float:
    """Return the test accuracy after some steps."""
    prepared.model.fit(prepared.data, steps_per_epoch=steps, verbose=0)
    return float(prepared.model.evaluate(prepared.x_test, prepared.y_test, verbose=0)[1])


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
                arrays["twins"] = np.stack(
                    [twin(run, options.seed, Path(folder), number) for number in range(TWINS)]
                )
            if run.accuracy_steps:
                arrays["accuracies"] = np.array(
                    [
                        accuracy(run.prepare(seed, Path(folder)), run.accuracy_steps)
                        for seed in ACCURACY_SEEDS
                    ]
                )
            np.savez(options.output / f"{name}.npz", **arrays)
            print(f"{name} on {backend}: {run.steps} steps recorded", flush=True)


if __name__ == "__main__":
    main()
