"""Make damaged and crafted files of weights and models, from a small intact model.

The allowed outcomes of a file: it must be refused, it must be refused or read right, or, if its
format has no checksums, it may give other weights.
"""

import io
import json
import tempfile
import zipfile
from itertools import chain
from pathlib import Path

import h5py
import keras
import numpy as np
from attack.corpora.damage import cut, flipped, overwritten, shuffled

BAD, CHECKED, UNCHECKED, SOUND = "bad", "checked", "unchecked", "sound"
WEIGHTS, CONFIG = "model.weights.h5", "config.json"
LAYERS = keras.layers


def network(seed):
    """Build the model of all these files."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            LAYERS.Conv2D(3, 3, activation="relu", name="conv"),
            LAYERS.BatchNormalization(name="normalized"),
            LAYERS.GlobalAveragePooling2D(name="pooled"),
            LAYERS.Dense(4, name="scored"),
        ],
        name="small",
    )


def weights_of(model):
    return [np.array(weight) for weight in model.get_weights()]


def sound_files(model):
    """Return a model's file in each of the three formats: `.weights.h5`, legacy `.h5`, `.keras`.

    The bytes are the same each time, although `.keras` archives normally contain the time.
    """
    with tempfile.TemporaryDirectory() as folder:
        model.save_weights(f"{folder}/a.weights.h5")
        model.save(f"{folder}/a.keras")
        weights = Path(folder, "a.weights.h5").read_bytes()
        members = _members(Path(folder, "a.keras").read_bytes())
    members["metadata.json"] = b'{"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}'
    return weights, _legacy(model), archive_of(members)


def _legacy(model):
    """Write weights as Keras 2 did, by Keras 3, which warns."""
    file = io.BytesIO()
    with h5py.File(file, "w") as top:
        top.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        top.attrs["backend"], top.attrs["keras_version"] = b"tensorflow", b"2.15.0"
        for layer in model.layers:
            group = top.create_group(layer.name)
            names = [f"{layer.name}/{weight.name}:0" for weight in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, layer.weights, strict=True):
                group[name] = np.array(weight)
    return file.getvalue()


def _members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(members, compression=zipfile.ZIP_STORED):
    """Write an archive with the same bytes each time; members may be (name, data) pairs."""
    file = io.BytesIO()
    pairs = members.items() if isinstance(members, dict) else members
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in pairs:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)
    return file.getvalue()


# HDF5


def damaged_hdf5(data):
    """Yield (name, bytes, allowed outcome) of damaged files; Keras's HDF5 has no checksums."""
    for name, content in cut(data, 40, 21):
        yield name, content, CHECKED
    damage = chain(flipped(data, 110, 22), overwritten(data, 50, 23), shuffled(data, 30, 24))
    for name, content in damage:
        yield name, content, UNCHECKED


def crafted_hdf5(data, first, last):
    """Yield crafted files; `first` and `last` are the paths of two weights."""
    yield "as it was", data, SOUND
    edits = {
        **{f"{path} missing": _removed(path) for path in (first, last)},
        **{f"{value} in {path}": _filled(path, value) for path in (first, last)
           for value in (np.nan, np.inf, -np.inf)},
        **{f"{dtype} in {path}": _of_type(path, dtype) for path in (first, last)
           for dtype in ("S3", "complex64", "complex128", "V4")},
        **{f"texts in {path}": _replaced(path, "text") for path in (first, last)},
        **{f"shape {shape} in {path}": _shaped(path, shape) for path in (first, last)
           for shape in ((), (0,), (1,), (3,), (1 << 20, 1 << 20), (1,) * 30)},
        **{f"{kind} in {path}": _linked(path, kind, first) for path in (first, last)
           for kind in ("a loop", "a link to nothing", "a link to a file", "a group")},
        **{f"raw bytes of another file in {path}": _external(path) for path in (first, last)},
        **{f"a view of another file in {path}": _virtual(path) for path in (first, last)},
        "nothing": lambda file: [file.pop(name) for name in list(file)],
    }  # fmt: skip
    for name, edit in edits.items():
        yield name, edited(data, edit), BAD
    for dtype in ("float64", "float32", ">f4", "<f8"):
        yield f"{dtype} in {first}", edited(data, _of_type(first, dtype)), SOUND
    compressed = edited(data, _compressed(first))
    yield f"gzip in {first}", compressed, SOUND
    deep = edited(data, lambda file: file.create_group("a/" * 900 + "b"))
    yield "groups 900 deep", deep, CHECKED


def edited(data, edit):
    """Return an HDF5 file changed by a function of the open file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.h5")
        path.write_bytes(data)
        with h5py.File(path, "r+") as file:
            edit(file)
        return path.read_bytes()


def _removed(path):
    return lambda file: file.pop(path)


def _replaced(path, value):
    def edit(file):
        file.pop(path)
        file[path] = value

    return edit


def _filled(path, value):
    def edit(file):
        file[path].write_direct(np.full(file[path].shape, value, np.float32))

    return edit


def _of_type(path, dtype):
    def edit(file):
        values = file[path][()]
        is_number = np.dtype(dtype).kind == "f"
        _replaced(path, values.astype(dtype) if is_number else np.zeros(values.shape, dtype))(file)

    return edit


def _shaped(path, shape):
    def edit(file):
        file.pop(path)
        file.create_dataset(
            path, shape, "float32", chunks=(1024, 1024) if max(shape, default=0) > 9 else None
        )

    return edit


def _linked(path, kind, first):
    def edit(file):
        file.pop(path)
        if kind == "a group":
            file.create_group(path)
        elif kind == "a loop":
            file[path] = h5py.SoftLink("/" + path)
        elif kind == "a link to nothing":
            file[path] = h5py.SoftLink("/gone")
        else:
            file[path] = h5py.ExternalLink("/etc/hostname", "/a")

    return edit


def _external(path):
    """Refer to values in another file, which can be any that the user can read."""

    def edit(file):
        shape = file[path].shape
        file.pop(path)
        size = 4 * int(np.prod(shape))
        file.create_dataset(path, shape, "float32", external=[("/proc/self/exe", 0, size)])

    return edit


def _virtual(path):
    def edit(file):
        shape = file[path].shape
        file.pop(path)
        layout = h5py.VirtualLayout(shape, "float32")
        layout[...] = h5py.VirtualSource("/etc/hostname", "a", shape)
        file.create_virtual_dataset(path, layout)

    return edit


def _compressed(path):
    def edit(file):
        values = file[path][()]
        file.pop(path)
        file.create_dataset(path, data=values, compression="gzip")

    return edit


# Archives


def damaged_archives(data):
    """Yield damaged archives; each of their members has a checksum."""
    damage = chain(
        cut(data, 30, 31), flipped(data, 140, 32), overwritten(data, 50, 33), shuffled(data, 30, 34)
    )
    for name, content in damage:
        yield name, content, CHECKED


def crafted_archives(data, marker):
    """Yield crafted archives.

    Args:
        data: an intact archive.
        marker: path of a file that must not be written.
    """
    members = _members(data)
    yield "as it was", data, SOUND
    yield "compressed", archive_of(members, zipfile.ZIP_DEFLATED), SOUND
    yield "compressed by LZMA", archive_of(members, zipfile.ZIP_LZMA), SOUND
    yield "bytes before it", b"#!/bin/sh\n" + data, CHECKED
    yield "bytes behind it", data + b"bytes", CHECKED
    for name in members:
        rest = {other: content for other, content in members.items() if other != name}
        yield f"without {name}", archive_of(rest), CHECKED if name == "metadata.json" else BAD
        for about, content in (("empty", b""), ("NUL bytes", bytes(99)), ("text", b"text")):
            kind = CHECKED if name == "metadata.json" else BAD
            yield f"{about} in {name}", archive_of({**members, name: content}), kind
    for name in (
        "../evil.py",
        "/evil.py",
        "a\\..\\evil",
        "assets/",
        "assets/../../evil",
        "\x00",
        "é" * 99,
    ):
        yield f"another member {name!r}", archive_of({**members, name: b"evil"}), CHECKED
    twice = [*members.items(), (WEIGHTS, b"other")]
    with_warning = archive_of_pairs(twice)
    yield "weights twice", with_warning, CHECKED
    for about, content in _configs(members[CONFIG], marker):
        yield about, archive_of({**members, CONFIG: content}), BAD
    for about, content in mutated(members[CONFIG], 160, 35):
        yield about, archive_of({**members, CONFIG: content}), CHECKED


def archive_of_pairs(pairs):
    """Write an archive that contains a member twice, about which zipfile warns."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return archive_of(pairs)


def _configs(config, marker):
    """Yield configurations that describe no model, or one that would run code."""
    for text in (
        "",
        "{",
        "[]",
        "null",
        "3",
        "NaN",
        '"text"',
        "{}",
        "[" * 100_000,
        '{"a":' * 50_000,
    ):
        yield f"config {text[:9]!r} of {len(text)}", text.encode()
    yield "config of other bytes", b"\xff\xfe" + config
    opening = '{"module": "keras", "class_name": "Sequential", "config": {"layers": ['
    yield "400 models in one another", (opening * 400 + "]}}" * 400).encode()
    code = f"__import__('os').system('touch {marker}')"
    for module, name in (
        ("os", "system"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("subprocess", "Popen"),
        ("keras.utils", "get_file"),
        ("keras.src.utils.file_utils", "get_file"),
        ("keras.layers", "Lambda"),
        ("keras.layers", "TFSMLayer"),
        ("keras.layers", "TorchModuleWrapper"),
        ("keras.saving", "load_model"),
        ("kcore.models", "load"),
        ("__main__", "anything"),
        ("../../evil", "Dense"),
    ):
        changed = json.loads(config)
        changed["config"]["layers"][1] = {
            "module": module,
            "class_name": name,
            "registered_name": None,
            "config": {"name": "a", "function": code, "command": code, "args": [code],
                       "filepath": code, "origin": f"file://{marker}", "fname": code},
            "build_config": {"input_shape": [None, 6, 6, 1]},
        }  # fmt: skip
        yield f"{module}.{name} as a layer", json.dumps(changed).encode()
    for key in ("function", "__lambda__", "__tensor__", "__bytes__", "__slice__", "__ellipsis__"):
        changed = json.loads(config)
        changed["config"]["layers"][1]["config"]["activation"] = {
            "class_name": key,
            "config": {"value": code, "name": code, "code": code},
        }
        yield f"{key} as an activation", json.dumps(changed).encode()


def mutated(config, number, seed):
    """Yield a configuration with one value replaced by an odd one, or removed."""
    rng = np.random.default_rng(seed)
    odd = [
        None,
        True,
        0,
        -1,
        1.5,
        10**13,
        10**400,
        "",
        "text",
        "\udcff",
        [],
        {},
        [[]],
        [None],
        {"a": 1},
        float("nan"),
    ]
    for _ in range(number):
        changed = json.loads(config)
        path, parent, key = [], None, None
        here = changed
        while isinstance(here, (dict, list)) and len(here):
            keys = sorted(here) if isinstance(here, dict) else list(range(len(here)))
            parent, key = here, keys[rng.integers(len(keys))]
            path.append(key)
            here = here[key]
            if rng.random() < 0.1:
                break
        choice = int(rng.integers(len(odd) + 1))
        if choice == len(odd):
            del parent[key]
        else:
            parent[key] = odd[choice]
        about = "left out" if choice == len(odd) else f"is {str(odd[choice])[:9]!r}"
        yield f"{'/'.join(map(str, path))} {about}", json.dumps(changed).encode()
