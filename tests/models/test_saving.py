import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest

import kcore

BUILDERS = {
    "linear": (lambda: kcore.models.linear((4,), seed=1), (4,)),
    "mlp": (lambda: kcore.models.mlp((5, 5), hidden_units=6, seed=1), (5, 5)),
    "cnn": (lambda: kcore.models.cnn((12, 12, 1), filters=(3, 4), seed=1), (12, 12, 1)),
    "binary_cnn": (
        lambda: kcore.models.binary_cnn((22, 22, 3), filters=(2, 2, 2), seed=1),
        (22, 22, 3),
    ),
    "functional_mlp": (lambda: kcore.models.functional_mlp((9,), seed=1), (9,)),
    "subclassed_mlp": (lambda: kcore.models.subclassed_mlp((9,), seed=1), (9,)),
}


@pytest.mark.parametrize(("build", "shape"), BUILDERS.values(), ids=BUILDERS)
def test_a_saved_model_predicts_the_same(build, shape, tmp_path):
    model = build()
    model.compile("sgd", "mse")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((5, *shape), dtype=np.float32)
    np.testing.assert_array_equal(model.predict(x, verbose=0), loaded.predict(x, verbose=0))
    assert [type(layer) for layer in loaded.layers] == [type(layer) for layer in model.layers]
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]


def test_a_subclassed_model_keeps_its_arguments(tmp_path):
    model = kcore.models.subclassed_mlp((4,), 3, hidden_units=7, dropout=0.1, seed=5)
    clone = kcore.models.SubclassedMLP.from_config(model.get_config())
    assert (clone.classes, clone.hidden_units, clone.dropout.rate, clone.dropout_seed) == (
        3,
        7,
        0.1,
        5,
    )


WRITER = """
import sys, kcore
model = kcore.models.linear((4,), seed=2)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(15):
    kcore.models.save(model, sys.argv[1])
"""


@pytest.mark.slow
def test_two_processes_that_save_one_model_for_15_rounds(tmp_path):
    path = tmp_path / "model.keras"
    models = [kcore.models.linear((4,), seed=seed) for seed in (1, 2)]
    expected = [model.get_weights()[0].tolist() for model in models]
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "ready\n"
        other.stdin.write("go\n")
        other.stdin.flush()
        for _ in range(15):
            kcore.models.save(models[0], path)
            assert kcore.models.load(path).get_weights()[0].tolist() in expected
        messages = other.communicate()[1]
    assert other.returncode == 0, messages
    assert list(tmp_path.iterdir()) == [path]
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
