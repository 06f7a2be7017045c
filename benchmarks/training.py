"""One training step: its time, the time of the first one, and the peak memory of the process.

Each candidate trains the same architecture with Adam on the same random images. Steps are timed in
turns in one process. The first step, which compiles, and the memory are measured in a process of
their own for each candidate. The candidates are:

- `tf_keras`: the course's code, on the Keras 2 that it was written for, which uses TensorFlow;
- `stock Keras`: the same code on Keras 3;
- `kcore`: `kcore.models`, compiled by kcore, and for InceptionV3 `kcore.layers.accelerate`.

`frozen` trains a head on InceptionV3 up to mixed7, as the course does; `fine-tuning` trains its
last stages too; `prediction` runs all of InceptionV3.

GFLOP/s counts each multiply-add of the model three times, for the outputs and two gradients. What
the machine can do at most is about what NumPy's product of two matrices reaches; it is printed
first.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import harness
import numpy as np

OURS = "kcore"
CANDIDATES = ("tf_keras", "stock Keras", OURS)
FILTERS = {"cnn": (64, 64), "binary cnn": (16, 32, 64)}
PLAN = {
    "mlp": (28,),
    "cnn": (28, 64),
    "binary cnn": (64, 150, 300),
    "frozen": (150,),
    "fine-tuning": (150,),
    "prediction": (299,),
}
SECONDS = 1.5
"""About how long a candidate's turn lasts."""


def main():
    """Measure each model, print the tables, save the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    harness.rounds_option(parser, default=5)
    parser.add_argument("--models", nargs="+", choices=PLAN, default=list(PLAN))
    parser.add_argument("--sizes", nargs="+", type=int, help="only these sizes of images")
    parser.add_argument("--batch-sizes", nargs="+", type=int, default=[32, 128])
    parser.add_argument("--candidates", nargs="+", choices=CANDIDATES, default=CANDIDATES)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(alone(*json.loads(options.alone))))
        return
    import keras

    backend = keras.backend.backend()
    about = harness.environment(["keras", "tf_keras", "tensorflow", "jax", "jaxlib", "numpy"])
    print(f"NumPy multiplies matrices at {matrix_product():.0f} GFLOP/s.")
    groups = {}
    for kind in options.models:
        for size in PLAN[kind]:
            if options.sizes and size not in options.sizes:
                continue
            for batch in options.batch_sizes:
                name = f"{kind}, {size}x{size}, batch {batch}"
                print(f"\n{name}, {backend}\n", flush=True)
                groups[name] = compare(kind, size, batch, options)
                print(table(groups[name]), flush=True)
    print(f"\nSaved {harness.save(f'training-{backend}', groups, about)}")


def compare(kind, size, batch, options):
    """Time all candidates; a timing's seconds are those of one step."""
    steps = {name: step_of(name, kind, size, batch) for name in options.candidates}
    counts = {}
    for name, step in steps.items():
        step()
        start = time.perf_counter()
        step()
        counts[name] = max(1, round(SECONDS / (time.perf_counter() - start)))

    def several(name):
        return lambda: [steps[name]() for _ in range(counts[name])]

    timings = harness.measure({name: several(name) for name in steps}, options.rounds)
    for name, timing in timings.items():
        timing.seconds = [each / counts[name] for each in timing.seconds]
        timing.notes = speed(kind, size, batch, timing.median)
        timing.notes |= in_a_process_of_its_own(name, kind, size, batch)
    return list(timings.values())


def matrix_product():
    """Return the GFLOP/s of a product of two matrices, the best of five."""
    one = np.random.default_rng(0).random((3000, 3000), dtype="float32")
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        one @ one
        seconds.append(time.perf_counter() - start)
    return 2 * len(one) ** 3 / min(seconds) / 1e9


def speed(kind, size, batch, seconds):
    """Return the GFLOP/s of a step, for models that train as a whole."""
    if kind not in ("mlp", *FILTERS):
        return {}
    import kcore

    count = kcore.inspect.trace(of_kcore(kind, size)).multiply_adds
    return {"GFLOP/s": f"{6 * count * batch / seconds / 1e9:.0f}"}


def table(timings):
    """Return a Markdown table of milliseconds."""
    ours = next((each for each in timings if each.name == OURS), timings[-1])
    rows = [["candidate", "step (ms)", f"{ours.name} is faster by", *ours.notes]]
    rows.append(["---"] * len(rows[0]))
    for timing in timings:
        ratio = "1" if timing is ours else f"{ours.times_faster_than(timing):.2f}"
        rows.append([timing.name, f"{1000 * timing.median:.1f}", ratio, *timing.notes.values()])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def in_a_process_of_its_own(*candidate):
    """Measure the first step and the peak memory of a candidate."""
    command = [sys.executable, __file__, "--alone", json.dumps(candidate)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    measured = json.loads(printed.splitlines()[-1])
    return {
        "first step (s)": f"{measured['first']:.2f}",
        "added by it (GB)": f"{measured['added']:.2f}",
    }


def alone(name, kind, size, batch):
    """Run three steps; return the seconds of the first, and the memory that all of them added."""
    step = step_of(name, kind, size, batch)
    before = memory("VmRSS")
    start = time.perf_counter()
    step()
    first = time.perf_counter() - start
    step()
    step()
    return {"first": first, "added": memory("VmHWM") - before}


def memory(which):
    """Return the gigabytes that Linux counts for this process, now or at the peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(f"{which}:"))
    return int(line.split()[1]) * 1024 / 1e9


def step_of(name, kind, size, batch):
    """Return a function that trains a candidate for one step, or predicts one batch."""
    rng = np.random.default_rng(0)
    is_gray = kind in ("mlp", "cnn")
    x = rng.random((batch, size, size, 1 if is_gray else 3), dtype="float32")
    x = x[..., 0] if kind == "mlp" else x
    y = rng.integers(0, 10 if is_gray else 2, batch)
    y = y if is_gray else y[:, None].astype("float32")
    if kind == "prediction":
        model = inception(name, size, top=True)
        model.compile()
        return lambda: model.predict_on_batch(x)
    if kind in ("frozen", "fine-tuning"):
        model = with_head(name, size, trained_from=None if kind == "frozen" else "mixed4")
    else:
        model = BUILDERS[name](kind, size)
    return lambda: model.train_on_batch(x, y)


def of_the_course(library):
    """Return a builder of the course's models on `keras` or `tf_keras`, as it compiles them."""

    def build(kind, size):
        layers = library.layers
        channels = () if kind == "mlp" else (1,) if kind == "cnn" else (3,)
        body = [library.Input((size, size, *channels))]
        for filters in FILTERS.get(kind, ()):
            body += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D(2)]
        units = 512 if kind == "binary cnn" else 128
        body += [layers.Flatten(), layers.Dense(units, activation="relu")]
        is_binary = kind == "binary cnn"
        body.append(layers.Dense(*((1, "sigmoid") if is_binary else (10, "softmax"))))
        model = library.Sequential(body)
        loss = "binary_crossentropy" if is_binary else "sparse_categorical_crossentropy"
        model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
        return model

    return build


def of_kcore(kind, size):
    """Build and compile with `kcore.models`."""
    from kcore import models

    if kind == "mlp":
        return models.compile_classifier(models.mlp((size, size), seed=0), optimizer="adam")
    if kind == "cnn":
        return models.compile_classifier(models.cnn((size, size, 1), seed=0), optimizer="adam")
    model = models.binary_cnn((size, size, 3), seed=0)
    return models.compile_binary_classifier(model, optimizer="adam")


def keras_3(kind, size):
    """Build with stock Keras."""
    import keras

    return of_the_course(keras)(kind, size)


def keras_2(kind, size):
    """Build with tf_keras."""
    import tf_keras

    return of_the_course(tf_keras)(kind, size)


BUILDERS = dict(zip(CANDIDATES, (keras_2, keras_3, of_kcore), strict=True))


def inception(name, size, top):
    """Build InceptionV3 with random weights, accelerated for kcore."""
    import keras

    library = keras
    if name == "tf_keras":
        import tf_keras as library
    model = library.applications.InceptionV3(
        weights=None, include_top=top, input_shape=(size, size, 3)
    )
    if name != OURS:
        return model
    import kcore

    return kcore.layers.accelerate(model)


def with_head(name, size, trained_from):
    """Cut InceptionV3 at mixed7, and train a head, and the base from a layer on."""
    import keras

    library = keras
    if name == "tf_keras":
        import tf_keras as library
    base = inception(name, size, top=False)
    names = [layer.name for layer in base.layers]
    first = len(names) if trained_from is None else names.index(trained_from)
    for number, layer in enumerate(base.layers):
        layer.trainable = number > first
    x = library.layers.Flatten()(base.get_layer("mixed7").output)
    x = library.layers.Dense(1024, activation="relu")(x)
    model = library.Model(base.input, library.layers.Dense(1, activation="sigmoid")(x))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
