"""Call functions with one wrong argument at a time, and judge how each call ends.

    PYTHONPATH=tests python -m attack.argument_fuzzer [-v] nn models

prints the counts for these subpackages, or for all, and each raw error; `-v` also prints each call
before it is made, to show which one ends the process.
"""

import contextlib
import inspect
import io
import math
import random
import re
import signal
import sys
import types
import typing
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from numbers import Integral, Real
from pathlib import Path

import keras
import numpy as np

ACCEPTED, REFUSED, RAW = OUTCOMES = ("accepted", "refused", "raw")

SECONDS = 20
NESTED = 3


@dataclass(frozen=True)
class Subject:
    """A public function, class or method.

    Args:
        name: dotted name, such as "nn.conv2d".
        call: function that takes the arguments by keyword.
        signature: parameters and their annotations.
        valid: name -> function that returns an allowed value, for each parameter that is required
            or whose default should not be used.
    """

    name: str
    call: Callable
    signature: inspect.Signature
    valid: dict[str, Callable] = field(default_factory=dict)

    @property
    def parameters(self):
        """The names of all parameters, with the options in `valid`."""
        kinds = inspect.Parameter
        named = [
            each.name
            for each in self.signature.parameters.values()
            if each.kind not in (kinds.VAR_KEYWORD, kinds.VAR_POSITIONAL)
        ]
        return list(dict.fromkeys([*named, *self.valid]))

    def arguments(self):
        """Return new allowed arguments."""
        return {name: make() for name, make in self.valid.items()}


@dataclass(frozen=True)
class Finding:
    """How a call with a wrong argument ended."""

    subject: str
    parameter: str
    value: str
    outcome: str
    reason: str = ""

    @property
    def subpackage(self):
        return self.subject.partition(".")[0]

    def __str__(self):
        return f"{self.subject}({self.parameter}={self.value}): {self.reason}"


class HangingError(BaseException):
    """A call took too long; the code under test doesn't catch this."""


class Plain:
    """An object that no function accepts."""

    def __repr__(self):
        return "Plain()"


def two_inputs():
    first, second = keras.Input((3,)), keras.Input((4,))
    joined = keras.layers.Concatenate()([first, second])
    return keras.Model([first, second], keras.layers.Dense(2)(joined))


# None of these is large, or does harm where it is allowed.
WRONG = {
    "None": lambda: None,
    "True": lambda: True,
    "1.5": lambda: 1.5,
    "-1": lambda: -1,
    "0": lambda: 0,
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "1j": lambda: 1j,
    "np.int64(2)": lambda: np.int64(2),
    "''": lambda: "",
    "'x'": lambda: "x",
    "'False'": lambda: "False",
    "b'x'": lambda: b"x",
    "a path with NUL": lambda: "a\0b",
    "a lone surrogate": lambda: "\ud800",
    "a long string": lambda: "y" * 5000,
    "[]": list,
    "()": lambda: (),
    "{}": dict,
    "set()": set,
    "[[1], [2, 3]]": lambda: [[1], [2, 3]],
    "['a', 'b']": lambda: ["a", "b"],
    "range(3)": lambda: range(3),
    "a generator": lambda: (each for each in (1, 2)),
    "an object": Plain,
    "a class": lambda: Plain,
    "a function": lambda: lambda *_, **__: None,
    "np.array(3)": lambda: np.array(3),
    "np.array(['a'])": lambda: np.array(["a"]),
    "np.array([])": lambda: np.array([]),
    "zeros (2, 2)": lambda: np.zeros((2, 2)),
    "NaNs (2, 2)": lambda: np.full((2, 2), np.nan),
    "objects (2,)": lambda: np.array([None, "a"], object),
    "a dtype": lambda: np.dtype("float32"),
    "a model without layers": lambda: keras.Sequential(),
    "a model with two inputs": two_inputs,
    "a layer": lambda: keras.layers.Dense(2),
}
# Parameters for which nobody can mean 10**9.
HUGE = frozenset(
    "strides dilation_rate ksize kernel pool_size kernel_size output_padding seed index epoch "
    "batch_size class_index label max_channels max_filters max_inputs top every patience "
    "start_from_epoch row number position interpolation_order max_file_bytes noise_seed data "
    "minval maxval validation_freq cval value rescale receptive_field data_format padding mode "
    "shard num_threads steps_per_execution layer layers model path directory".split()
)


def wrong_values(subject, parameter, seed=0):
    """Yield names and makers of wrong values: fixed ones, and some nested at random."""
    yield from WRONG.items()
    if parameter in HUGE:
        yield "10**9", lambda: 10**9
    chance = random.Random(f"{seed}: {subject.name} {parameter}")
    for _ in range(NESTED):
        names = tuple(chance.choice(list(WRONG)) for _ in range(chance.randint(1, 3)))
        kind = chance.choice((list, tuple, dict))
        yield f"{kind.__name__} of {', '.join(names)}", nested(kind, names)


def nested(kind, names):
    def make():
        values = [WRONG[name]() for name in names]
        return dict(enumerate(values)) if kind is dict else kind(values)

    return make


def attack(subject, *, seed=0, say=None):
    """Return a finding for each wrong value of each argument of `subject`."""
    return [
        judged(subject, parameter, name, make, say)
        for parameter in subject.parameters
        for name, make in wrong_values(subject, parameter, seed)
    ]


def judged(subject, parameter, name, make, say=None):
    """Call `subject` with one wrong argument."""
    if say:
        say(f"{subject.name}({parameter}={name})")
    value = make()
    arguments = {**subject.arguments(), parameter: value}
    try:
        call_in_time(subject.call, arguments)
    except (Exception, HangingError, SystemExit) as error:
        reason = fault_of(error, parameter, value)
        outcome = RAW if reason else REFUSED
    else:
        reason = nonsense(subject.signature, parameter, value)
        outcome = RAW if reason else ACCEPTED
    return Finding(subject.name, parameter, name, outcome, reason)


def call_in_time(call, arguments, seconds=None):
    def stop(*_):
        raise HangingError("no end in the time allowed")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds or SECONDS)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            call(**arguments)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fault_of(error, parameter, value):
    """Return what is wrong with an error, or "" if a user should see it like this."""
    message = str(error)
    is_named = re.search(rf"(?<!\w){re.escape(parameter)}(?!\w)", message) is not None
    if isinstance(error, TypeError | ValueError | IndexError):
        good = is_named and not isinstance(error, UnicodeError)
    elif type(error).__module__.startswith("kcore."):
        good = is_named or shown(value, message)
    else:  # Python's own error for a wrong path contains the path
        is_path = isinstance(value, str | bytes | Path)
        good = isinstance(error, OSError) and (is_named or (is_path and shown(value, message)))
    return "" if good else f"{type(error).__name__}: {' '.join(message.split())[:150]}"


def shown(value, message):
    return str(value)[:40] in message or repr(value)[1:40] in message


def nonsense(signature, parameter, value):
    """Return why a value should not have been accepted, or "" if it may be."""
    annotated = signature.parameters.get(parameter)
    if annotated is None:
        return ""
    kinds = kinds_of(annotated.annotation)
    if kinds is None or any(fits(value, kind) for kind in kinds):
        return ""
    return f"accepted, though not {annotated.annotation}"


def kinds_of(annotation):
    """Return the plain types in an annotation, or None if it contains others too."""
    parts = (
        typing.get_args(annotation)
        if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union
        else (annotation,)
    )
    plain = {bool, int, float, str, types.NoneType}
    return parts if all(part in plain for part in parts) else None


def fits(value, kind):
    is_bool = isinstance(value, bool | np.bool_)
    if kind is bool:
        return is_bool
    if kind is int:
        return isinstance(value, Integral) and not is_bool
    if kind is float:
        return isinstance(value, Real) and not is_bool and not math.isnan(value)
    return isinstance(value, kind)


def counts(findings):
    """Return the number of each outcome for each subpackage."""
    found = {}
    for each in findings:
        found.setdefault(each.subpackage, Counter())[each.outcome] += 1
    return found


def table(findings):
    """Return the counts as a table."""
    lines = [f"{'subpackage':12}{'calls':>8}" + "".join(f"{each:>10}" for each in OUTCOMES)]
    total = Counter()
    for name, counter in sorted(counts(findings).items()):
        total += counter
        lines.append(row(name, counter))
    return "\n".join([*lines, row("all", total)])


def row(name, counter):
    calls = sum(counter.values())
    cells = "".join(f"{counter[each]:>10}" for each in OUTCOMES)
    return f"{name:12}{calls:>8}{cells}  {counter[RAW] / max(calls, 1):.2%} raw"


def main():
    from attack.argument_subjects import subjects

    import kcore

    arguments = [each for each in sys.argv[1:] if each != "-v"]
    say = (lambda text: print(text, file=sys.stderr, flush=True)) if "-v" in sys.argv else None
    findings = []
    for subject in subjects(kcore, arguments):
        found = attack(subject, say=say)
        findings += found
        for each in found:
            if each.outcome == RAW:
                print(each, flush=True)
    print(table(findings))


if __name__ == "__main__":
    main()
