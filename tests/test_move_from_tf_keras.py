"""The calls that docs/how_to/move_from_tf_keras.md recommends exist and take these arguments."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "how_to" / "move_from_tf_keras.md"
ROWS = [
    re.split(r"(?<!\\) \| ", line.strip("| "))
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| old", "| ---"))
]
NEW = [code for row in ROWS for code in re.findall(r"`([^`]+)`", row[1])]


def test_every_row_has_an_old_and_a_new_call():
    assert len(ROWS) > 40
    for row in ROWS:
        assert len(row) in (2, 3), row
        assert re.search(r"`\w*keras\.|`kcore\.", row[1]), row


@pytest.mark.parametrize("code", NEW)
def test_new_calls_exist_and_take_these_arguments(code):
    check(code)


@pytest.mark.parametrize(
    "code",
    [
        "kcore.models.no_such_model()",
        "kcore.models.mlp(no_such_argument=1)",
        "kcore.nn.conv2d(x)",
        "keras.Sequential([keras.layers.NoSuchLayer()])",
    ],
)
def test_the_check_can_fail(code):
    with pytest.raises((AttributeError, TypeError)):
        check(code)


def check(code):
    """Resolve all names of kcore and Keras in an expression, and bind the arguments of calls."""
    tree = ast.parse(code, mode="eval")
    named = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    assert named, code
    for node in named:
        resolve(node)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            keywords = {keyword.arg: None for keyword in node.keywords}
            inspect.signature(resolve(node.func)).bind(*node.args, **keywords)


def resolve(node):
    """Return what a dotted name stands for."""
    first, *rest = ast.unparse(node).split(".")
    value = importlib.import_module(first)
    for name in rest:
        value = getattr(value, name)
    return value
