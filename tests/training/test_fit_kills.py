"""A process that is killed while it trains and saves ends as one that was never killed."""

import numpy as np
import pytest
from attack.killing import kill_after_lines
from oracles.resumed_training import MLP, finish, result_of, start

# Steps that each process does before it is killed: within an epoch and later. `nox -s attack` kills
# more often.
KILLS = (4, 25)


@pytest.mark.slow
def test_a_killed_training_run_ends_like_a_whole_one(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for where in (whole, killed):
        where.mkdir()
    finish(MLP, whole, "no tree")
    rng = np.random.default_rng(61)
    for lines in KILLS:
        kill_after_lines(start(MLP, killed, "no tree"), lines, rng.uniform(0, 0.02))
    finish(MLP, killed, "no tree")
    np.testing.assert_equal(result_of(killed), result_of(whole))
