"""Kill training runs that save all the time: started again, they end as if they were never killed.

The number of batches after which a process is killed is drawn, and so is the time from then on. A
save takes about as long as a training step here, so that about half of the kills come amid one.
"""

from functools import partial

import numpy as np
from attack.killing import kill_after_lines
from attack.tally import RIGHT, Tally
from oracles.image_trees import write_tree
from oracles.resumed_training import FINE_TUNING, MLP, PHOTOS, finish, result_of, start

from kcore.training._checkpoint_file import read

KILLS = 4


def test_an_mlp(tmp_path):
    killed_and_resumed(MLP, tmp_path, Tally("killed and resumed training runs of an MLP"), seed=0)


def test_augmented_photos(tmp_path):
    tally = Tally("killed and resumed training runs on augmented photos")
    killed_and_resumed(PHOTOS, tmp_path, tally, seed=1)


def test_fine_tuning(tmp_path):
    tally = Tally("killed and resumed fine-tuning")
    killed_and_resumed(FINE_TUNING, tmp_path, tally, seed=2)


def killed_and_resumed(script, folder, tally, seed):
    tree = write_tree(folder / "tree", {"cat": 20, "dog": 20})
    whole, killed = folder / "whole", folder / "killed"
    whole.mkdir()
    killed.mkdir()
    finish(script, whole, tree)
    rng = np.random.default_rng(seed)
    for number in range(KILLS):
        lines, seconds = int(rng.integers(1, 10)), rng.uniform(0, 0.03)
        kill_after_lines(start(script, killed, tree), lines, seconds)
        tally.case(f"kill {number}", partial(is_whole, killed), str, must=RIGHT)
    finish(script, killed, tree)
    tally.case("the result", partial(compared, killed, whole), str, must=RIGHT)
    tally.close(at_least=KILLS + 1)


def is_whole(where):
    """Judge what a killed process left behind: only whole checkpoints have their final name."""
    paths = list((where / "resume").glob("checkpoint-*.kcore"))
    for path in paths:
        read(path)  # raises where it is damaged
    return RIGHT if paths else "no checkpoint"


def compared(killed, whole):
    """Judge the result of a training run that was killed."""
    found, expected = result_of(killed), result_of(whole)
    if found.keys() != expected.keys():
        return f"{found.keys()} instead of {expected.keys()}"
    wrong = [name for name in found if not np.array_equal(found[name], expected[name])]
    return f"other values of {wrong}" if wrong else RIGHT
