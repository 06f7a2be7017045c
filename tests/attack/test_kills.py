"""Processes that are killed while they save a model: a whole one is left."""

import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
from attack.tally import RIGHT, Tally

import kcore

KILLS = 4
UNITS = 50_000

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
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "ready\n"
            time.sleep(rng.uniform(0.05, 0.4))
            process.kill()
        check = partial(judge, allowed=[kernel(model) for model in models])
        tally.case(f"kill {number}", partial(kcore.models.load, path), check, must=RIGHT)
    tally.close(at_least=KILLS)


def judge(model, allowed):
    is_one = any(np.array_equal(kernel(model), one) for one in allowed)
    return RIGHT if is_one else "other weights"
