"""Each tutorial runs as the notebook that Sphinx-Gallery makes of it, and shows rich outputs."""

import json
import os
import runpy
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from sphinx_gallery.gen_gallery import DEFAULT_GALLERY_CONF
from sphinx_gallery.notebook import jupyter_notebook
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

DOCS = Path(__file__).parents[2] / "docs"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.py"))
CONFIGURATION = DEFAULT_GALLERY_CONF | runpy.run_path(DOCS / "conf.py")["sphinx_gallery_conf"]


def notebook_of(script):
    _, blocks = split_code_and_text_blocks(script)
    made = jupyter_notebook(blocks, CONFIGURATION, os.fspath(script.parent))
    return nbformat.reads(json.dumps(made), as_version=4)


@pytest.mark.parametrize("script", TUTORIALS, ids=lambda script: script.stem)
def test_it_runs_as_a_notebook(script, tmp_path):
    notebook = notebook_of(script)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = {kind for output in outputs for kind in output.get("data", {})}
    assert shown & {"image/png", "text/html"}
    # Warnings would confuse a reader, and mean that kcore itself advises against what it shows.
    assert not [output.text for output in outputs if "Warning" in output.get("text", "")]
