"""One device, several devices and several processes train alike."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from oracles import needs
from oracles.distributed_training import train, train_in_processes
from oracles.image_trees import write_tree

import kcore
from kcore.training import _processes

# What differs is the order in which gradients are summed up.
CLOSE = {"rtol": 0, "atol": 1e-5}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return write_tree(tmp_path_factory.mktemp("photos") / "tree", {"cat": 12, "dog": 12})


@pytest.fixture(scope="module")
def alone(tree):
    return train(tree)


def assert_alike(result, expected):
    assert len(expected["losses"]) == 6
    np.testing.assert_allclose(result["losses"], expected["losses"], **CLOSE)
    for found, value in zip(result["weights"], expected["weights"], strict=True):
        np.testing.assert_allclose(found, value, **CLOSE)
    assert result["history"].keys() == expected["history"].keys() > {"val_loss", "val_accuracy"}
    for name, values in expected["history"].items():
        np.testing.assert_allclose(result["history"][name], values, **CLOSE)


@needs.jax
def test_several_devices_train_as_one_does(tree, alone):
    result = train(tree, devices=4)
    assert (result["devices"], result["shard"]) == (4, [0, 1])
    assert_alike(result, alone)


@pytest.mark.slow
@needs.joined_processes
def test_several_processes_train_as_one_does(tree, alone):
    results = train_in_processes(tree, processes=2, devices=2)
    assert [result["shard"] for result in results] == [[0, 2], [1, 2]]
    assert all(result["devices"] == 4 for result in results)
    assert results[0]["weights"] == results[1]["weights"]
    for result in results:
        assert_alike(result, alone)


def test_one_device_and_one_process_stay_as_they_are():
    assert kcore.training.distribute() == (0, 1)
    assert keras.distribution.distribution() is None


@needs.tensorflow
def test_processes_are_refused_on_tensorflow(monkeypatch):
    monkeypatch.setenv("KERAS_DISTRIBUTION_NUM_PROCESSES", "2")
    with pytest.raises(RuntimeError, match="names 2 processes, which Keras can't join on tensor"):
        kcore.training.distribute()


@pytest.mark.parametrize("text", ["two", "0", "-1", ""])
def test_a_wrong_number_of_processes_is_refused(monkeypatch, text):
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", text)
    with pytest.raises(
        ValueError, match=f"SLURM_STEP_NUM_TASKS='{text}' in the environment must be a numb"
    ):
        kcore.training.distribute()


def test_only_the_first_process_writes_logs(monkeypatch, tmp_path):
    logger, stop = keras.callbacks.CSVLogger(tmp_path / "log.csv"), keras.callbacks.EarlyStopping()
    monkeypatch.setattr(_processes, "process", lambda: (0, 2))
    assert _processes.own_callbacks([logger, stop]) == [logger, stop]
    monkeypatch.setattr(_processes, "process", lambda: (1, 2))
    silenced, same = _processes.own_callbacks([logger, stop])
    assert same is stop
    assert not isinstance(silenced, keras.callbacks.CSVLogger)
    silenced.set_state(silenced.get_state())


REFUSALS = """
import keras, kcore, numpy as np
kcore.training.distribute()
x, y = np.zeros((22, 3), "float32"), np.zeros((22, 1), "float32")
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
before = [each.tolist() for each in model.get_weights()]

def refused(call, *words):
    try:
        call()
    except ValueError as error:
        assert all(word in str(error) for word in words), error
    else:
        raise AssertionError(words)
    assert [each.tolist() for each in model.get_weights()] == before

odd = kcore.data.from_arrays(x, y, batch_size=6)
refused(lambda: model.fit(odd, verbose=0), "A batch has 6 samples", "among the 4 devices")
half = kcore.data.from_arrays(x, y, batch_size=12, shard=(0, 2), drop_remainder=True)
refused(lambda: model.fit(half, verbose=0), "The last batch of an epoch has 6 samples")
rest = kcore.data.from_arrays(x, y, batch_size=8)
last = ("last batch of an epoch has 6 samples", "drop_remainder=True", "a multiple of 4")
refused(lambda: model.fit(rest, verbose=0), *last)
refused(lambda: model.predict(rest, verbose=0), *last)
refused(lambda: model.evaluate(rest, verbose=0), *last)
whole = kcore.data.from_arrays(x, y, batch_size=8, drop_remainder=True)
refused(lambda: model.fit(whole, validation_data=rest, verbose=0), *last)
refused(lambda: kcore.training.fit(model, rest, epochs=1, resume="run", verbose=0), *last)
arrays = ("validation_data holds arrays", "last batch of an epoch has 22 samples", "from_arrays")
refused(lambda: model.fit(whole, validation_data=(x, y), verbose=0), *arrays)
refused(lambda: kcore.training.fit(model, whole, epochs=1, resume="run", verbose=0,
                                   validation_data=(x, y)), *arrays)
model.fit(whole, validation_data=(x[:20], y[:20]), verbose=0)
model.fit(whole, validation_data=whole, verbose=0)
assert len(model.predict(whole, verbose=0)) == 16
"""


@needs.jax
def test_batches_that_devices_can_not_share_are_refused_before_the_first_step(tmp_path):
    flags = "--xla_force_host_platform_device_count=4"
    result = subprocess.run(
        [sys.executable, "-c", REFUSALS],
        env={**os.environ, "XLA_FLAGS": flags},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr


MIRRORED = """
import sys
import tensorflow as tf
import keras, kcore, numpy as np

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
x = np.asarray(kcore.random.normal(kcore.random.key(1), (96, 2, 3)), "float32")
y = np.asarray(kcore.random.integers(kcore.random.key(2), (96,), maxval=3), "int32")

def trained(strategy):
    with strategy.scope():
        model = kcore.models.mlp((2, 3), 3, hidden_units=8, seed=1)
        kcore.models.compile_classifier(model)
    data = kcore.data.from_arrays(x, y, batch_size=16, seed=5)
    history = model.fit(data, epochs=2, verbose=0)
    assert strategy.num_replicas_in_sync == 1 or model.jit_compile is False
    return history.history["loss"], model.get_weights()

one = trained(tf.distribute.get_strategy())
two = trained(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
np.testing.assert_allclose(two[0], one[0], rtol=0, atol=1e-5)
for ours, theirs in zip(two[1], one[1], strict=True):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
"""


@needs.tensorflow
def test_a_mirrored_strategy_trains_as_one_device_does():
    result = subprocess.run([sys.executable, "-c", MIRRORED], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
