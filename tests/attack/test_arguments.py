"""Every wrong argument of the public API is refused with an error that names it, in bounded time.

One argument at a time is replaced by a wrong value. Each call must return a meaningful result, or
raise a TypeError, ValueError or error of kcore that names the argument; for a wrong path, an error
of Python is fine too. See `argument_fuzzer`.
"""

import inspect
import time

import pytest
from attack import argument_fuzzer
from attack.argument_fuzzer import (
    ACCEPTED,
    RAW,
    REFUSED,
    Subject,
    attack,
    call_in_time,
    counts,
    table,
)
from attack.argument_subjects import subjects

import kcore

SUBPACKAGES = [each for each in kcore.__all__ if not each.startswith("__")]
MOST_RAW = 0.005

# (subject, parameter) -> why an error that is not kcore's is right there.
EXPLAINED = {
    ("random.sample_keys", "epoch"): "a scalar array is a number, as a step counter is",
    ("visualize.gallery", "class_names"): "the error names labels, which don't fit fewer names",
    ("visualize.misclassified", "class_names"): "as in gallery",
    ("augment.RandomTransform", "name"): "TensorFlow's error for a name that is no Unicode",
    ("augment.RandomTransform", "dtype"): "Keras reads a dictionary as a policy's configuration",
}

# An export needs packages that these sessions don't install, and its error says so.
MAY_LACK_PACKAGES = ("models.export",)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("subpackage", SUBPACKAGES)
def test_wrong_arguments_are_refused_by_name(subpackage):
    findings = [each for subject in subjects(kcore, [subpackage]) for each in attack(subject)]
    print(table(findings))
    raw = [each for each in findings if each.outcome == RAW]
    unexplained = [str(each) for each in raw if (each.subject, each.parameter) not in EXPLAINED]
    assert not unexplained, f"{len(unexplained)} of {len(findings)}:\n" + "\n".join(unexplained)
    assert len(raw) <= MOST_RAW * len(findings)


@pytest.mark.parametrize("subpackage", SUBPACKAGES)
def test_each_subject_is_called_with_arguments_that_are_allowed(subpackage):
    for subject in subjects(kcore, [subpackage]):
        try:
            call_in_time(subject.call, subject.arguments(), seconds=60)
        except kcore.models.ExportError:
            assert subject.name in MAY_LACK_PACKAGES


def judged(function):
    """Return the outcomes for all wrong values of `function(count)`."""
    subject = Subject("example", function, inspect.signature(function), {"count": lambda: 1})
    return attack(subject)


def outcomes(function):
    return {each.outcome for each in judged(function)}


def reasons(function):
    return " ".join(each.reason for each in judged(function))


def test_finds_an_error_without_the_name_of_the_argument():
    def broken(count):
        return count + 1

    assert "unsupported operand" in reasons(broken)


def test_finds_an_error_of_another_kind():
    def broken(count):
        if not isinstance(count, int):
            raise AttributeError("count has no bit_length")

    assert "AttributeError" in reasons(broken)


def test_finds_a_truthy_string_for_a_switch():
    def broken(count: bool):
        return 1 if count else 2

    accepted = {each.value for each in judged(broken) if each.outcome == ACCEPTED}
    assert accepted == {"True"}


def test_finds_an_accepted_bool_and_nan_where_a_number_is_expected():
    def broken(count: float):
        return count

    found = {each.value for each in judged(broken) if each.outcome == RAW}
    assert {"True", "nan", "'x'"} <= found
    assert not {"1.5", "inf", "np.int64(2)"} & found


def test_finds_a_call_that_never_ends(monkeypatch):
    monkeypatch.setattr(argument_fuzzer, "SECONDS", 1)
    monkeypatch.setattr(argument_fuzzer, "WRONG", {"None": lambda: None})
    monkeypatch.setattr(argument_fuzzer, "NESTED", 0)

    def broken(count):
        time.sleep(60)

    assert "HangingError" in reasons(broken)


def test_accepts_errors_that_name_the_argument():
    def good(count):
        raise ValueError(f"count={count!r} is not allowed")

    assert outcomes(good) == {REFUSED}


def test_counts_each_subpackage():
    def good(count):
        raise ValueError("count is wrong")

    findings = judged(good)
    assert counts(findings) == {"example": {REFUSED: len(findings)}}


def test_the_same_seed_gives_the_same_values():
    subject = Subject("example", print, inspect.signature(lambda count: None))
    first, second = (
        [name for name, _ in argument_fuzzer.wrong_values(subject, "count", 3)] for _ in range(2)
    )
    assert first == second
    assert first != [name for name, _ in argument_fuzzer.wrong_values(subject, "count", 4)]
