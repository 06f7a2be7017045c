"""Warnings name the line that the user wrote."""

import inspect
import types

import pytest

from kcore._warning import warn


def module(name, source):
    """Return a module of another package, as if it were installed."""
    made = types.ModuleType(name)
    made.warn = warn
    exec(compile(source, f"{name}.py", "exec"), vars(made))
    return made


INNER = module("kcore.pretended", "def work():\n    warn('empty')\n")
KERAS = module("keras.src.pretended", "def fit(callback):\n    callback()\n")
OTHER = module("kcorelike", "def call(function):\n    function()\n")


def here():
    return inspect.currentframe().f_back.f_lineno


def test_the_line_of_the_user_is_named():
    with pytest.warns(UserWarning, match="empty") as caught:
        INNER.work(), (line := here())
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)


def test_lines_of_keras_are_skipped():
    with pytest.warns(UserWarning, match="empty") as caught:
        KERAS.fit(INNER.work)
    assert caught[0].filename == __file__


def test_a_line_of_another_package_is_named():
    with pytest.warns(UserWarning, match="empty") as caught:
        OTHER.call(INNER.work)
    assert caught[0].filename == "kcorelike.py"
