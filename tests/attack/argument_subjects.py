"""List what the fuzzer calls: the whole public API, with an allowed value for each argument."""

import functools
import inspect
import tempfile
from pathlib import Path
from types import ModuleType

from attack import argument_values as values
from attack.argument_fuzzer import Subject

from kcore import layers
from kcore.layers import _convolution, _pooling

# These are not called by users with arguments.
RECORDS = {
    f"{subpackage}.{name}": "a record that kcore returns"
    for subpackage, names in {
        "data": "FileAudit FileFinding",
        "datasets": "ImageDataset scenes.Scene scenes.Clutter",
        "explain": "ActivationMaximization Attributions ClassScores FaithfulnessCurve Gradients",
        "inspect": "Audit Finding Row Trace",
        "models": "Classification ParameterSummary",
        "visualize": "Mistake ReportFile",
    }.items()
    for name in names.split()
}
CALLED_BY_KERAS = {
    "models.SubclassedMLP.build",
    "models.SubclassedMLP.call",
    "augment.RandomTransform.call",
    "augment.RandomTransform.compute_output_spec",
    *(
        f"layers.{name}.{method}"
        for name in layers.__all__
        for method in ("call", "convolution_op")
    ),
}
CHECKED_BY_KERAS = {f"layers.{name}" for name in (*_convolution.__all__, *_pooling.__all__)}
CALLED_BY_TRAINING_FIT = {"get_state", "set_state"}
CALLED_WHILE_DECODING = {"data.FileAudit.add_bad", "data.FileAudit.add_notes"}


def is_left_out(name):
    """Tell whether users of kcore never call a function."""
    method = name.rpartition(".")[2]
    return (
        name in RECORDS
        or name in CALLED_BY_KERAS
        or name in CHECKED_BY_KERAS
        or name in CALLED_WHILE_DECODING
        or method in CALLED_BY_TRAINING_FIT
        or method.startswith("on_")  # methods of callbacks and datasets, which Keras calls
    )


def public_names(module, prefix):
    """Yield name, function, and class (None if not a method) for everything in `__all__`."""
    for name in module.__all__:
        found, full = getattr(module, name), f"{prefix}.{name}"
        if isinstance(found, ModuleType):
            yield from public_names(found, full)
        elif inspect.isclass(found) and not issubclass(found, BaseException):
            yield full, found, None
            yield from methods(found, full)
        elif callable(found) and not inspect.isclass(found):
            yield full, found, None


def methods(found, full):
    for name in dir(found):
        made_by = next((each for each in found.__mro__ if name in vars(each)), None)
        if name.startswith("_") or not made_by or not made_by.__module__.startswith("kcore."):
            continue
        if isinstance(vars(made_by)[name], classmethod | staticmethod):
            yield f"{full}.{name}", getattr(found, name), None
        elif inspect.isfunction(vars(made_by)[name]):
            yield f"{full}.{name}", getattr(found, name), found


def subjects(kcore, subpackages=()):
    """Return what to call in some subpackages, or in all."""
    chosen = subpackages or [each for each in kcore.__all__ if not each.startswith("__")]
    return [
        subject_of(name, function, owner)
        for subpackage in chosen
        for name, function, owner in public_names(getattr(kcore, subpackage), subpackage)
        if not is_left_out(name) and parameters_of(function, owner)
    ]


def parameters_of(function, owner):
    parameters = list(inspect.signature(function).parameters.values())
    return parameters[1:] if owner else parameters


def subject_of(name, function, owner):
    signature = inspect.Signature(parameters_of(function, owner))
    specific = {**values.OF_FUNCTIONS.get(name, {})}
    left_to_defaults = specific.pop("defaults", ())
    required = {
        each.name
        for each in signature.parameters.values()
        if each.default is each.empty and each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)
    }
    common = {**values.OF_SUBPACKAGES.get(name.partition(".")[0], {})}
    valid = {
        **{
            key: make
            for key, make in {**values.COMMON, **common}.items()
            if key in signature.parameters and key not in left_to_defaults
        },
        **specific,
    }
    missing = required - set(valid)
    if missing:
        raise LookupError(f"{name}: no allowed value is known for {sorted(missing)}.")
    call = function if owner is None else on_instance(name, function)
    return Subject(name, in_empty_folder(call), signature, valid)


def on_instance(name, function):
    make = values.INSTANCES[name.rpartition(".")[0]]

    @functools.wraps(function)
    def call(**arguments):
        return function(make(), **arguments)

    return call


def in_empty_folder(call):
    """Keep files that a call writes to a relative path out of the source tree."""

    @functools.wraps(call)
    def called(**arguments):
        before = Path.cwd()
        with tempfile.TemporaryDirectory() as folder:
            values.chdir(folder)
            try:
                return call(**arguments)
            finally:
                values.chdir(before)

    return called
