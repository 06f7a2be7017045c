"""A notebook shows charts and reports by itself, also without `%matplotlib inline`."""

import nbformat
import pytest
from nbconvert.preprocessors import ExecutePreprocessor

HISTORY = "history = {'loss': [2, 1], 'val_loss': [2, 1.5]}"
CELLS = {
    "history": "kcore.visualize.plot_history(history)",
    "confusion matrix": "kcore.visualize.plot_confusion_matrix([[9, 1], [2, 8]])",
    "report": "kcore.visualize.report('report.html', history=history)",
    "pyplot": "import matplotlib.pyplot as plt\nkcore.visualize.plot_history(history)",
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Return what a notebook shows of each cell: MIME type -> data."""
    sources = ["import kcore\n" + HISTORY, *CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in sources])
    executor = ExecutePreprocessor(timeout=120, kernel_name="python3")
    folder = str(tmp_path_factory.mktemp("notebook"))
    done, _ = executor.preprocess(notebook, {"metadata": {"path": folder}})
    return {
        name: [output.data for output in cell.outputs if "data" in output]
        for name, cell in zip(CELLS, done.cells[1:], strict=True)
    }


@pytest.mark.parametrize("name", ["history", "confusion matrix", "pyplot"])
def test_a_chart_is_a_picture_once(shown, name):
    (data,) = shown[name]
    assert data["image/png"].startswith("iVBORw0KGgo")


def test_a_report_is_a_link(shown):
    (data,) = shown["report"]
    assert '<a href="report.html"' in data["text/html"]
    assert "<dt>validation loss</dt>" in data["text/html"]
