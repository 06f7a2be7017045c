"""Use one model in four threads, and one model file in several processes."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import keras
import numpy as np
import pytest
from attack.tally import REFUSED, RIGHT, Tally, limited
from oracles.image_trees import pixels
from PIL import Image

import kcore
from kcore import explain, inspect
from kcore.models import classify, load, set_class_names

L = keras.layers
THREADS, CALLS = 4, 100

pytestmark = pytest.mark.filterwarnings("ignore:.*maps of these images are all zeros")


def network():
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            L.Rescaling(1 / 255),
            L.Conv2D(4, 3, activation="relu"),
            L.GlobalAveragePooling2D(),
            L.Dense(4, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return set_class_names(model, ["a", "b", "c", "d"])


def called(model, files, number):
    """Do one of six things, chosen by a number, and return arrays."""
    x = np.random.default_rng(number).uniform(0, 255, (2, 8, 8, 3)).astype("float32")
    class_index = number % 4
    ways = (
        lambda: explain.grad_cam(model, x, class_index=class_index),
        lambda: explain.saliency(model, x, class_index=class_index),
        lambda: explain.class_scores(model, x),
        lambda: list(inspect.activations(model, x).values()),
        lambda: explain.integrated_gradients(model, x, class_index, steps=2),
        lambda: [
            np.array([found.probabilities[found.class_names.index(name)] for name in "abcd"])
            for found in classify(model, files[number % 3 :], rescale=1, batch_size=4)
        ],
    )  # fmt: skip
    found = ways[number % len(ways)]()
    return found.values if isinstance(found, explain.Attributions | explain.ClassScores) else found


def judge(found, wanted):
    pairs = zip(keras.tree.flatten(found), keras.tree.flatten(wanted), strict=True)
    good = all(np.allclose(one, other, rtol=1e-4, atol=1e-5) for one, other in pairs)
    return RIGHT if good else "another value than in one thread"


def test_threads(tmp_path):
    tally = Tally("calls on one model from four threads")
    files = [tmp_path / f"{number}.png" for number in range(6)]
    for number, file in enumerate(files):
        Image.fromarray(pixels(number)).save(file)
    twin = network()
    wanted = {number: called(twin, files, number) for number in range(CALLS)}
    model = network()
    barrier = threading.Barrier(THREADS)

    def run(seed):
        barrier.wait()
        found = {}
        for number in np.random.default_rng(seed).permutation(CALLS):
            try:
                found[number] = judge(called(model, files, int(number)), wanted[int(number)])
            except Exception as error:
                found[number] = f"raised {type(error).__name__}: {error}"
        return found

    with limited(240), ThreadPoolExecutor(THREADS) as pool:
        for seed, found in enumerate(pool.map(run, range(THREADS))):
            for number, outcome in found.items():
                tally.count(f"call {number} of thread {seed}", outcome)
    changed = [layer.name for layer in model.layers if "call" in vars(layer)]
    assert changed == [], "layers kept what was put on them"
    tally.close(at_least=THREADS * CALLS)


ROUNDS = 40
PROCESS = """
import sys, kcore
path, kind = sys.argv[1:]
if kind != "reader":
    model = kcore.models.linear((4,), seed=int(kind))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(40):
    try:
        if kind == "reader":
            print(float(kcore.models.load(path).get_weights()[0][0, 0]), flush=True)
        else:
            kcore.models.save(model, path)
            print("saved", flush=True)
    except Exception as error:
        print(f"raised {error!r}".replace(chr(10), " "), flush=True)
"""


def test_processes(tmp_path):
    tally = Tally("two processes that save one model, and two that read it")
    path = tmp_path / "model.keras"
    models = [kcore.models.linear((4,), seed=seed) for seed in (1, 2)]
    first = {str(float(model.get_weights()[0][0, 0])) for model in models}
    models[0].save(path)
    kinds = ("1", "2", "reader", "reader")
    command = [sys.executable, "-c", PROCESS, str(path)]
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([*command, kind], **options) for kind in kinds]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for kind, process in zip(kinds, processes, strict=True):
        lines = process.communicate(timeout=240)[0].splitlines()
        assert len(lines) == ROUNDS
        allowed = first if kind == "reader" else {"saved"}
        for number, line in enumerate(lines):
            tally.count(f"{kind}, round {number}", RIGHT if line in allowed else line)
    assert list(tmp_path.iterdir()) == [path]
    tally.close(at_least=4 * ROUNDS)


def test_odd_names(tmp_path):
    tally = Tally("odd names of models")
    model = kcore.models.linear((4,), seed=1)
    for name in (
        "a b",
        "ä",
        "a" * 240,
        "-rf",
        "$(x)",
        "%s",
        "a\nb",
        "\x1b[31m",
        "'",
        '"',
        "..a",
        "~",
    ):
        path = tmp_path / f"{name}.keras"
        attempt = partial(saved_and_loaded, model, path)
        tally.case(repr(name), attempt, str, must=RIGHT)
    for name in ("a.h5", "a", "a.keras.gz", "a/b.keras", "gone/a.keras", "a\0b.keras"):
        attempt = partial(saved_and_loaded, model, tmp_path / name)
        known = {"refusals": (ValueError, OSError), "must": REFUSED}
        tally.case(repr(name), attempt, str, named=name.split("/")[0].split("\0")[0], **known)
    tally.close(at_least=15)


def saved_and_loaded(model, path):
    kcore.models.save(model, path)
    same = np.array_equal(load(path).get_weights()[0], model.get_weights()[0])
    left = list(path.parent.glob(".*.partial")) + list(path.parent.glob(".????????????????.keras"))
    return RIGHT if same and not left else f"other weights, or left {left}"
