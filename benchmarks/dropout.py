"""The cost of dropout: of Keras, by Threefry for each element, and of kcore.

Each candidate is a Keras model of one layer that drops in every call (`call`), and an MLP in
training (`step`). They run eagerly, as a graph of TensorFlow, and compiled by XLA. The times are
those of all threads of the processor; what a candidate without dropout takes is the overhead.
"""

import argparse
import resource
import statistics
from collections.abc import Callable
from typing import Any

import harness
import keras
import numpy as np

import kcore

RATE = 0.3


class ByThreefry(keras.layers.Dropout):
    """Dropout with a block of the cipher for every two elements."""

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return `inputs`, in training with elements dropped."""
        state = keras.ops.cast(self.seed_generator.next(), "uint32")
        key = kcore.random.fold_in(state, 0)
        kept = kcore.random.bernoulli(key, tuple(inputs.shape), 1 - self.rate)
        return keras.ops.where(kept, inputs * (1 / (1 - self.rate)), 0.0)


class Always(keras.layers.Layer):
    """Call a layer in training mode, also where Keras predicts."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def call(self, inputs: Any) -> Any:
        """Return what the layer returns in training."""
        return self.layer(inputs, training=True)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape


LAYERS: dict[str, Callable[[], Any]] = {
    "none": lambda: keras.layers.Dropout(0.0),
    "Keras": lambda: keras.layers.Dropout(RATE, seed=5),
    "Threefry": lambda: ByThreefry(RATE, seed=5),
    "kcore": lambda: kcore.layers.Dropout(RATE, seed=5),
}


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--features", type=int, default=13 * 13 * 64)
    parser.add_argument("--calls", type=int, default=8, help="calls in each round")
    harness.rounds_option(parser, default=7)
    options = parser.parse_args()
    on_tensorflow = keras.backend.backend() == "tensorflow"
    modes = {"eager": {"run_eagerly": True}, "XLA": {"jit_compile": True}}
    if on_tensorflow:
        modes["graph"] = {"jit_compile": False}
    print(
        f"{keras.backend.backend()}, {options.batch_size} x {options.features} elements, CPU ms\n"
    )
    print(f"| what | {' | '.join(LAYERS)} |\n{'| --- ' * (len(LAYERS) + 1)}|")
    for mode, compiled in modes.items():
        for what, make in (("call", one_call), ("step", one_step)):
            runs = {name: make(layer(), options, compiled) for name, layer in LAYERS.items()}
            times = measured(runs, options.rounds, options.calls)
            print(f"| {what}, {mode} | {' | '.join(f'{each:.2f}' for each in times)} |", flush=True)


def one_call(layer: Any, options: argparse.Namespace, compiled: Any) -> Callable[[], object]:
    """Return a function that calls the layer once on a batch."""
    batch = (options.batch_size, options.features)
    inputs = keras.Input(batch_shape=batch)
    model = keras.Model(inputs, keras.ops.sum(Always(layer)(inputs)))
    model.compile(**compiled)
    x = keras.ops.convert_to_tensor(np.ones(batch, "float32"))
    return lambda: model.predict_on_batch(x)


def one_step(layer: Any, options: argparse.Namespace, compiled: Any) -> Callable[[], object]:
    """Return a function that makes a training step of an MLP with dropout on its inputs."""
    batch = (options.batch_size, options.features)
    model = keras.Sequential([keras.Input(batch_shape=batch), layer, keras.layers.Dense(8)])
    model.compile("sgd", "mse", **compiled)
    x, y = np.ones(batch, "float32"), np.ones((options.batch_size, 8), "float32")
    return lambda: model.train_on_batch(x, y)


def measured(runs: dict[str, Callable[[], object]], rounds: int, calls: int) -> list[float]:
    """Return the median CPU time of a call of each candidate, in milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            start = cpu_seconds()
            for _ in range(calls):
                run()
            if turn > 0:  # the first compiles
                times[name].append(1000 * (cpu_seconds() - start) / calls)
    return [statistics.median(each) for each in times.values()]


def cpu_seconds() -> float:
    """Return the processor time of this process and its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
