"""Kill processes while they train or save a model: only complete files may be left."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from attack.killing import kill_after
from attack.tally import RIGHT, Tally
from oracles.image_trees import write_tree

import kcore

KILLS = 4
UNITS = 50_000

# A training run that writes everything that kcore can write, seeded so that it repeats.
TRAINING = """
import sys, warnings
warnings.simplefilter("ignore")
import keras, kcore
tree, where, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
dataset = kcore.data.from_directory(
    tree, image_size=(8, 8), label_mode="int", batch_size=4, seed=3, verbose=False,
    cache=f"{where}/cache", bad_files="skip",
    transform=lambda images, indices, epoch: images.astype("float32") / 255)
model = kcore.models.cnn((8, 8, 3), 2, filters=(3,), hidden_units=4, seed=1)
kcore.models.set_class_names(model, ["cat", "dog"])
model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
class Save(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        kcore.models.save(self.model, f"{where}/last.keras")
        print("epoch", flush=True)
report = kcore.visualize.LiveReport(f"{where}/report.html")
model.fit(dataset, epochs=epochs, verbose=0, callbacks=[Save(), report])
kcore.models.save(model, f"{where}/model.keras")
"""
EPOCHS = 3


def start(tree, where, epochs):
    where.mkdir(exist_ok=True)
    command = [sys.executable, "-c", TRAINING, str(tree), str(where), str(epochs)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def weights(path):
    return kcore.models.load(path).get_weights()


@pytest.mark.filterwarnings("ignore")
def test_killed_training_runs(tmp_path):
    tally = Tally("killed training runs")
    tree = write_tree(tmp_path / "tree", {"cat": 9, "dog": 8})
    whole = tmp_path / "whole"
    with start(tree, whole, EPOCHS) as process:
        process.communicate(timeout=240)
    assert process.returncode == 0
    expected = weights(whole / "model.keras")
    where = tmp_path / "killed"
    rng = np.random.default_rng(51)
    for number in range(KILLS):
        kill_after(start(tree, where, 10**6), "epoch\n", rng.uniform(0, 0.4))
        tally.case(f"kill {number}", partial(whole_files, where), str, must=RIGHT)
    # Leftovers of killed runs disturb nothing, and training gives the same result again.
    with start(tree, where, EPOCHS) as process:
        process.communicate(timeout=240)
    tally.case("again", partial(same_training, where, expected), str, must=RIGHT)
    tally.close(at_least=KILLS + 1)


def whole_files(where):
    """Judge the files that a killed training run left behind."""
    names = sorted(each.name for each in where.iterdir() if not each.name.startswith("."))
    if names != ["cache", "last.keras", "report.html"]:
        return f"left {names}"
    model = kcore.models.load(where / "last.keras")
    if model.class_names != ("cat", "dog") or not all(
        map(np.all, map(np.isfinite, model.get_weights()))
    ):
        return "a model without its class names or weights"
    if not (where / "report.html").read_text(encoding="utf-8").rstrip().endswith("</html>"):
        return "half a report"
    return RIGHT


def same_training(where, expected):
    found = weights(where / "model.keras")
    if not all(map(np.array_equal, found, expected)):
        return "other weights than without kills"
    left = list((where / "cache").glob(".*.partial"))
    return RIGHT if not left else f"{len(left)} unfinished caches are left"


SAVING = f"""
import sys, kcore
models = [kcore.models.linear(({UNITS},), seed=seed) for seed in (1, 2)]
print("ready", flush=True)
while True:
    for model in models:
        kcore.models.save(model, sys.argv[1])
"""


def kernel(model):
    return model.get_weights()[0]


@pytest.mark.filterwarnings("ignore")
def test_killed_writers_of_models(tmp_path):
    tally = Tally("killed writers of models")
    path = tmp_path / "model.keras"
    models = [kcore.models.linear((UNITS,), seed=seed) for seed in (1, 2)]
    kcore.models.save(models[0], path)
    rng = np.random.default_rng(52)
    for number in range(KILLS):
        command = [sys.executable, "-c", SAVING, str(path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        kill_after(process, "ready\n", rng.uniform(0.05, 0.4))
        check = partial(judge, allowed=[kernel(model) for model in models])
        tally.case(f"kill {number}", partial(kcore.models.load, path), check, must=RIGHT)
    tally.close(at_least=KILLS)


def judge(model, allowed):
    is_one = any(np.array_equal(kernel(model), one) for one in allowed)
    return RIGHT if is_one else "other weights"
