"""Kill processes that train together: started again, they end as if they were never killed."""

import os
import shutil
import signal

import keras
import numpy as np
import pytest
from oracles import needs
from oracles.distributed_training import (
    errors_of,
    next_line,
    results_of,
    start,
    start_by_mpi,
    start_processes,
    train,
    train_in_processes,
    wait_for_batches,
)
from oracles.image_trees import write_tree

import kcore
from kcore.training import _processes

EPOCHS = 3


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return write_tree(tmp_path_factory.mktemp("photos") / "tree", {"cat": 20, "dog": 20})


@pytest.fixture(scope="module")
def whole(tree, tmp_path_factory):
    """Where two processes have trained without being killed, and what they ended with."""
    resume = tmp_path_factory.mktemp("whole") / "resume"
    return resume, train_in_processes(tree, processes=2, resume=resume, epochs=EPOCHS)


@needs.joined_processes
def test_killed_processes_end_like_whole_ones(tree, whole, tmp_path):
    resume = [tmp_path / "resume"] * 2
    for batches in (3, 7):
        started = start_processes(tree, resume, epochs=EPOCHS)
        wait_for_batches(started[0], batches)
        for each in started:
            each.kill()
            each.communicate()
    results = train_in_processes(tree, processes=2, resume=resume[0], epochs=EPOCHS)
    assert_resumed_like(results, whole[1])
    saved = kcore.models.load(tmp_path / "resume.keras")
    for found, value in zip(saved.get_weights(), whole[1][0]["weights"], strict=True):
        np.testing.assert_array_equal(found, np.array(value, found.dtype))


@needs.jax
def test_a_killed_process_with_four_devices_ends_like_a_whole_one(tree, tmp_path):
    expected = train(tree, devices=4, resume=tmp_path / "whole", epochs=EPOCHS)
    resume = tmp_path / "resume"
    with start(tree, devices=4, resume=resume, epochs=EPOCHS) as process:
        wait_for_batches(process, 7)
        process.kill()
    assert_resumed_like([train(tree, devices=4, resume=resume, epochs=EPOCHS)], [expected])


@needs.mpirun
@needs.joined_processes
def test_open_mpi_ends_all_processes_when_one_is_killed_and_starts_them_again(
    tree, whole, tmp_path
):
    resume = tmp_path / "resume"
    with start_by_mpi(tree, resume, epochs=EPOCHS) as launcher:
        workers, batches = [], 0
        while batches < 9:
            word, *numbers = next_line(launcher).split(" ")
            workers += map(int, numbers) if word == "process" else []
            batches += word == "batch"
        os.kill(workers[1], signal.SIGKILL)
        assert "signal 9" in errors_of(launcher)
    results = results_of(start_by_mpi(tree, resume, epochs=EPOCHS))
    assert_resumed_like(sorted(results, key=lambda result: result["shard"]), whole[1])


def assert_resumed_like(results, whole):
    for resumed, expected in zip(results, whole, strict=True):
        assert 0 < len(resumed["losses"]) < len(expected["losses"])
        assert resumed["losses"] == expected["losses"][-len(resumed["losses"]) :]
        assert resumed["weights"] == expected["weights"]
        np.testing.assert_equal(resumed["history"], expected["history"])


def test_callbacks_that_one_process_can_not_run_alone_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(_processes, "process", lambda: (0, 2))
    for callback in (
        keras.callbacks.ModelCheckpoint("model.keras"),
        kcore.visualize.LiveReport(tmp_path / "report.html"),
    ):
        with pytest.raises(ValueError, match=f"callbacks holds {type(callback).__name__}, whose"):
            _processes.check_callbacks_of_processes([callback])


@needs.joined_processes
def test_processes_that_find_different_checkpoints_all_refuse(tree, whole, tmp_path):
    copy = shutil.copytree(whole[0], tmp_path / "copy")
    for errors in map(errors_of, start_processes(tree, [copy, tmp_path / "none"], epochs=EPOCHS)):
        assert "would resume from different checkpoints" in errors
        assert "must be a directory that all hosts share" in errors
