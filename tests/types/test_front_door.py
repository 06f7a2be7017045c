"""What type checkers see of kcore where a user writes `import kcore` and nothing else."""

import re
import subprocess
import sys

import pytest

CHECKERS = {"mypy": ("mypy", "--strict"), "pyright": ("pyright",)}

RIGHT = """\
import keras  # type: ignore[import-untyped, unused-ignore]

import kcore

window: kcore.shapes.Window = kcore.shapes.Window(5, 3)
size: int | None = window.output_size
model = kcore.models.mlp((28, 28), classes=5, seed=1)
pictures: kcore.data.ImageBatches = kcore.data.from_directory("photos", batch_size=8)
training, validation = kcore.data.from_directory("photos", validation_split=0.2, subset="both")
names: tuple[str, ...] = training.class_names + validation.class_names
generator = kcore.augment.ImageDataGenerator(rotation_range=20)
flow: kcore.data.ImageBatches = generator.flow_from_directory("photos", cache="memory")
image, parameters = flow.replay(0, epoch=2)
callback = kcore.visualize.LiveReport("report.html")
stop = kcore.training.StopAtTarget("accuracy", 0.9, verbose=0)
built: keras.Sequential = kcore.models.compile_classifier(model)
transferred: keras.Model = kcore.models.transfer(
    model, -2, 3, preprocessing="unit", class_names=["a", "b", "c"]
)
history: keras.callbacks.History = kcore.models.train_head(transferred, [], [], epochs=2)
kcore.models.fine_tune(transferred, [], [], unfreeze_from=transferred.layers[1], epochs=2)
kcore.models.load("model.keras").predict([], batch_size=2)
"""

# Each line alone must fail. A member that any module or class could have would hide all of them.
WRONG = {
    "module": "kcore.no_such_module",
    "function": "kcore.models.no_such_function(1)",
    "callback": "kcore.visualize.NoSuchCallback()",
    "argument": "kcore.models.mlp(clases=5)",
    "legacy argument": 'kcore.data.from_directory("photos", target_size=(8, 8))',
    "argument of a class": "kcore.augment.ImageDataGenerator(rotation=20)",
    "argument of a layer": "kcore.augment.RandomTransform(rotation=20)",
    "argument of a method": (
        'kcore.augment.ImageDataGenerator().flow_from_directory("photos", cach="memory")'
    ),
    "type of an argument": 'kcore.shapes.Window("five", 3)',
    "subset": 'kcore.data.from_directory("photos", subset="testing")',
    "two datasets": 'kcore.data.from_directory("photos", subset="both").class_names',
    "result": "size: str = kcore.shapes.Window(5, 3).output_size",
    "argument of fit": "kcore.models.fine_tune(1, [], [], unfreeze_from=None, epoch=2)",
    "argument of a model": "kcore.models.SubclassedMLP(units=3)",
}

# What only a checker sees that reads the sources of Keras, as pyright does and mypy doesn't: Keras
# has no types of its own to ship. To mypy all that comes from Keras is `Any`.
WRONG_IN_KERAS = {
    "history": "trained: keras.Model = kcore.models.train_head(kcore.models.mlp(), [])",
    "model": "kcore.models.set_class_names(3, ['a', 'b'])",
    "layer": "kcore.models.transfer('VGG16', 3.5)",
    "callbacks": "kcore.models.train_head(kcore.models.mlp(), [], callbacks=[3])",
    "optimizer": "kcore.models.compile_classifier(kcore.models.mlp(), optimizer=3)",
}
REVEALED = {
    "kcore.models.mlp()": "Sequential",
    "kcore.models.functional_mlp()": "Model",
    "kcore.models.subclassed_mlp()": "SubclassedMLP",
    "kcore.models.compile_classifier(kcore.models.mlp())": "Sequential",
    "kcore.models.transfer('VGG16')": "Model",
    "kcore.models.load('model.keras')": "Model",
    "kcore.models.load_weights(kcore.models.cnn(), 'model.h5')": "Sequential",
    "kcore.models.fine_tune(kcore.models.load('a'), [], unfreeze_from=1)": "History",
}


def check(checker, tmp_path, code):
    path = tmp_path / "snippet.py"
    path.write_text(code)
    command = [sys.executable, "-m", *CHECKERS[checker], str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)


@pytest.mark.parametrize("checker", CHECKERS)
def test_right_code_passes(checker, tmp_path):
    result = check(checker, tmp_path, RIGHT)
    assert result.returncode == 0, result.stdout + result.stderr


def missed(result, wrong, first):
    """Return the cases without an error on their line, the first of which is at `first`."""
    assert result.returncode == 1, result.stdout + result.stderr
    return [
        case
        for number, case in enumerate(wrong, start=first)
        if not re.search(rf"snippet\.py:{number}:.*error", result.stdout)
    ]


@pytest.mark.parametrize("checker", CHECKERS)
def test_each_wrong_line_fails(checker, tmp_path):
    result = check(checker, tmp_path, "\n".join(["import kcore", *WRONG.values(), ""]))
    assert not missed(result, WRONG, first=2), result.stdout


def test_models_have_the_types_of_keras_where_a_checker_reads_its_sources(tmp_path):
    lines = [f"reveal_type({code})" for code in REVEALED]
    lines = ["import keras", "import kcore", *WRONG_IN_KERAS.values(), *lines, ""]
    result = check("pyright", tmp_path, "\n".join(lines))
    assert not missed(result, WRONG_IN_KERAS, first=3), result.stdout
    found = re.findall(r'information: Type of ".*" is "(\w+)"', result.stdout)
    assert found == list(REVEALED.values())
