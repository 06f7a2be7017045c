"""The parts of a report that tell how to repeat a training run: seeds, versions, bad files."""

import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import PIL

from kcore import __version__
from kcore.visualize._reporting.section import Section, table

__all__ = ["bad_files_section", "checked_files", "environment", "setup_section"]


def environment() -> dict[str, str]:
    """Return versions, backend and devices of this process, even if Keras is missing."""
    facts = {
        "kcore": __version__,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "Pillow": PIL.__version__,
        "system": f"{platform.system()} {platform.machine()}",
    }
    try:
        import keras
    except ImportError:
        return {**facts, "Keras": "not importable here"}
    backend = keras.backend.backend()
    version = getattr(sys.modules.get(backend), "__version__", "")
    return {
        "Keras": keras.version(),
        "backend": f"{backend} {version}".rstrip(),
        "device": ", ".join(keras.distribution.list_devices()),
        "float type": keras.config.floatx(),
        **facts,
    }


def setup_section(facts: Mapping[str, str], seeds: Mapping[str, object]) -> Section:
    """List seeds, versions, backend and device."""
    content = {
        "versions": table(["what", "which"], facts.items(), "Versions, backend and device"),
        "seeds": table(["seed of", "value"], seeds.items(), "Seeds") if seeds else None,
    }
    return Section("setup", "Seeds and versions", "setup.html", content)


def checked_files(bad_files: Any) -> list[tuple[object, ...]]:
    """Return (file, class, reason) of each file, or say what is wrong with one.

    Args:
        bad_files: a sequence of such triples or of findings of `kcore.data`; or an audit, which
            lists its findings as `bad`; or None.
    """
    found = getattr(bad_files, "bad", bad_files)
    if found is None:
        return []
    has_entries = isinstance(found, Iterable) and getattr(found, "ndim", 1) != 0
    if isinstance(found, (str, Mapping)) or not has_entries:
        raise ValueError(
            f"bad_files={bad_files!r} must be a sequence of (file, class, reason), or the audit of "
            "a dataset."
        )
    return [_checked_file(file) for file in found]


def _checked_file(file: Any) -> tuple[object, ...]:
    if hasattr(file, "class_name"):
        return file.path, file.class_name or "", file.reason
    if not isinstance(file, (tuple, list)) or len(file) != 3:
        raise ValueError(f"bad_files holds {file!r}; each must be (file, class, reason).")
    return tuple(file)


def bad_files_section(bad_files: Sequence[Sequence[object]]) -> Section:
    """List files that couldn't be used."""
    count = f"{len(bad_files):,} files were" if len(bad_files) != 1 else "1 file was"
    listed = table(["file", "class", "reason"], bad_files, "Files that were left out")
    content = {
        "summary": f"{count} left out." if bad_files else "No file was left out.",
        "table": listed if bad_files else None,
    }
    return Section("bad-files", "Bad files", "bad_files.html", content)
