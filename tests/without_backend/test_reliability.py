"""The table of docs/reliability.md has a row for each attack, and a stale one is noticed."""

import ast
import time

import pytest
from attack.tally import PAGE, REFUSED, RIGHT, UNDETECTABLE, Tally, check_row, rows

ATTACKS = PAGE.parents[1] / "tests" / "attack"


def attacks():
    """Return the names of the attacks in the tests."""
    calls = [
        node
        for path in sorted(ATTACKS.rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Tally"
    ]
    return {call.args[0].value for call in calls}


def test_each_attack_has_a_row_and_no_case_went_wrong():
    table = rows(PAGE.read_text())
    assert set(table) == attacks()
    assert all(row["wrong"] == 0 for row in table.values())
    for attack, row in table.items():
        outcomes = row["right"] + row["refused"] + row["undetectable"]
        assert outcomes == row["cases"] > 0, attack


ROW = {"cases": 100, "right": 40, "refused": 60, "undetectable": 0, "wrong": 0}


def test_equal_counts_and_small_differences_pass():
    check_row({"attack": "a", **ROW, "right": 37, "refused": 63}, {"a": ROW})


@pytest.mark.parametrize("change", [{"cases": 99}, {"wrong": 1}, {"right": 30, "refused": 70}])
def test_a_stale_table_fails(change):
    with pytest.raises(AssertionError, match="write the table anew"):
        check_row({"attack": "a", **ROW, **change}, {"a": ROW})
    with pytest.raises(AssertionError, match="has no row 'b'"):
        check_row({"attack": "b", **ROW}, {"a": ROW})


def raise_it(error):
    raise error


@pytest.mark.parametrize(
    ("attempt", "must", "outcome"),
    [
        (lambda: RIGHT, None, RIGHT),
        (lambda: UNDETECTABLE, None, UNDETECTABLE),
        (lambda: raise_it(ValueError("the file a is bad")), None, REFUSED),
        (lambda: raise_it(ValueError("nameless")), None, "without name"),
        (lambda: raise_it(KeyError("a")), None, "raised KeyError"),
        (lambda: "other pixels", None, "other pixels"),
        (lambda: RIGHT, REFUSED, "was right, not refused"),
        (lambda: raise_it(ValueError("file a")), RIGHT, "was refused, not right"),
        (lambda: time.sleep(5), None, "no end after"),
    ],
)
def test_outcomes_are_told_apart(attempt, must, outcome):
    tally = Tally("self-test")
    options = {"refusals": ValueError, "named": "file a", "must": must, "seconds": 0.2}
    tally.case("it", attempt, str, **options)
    if outcome in (RIGHT, UNDETECTABLE, REFUSED):
        assert tally.counts == {outcome: 1}
        assert tally.wrong == []
    else:
        assert tally.counts == {"wrong": 1}
        assert outcome in tally.wrong[0]
