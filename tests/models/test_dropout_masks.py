"""The masks of kcore's own models, and what Keras alone makes of their files."""

import json
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest

import kcore


def transferred(seed=7):
    base = kcore.models.cnn((12, 12, 1), filters=(3, 4), hidden_units=5, seed=1)
    return kcore.models.transfer(
        base, "pool_1", preprocessing="unit", hidden_units=32, dropout=0.5, seed=seed
    )


def kept(layer):
    return keras.ops.convert_to_numpy(layer(np.ones((2, 32), "float32"), training=True)) > 0


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: transferred(seed).get_layer("head_dropout"),
        lambda seed: kcore.models.SubclassedMLP(dropout_seed=seed).dropout,
    ],
    ids=["transfer", "subclassed_mlp"],
)
def test_masks_follow_from_the_whole_seed(make):
    first, again, other, far = (kept(make(seed)) for seed in (7, 7, 8, 7 + 2**32))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first != far).any()
    assert isinstance(make(7), kcore.layers.Dropout)


def test_a_file_of_a_transferred_model_names_no_class_of_kcore(tmp_path):
    path = tmp_path / "model.keras"
    model = transferred()
    kcore.models.save(model, path)
    with zipfile.ZipFile(path) as archive:
        assert "kcore" not in archive.read("config.json").decode()
        entries = json.loads(archive.read("config.json"))["config"]["layers"]
    entry = next(entry for entry in entries if entry["name"] == "head_dropout")
    assert (entry["module"], entry["class_name"]) == ("keras.layers", "Dropout")
    loaded = keras.saving.load_model(path)
    assert type(loaded.get_layer("head_dropout")) is keras.layers.Dropout
    x = np.full((2, 12, 12, 1), 99, "float32")
    np.testing.assert_array_equal(model(x), loaded(x))
    again = kcore.layers.reproducible(loaded, 7).get_layer("head_dropout")
    np.testing.assert_array_equal(kept(again), kept(model.get_layer("head_dropout")))


LOAD_WITHOUT_KCORE = """
import sys
sys.modules["kcore"] = None  # its import fails
import keras, numpy as np
model = keras.saving.load_model(sys.argv[1])
print(model(np.full((1, 12, 12, 1), 99, "float32"), training=True).shape)
"""


@pytest.mark.slow
def test_keras_alone_loads_a_transferred_model(tmp_path):
    transferred().save(tmp_path / "model.keras")
    command = [sys.executable, "-c", LOAD_WITHOUT_KCORE, str(tmp_path / "model.keras")]
    result = subprocess.run(command, capture_output=True, text=True)
    assert "(1, 1)" in result.stdout, result.stderr


def test_a_head_can_be_made_reproducible_before_it_is_saved(tmp_path):
    copy = kcore.layers.reproducible(transferred(), 8)
    assert type(copy.get_layer("head_dropout")) is kcore.layers.Dropout
    copy.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").get_layer("head_dropout")
    np.testing.assert_array_equal(kept(loaded), kept(copy.get_layer("head_dropout")))
