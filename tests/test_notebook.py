"""In a notebook, what kcore returns shows itself: pictures, plots and tables instead of numbers."""

import os
import re

import nbformat
import pytest
from nbconvert.preprocessors import ExecutePreprocessor

SETUP = """\
import numpy as np
import kcore

(x, y), _ = kcore.datasets.scenes.load_data(
    24, 4, image_size=(24, 24), classes=("ball", "star"), seed=1
)
root = kcore.datasets.scenes.write_directory(
    "scenes", train=8, validation=4, image_size=(24, 24), classes=("ball", "star")
)
names = ("ball", "star")
model = kcore.models.cnn((24, 24, 3), classes=2, filters=(4, 4), seed=1)
kcore.models.compile_classifier(model)
history = model.fit(x / 255, y, epochs=2, validation_split=0.25, verbose=0)
predicted = kcore.explain.class_scores(model, x[:4] / 255).predicted
headed = kcore.models.transfer(
    model, "flatten", preprocessing="unit", hidden_units=8, class_names=names, seed=1
)
recipe = kcore.augment.Recipe(rotation_range=30, horizontal_flip=True)
keys = kcore.random.sample_keys(0, 0, np.arange(3))
"""

# What the last line of a cell evaluates to -> what the notebook must show of it.
TABLE, PICTURE, IMAGE, LINK = "<table", "<img", "image/png", "<a href="
SHOWN = {
    "kcore.shapes.Window(13, kernel_size=6, strides=5)": "<pre",
    "kcore.inspect.trace(model)": TABLE,
    "kcore.inspect.audit(model)": TABLE,
    "kcore.models.parameter_summary(headed)": TABLE,
    "recipe.draw(keys, (24, 24, 3))": TABLE,
    "kcore.data.from_directory(root / 'train', image_size=(24, 24), verbose=False)": PICTURE,
    "kcore.data.scan(root / 'train')": "<d",
    "kcore.datasets.scenes.scene(1)": PICTURE,
    "kcore.datasets.scenes.draw_parameters(1)": "<dl",
    "kcore.datasets.ImageDataset('scenes', x, y, x, y, names)": PICTURE,
    "kcore.explain.maximize_activation(model, class_index=[0, 1], steps=2, seed=1)": PICTURE,
    "kcore.visualize.gallery(x[:4], y[:4], predicted, class_names=names)": IMAGE,
    "kcore.visualize.feature_grid(kcore.inspect.activations(model, x[:1] / 255)['conv_1'])": IMAGE,
    "kcore.visualize.plot_history(history)": IMAGE,
    "kcore.visualize.plot_confusion_matrix([[9, 1], [2, 8]], names)": IMAGE,
    "kcore.visualize.report('report.html', history=history)": LINK,
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Return what each cell showed, by its code."""
    cells = [nbformat.v4.new_code_cell(code) for code in (SETUP, *SHOWN)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    folder = tmp_path_factory.mktemp("notebook")
    executor = ExecutePreprocessor(timeout=300, kernel_name="python3")
    executor.preprocess(notebook, {"metadata": {"path": str(folder)}})
    target = os.environ.get("KCORE_KEEP_NOTEBOOK")  # to look at it
    if target:
        nbformat.write(notebook, target)
    return {cell.source: cell.outputs for cell in notebook.cells}


@pytest.mark.parametrize("code", SHOWN)
def test_results_show_themselves(outputs, code):
    results = [each for each in outputs[code] if each.output_type == "execute_result"]
    assert len(results) == 1
    data, wanted = results[0].data, SHOWN[code]
    if wanted == IMAGE:
        assert IMAGE in data
    else:
        assert wanted in data["text/html"]
    # No wall of numbers for those who have text alone.
    assert len(data["text/plain"]) < 400
    assert not re.search(r"array\(|\[\[", data["text/plain"])


def test_nothing_is_printed_to_stderr(outputs):
    streams = [each for shown in outputs.values() for each in shown if each.output_type == "stream"]
    assert [each.text for each in streams if each.name == "stderr"] == []
