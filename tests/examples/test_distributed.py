"""`distributed.py` trains in one process, and on JAX in two that it starts."""

import keras
import pytest
from oracles.scripts import run

import kcore


@pytest.mark.slow
def test_distributed_trains_in_as_many_processes_as_the_backend_can_join(tmp_path):
    backend = keras.backend.backend()
    can_join = backend == "jax" and hasattr(keras.distribution.DataParallel, "data_shard_id")
    count = 2 if can_join else 1
    options = ("--processes", count, "--epochs", 1, "--output", tmp_path)
    output = run("distributed.py", *options)
    assert f"{count} processes, {count} devices, {backend}" in output
    assert output.count("After 1 epochs") == 1
    assert kcore.models.load(tmp_path / "model.keras").output_shape == (None, 10)
