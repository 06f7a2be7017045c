"""What saving costs: an epoch of Fashion-MNIST without it, with kcore's, and with Keras's.

`keras.callbacks.BackupAndRestore(save_freq=n)` writes the model after every n batches;
`kcore.training.fit(every=n)` writes model, optimizer, metrics, callbacks and position as often.
"""

import argparse
import tempfile
from pathlib import Path

import harness
import keras

import kcore

NOTHING, OURS, THEIRS = "no saving", "kcore.training.fit", "BackupAndRestore"
BY_TIME = "kcore.training.fit, by time"


def main() -> None:
    """Measure, print the tables, save the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    harness.rounds_option(parser, default=4)
    parser.add_argument("--models", nargs="+", choices=("mlp", "cnn"), default=["mlp", "cnn"])
    parser.add_argument("--every", type=int, default=200, help="batches between two saves")
    options = parser.parse_args()
    about = harness.environment(["keras", "tensorflow", "jax", "numpy", "kcore"])
    (x, y), _ = kcore.datasets.fashion_mnist.load_data()
    x = (x / 255).astype("float32")
    backend = keras.backend.backend()
    groups = {}
    for kind in options.models:
        print(f"\nOne epoch of the {kind} on {backend}, saved every {options.every} batches\n")
        images = x if kind == "mlp" else x[..., None]
        groups[kind] = compare(kind, images, y, options.rounds, options.every)
        print(harness.table(groups[kind], NOTHING))
    path = harness.save(f"resume-{backend}", groups, about)
    print(f"\nSaved {path}")


def compare(kind, x, y, rounds, every):
    """Train for an epoch in turns, each time from where the last one ended."""
    build = getattr(kcore.models, kind)
    models, data, epochs = {}, {}, {}
    for name in (NOTHING, OURS, BY_TIME, THEIRS):
        models[name] = kcore.models.compile_classifier(build(x.shape[1:], 10, seed=1))
        data[name] = kcore.data.from_arrays(x, y, seed=1)
        epochs[name] = 0

    with tempfile.TemporaryDirectory() as directory:

        def epoch(name):
            def train():
                epochs[name] += 1
                where = str(Path(directory) / name.replace(",", "").replace(" ", "-"))
                if name in (OURS, BY_TIME):
                    kcore.training.fit(
                        models[name],
                        data[name],
                        epochs=epochs[name],
                        resume=where,
                        every=every if name == OURS else None,
                        every_seconds=None if name == OURS else 1,
                        verbose=0,
                    )
                    return
                saving = []
                if name == THEIRS:
                    saving = [keras.callbacks.BackupAndRestore(where, save_freq=every)]
                models[name].fit(data[name], epochs=1, callbacks=saving, verbose=0, shuffle=False)

            return train

        timings = harness.measure({name: epoch(name) for name in models}, rounds)
    base = timings[NOTHING]
    for timing in timings.values():
        timing.notes["added"] = f"{100 * (base.times_faster_than(timing) - 1):+.1f}%"
    return list(timings.values())


if __name__ == "__main__":
    main()
