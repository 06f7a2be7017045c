"""Arguments by names of elsewhere are refused with the name that they have here."""

import inspect
from typing import get_type_hints

import pytest

from kcore._renamed import renamed


@renamed(target_size="image_size", gone="leave it out, as nothing needs it")
def load(path: str, image_size: int = 8, *, draft: bool = False) -> tuple[str, int, bool]:
    """Load it."""
    return path, image_size, draft


def test_other_calls_go_through():
    assert load("a") == ("a", 8, False)
    assert load("a", 9, draft=True) == ("a", 9, True)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("target_size", "use image_size"), ("gone", "leave it out, as nothing needs it")],
)
def test_another_name_is_refused_with_what_to_use(name, remedy):
    with pytest.raises(TypeError, match=rf"^load\(\) has no argument '{name}': {remedy}\.$"):
        load("a", **{name: 3})


def test_unknown_names_fail_as_usual():
    with pytest.raises(TypeError, match="unexpected keyword argument 'size'"):
        load("a", size=3)


def test_the_signature_and_the_text_are_those_of_the_function():
    assert str(inspect.signature(load)) == (
        "(path: str, image_size: int = 8, *, draft: bool = False) -> tuple[str, int, bool]"
    )
    assert (load.__name__, load.__doc__) == ("load", "Load it.")
    assert get_type_hints(load)["image_size"] is int
