"""Read which tests are known to fail on a backend, and why: one file for each backend.

`known_failures/<backend>.toml`, or the file of `--known-failures`, is a list of entries such as

    [[failure]]
    cause = "what goes wrong, and where"
    versions = "the versions in which it was seen"
    upstream = "a link to the thread, or 'not reported'"
    tests = ["test_grid.py::test_eager[Conv2D-...]"]

A `*` in a test id matches any characters. Every test that an id matches must fail: a test that
passes is an error of the run, and so is an id that matches no test. An entry with `full = true`
lists tests that only a `--full` run has. An entry with `applies_to = { keras = "<3.15" }` holds for
these versions, by the names of the report; with `without_cpu_flags = ["avx512_fp16"]` it holds on
processors that have none of these flags, as Linux names them. Elsewhere its tests must pass.
"""

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

__all__ = ["KnownFailure", "by_test", "cpu_flags", "list_of", "load", "unmatched"]

DIRECTORY = Path(__file__).parent / "known_failures"
_KEYS = {"cause", "versions", "upstream", "tests"}
_OPTIONAL = {"applies_to", "full", "without_cpu_flags"}
_CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class KnownFailure:
    """One test id of an entry, with the cause of its failure."""

    test: str
    cause: str
    versions: str
    upstream: str
    full: bool

    def matches(self, test_id: str) -> bool:
        """Tell whether the failure is that of a test."""
        if not self.is_pattern:
            return self.test == test_id
        return self._pattern.fullmatch(test_id) is not None

    @property
    def is_pattern(self) -> bool:
        """Whether the id can match more than one test."""
        return "*" in self.test

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(".*".join(re.escape(part) for part in self.test.split("*")))

    @property
    def reason(self) -> str:
        """The cause and where it was reported, in one line."""
        return f"{self.cause} [{self.versions}; {self.upstream}]"


def list_of(backend: str) -> Path | None:
    """Return the suite's own list for a backend, if it has one."""
    path = DIRECTORY / f"{backend}.toml"
    return path if path.exists() else None


def load(path: Path, versions: Mapping[str, str]) -> list[KnownFailure]:
    """Read the entries of a list that hold for some versions, on this processor.

    Args:
        path: the file.
        versions: versions by name, as the report has them.

    Raises:
        ValueError: if the file isn't such a list: an entry lacks a key or a value, or has an
            unknown key, version or library.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is not TOML: {error}") from error
    entries = content.get("failure", [])
    if content.keys() - {"failure"} or not isinstance(entries, list):
        raise ValueError(f"{path} has the keys {sorted(content)}; it must have only [[failure]].")
    flags = cpu_flags()
    return [
        failure
        for entry in entries
        for failure in _failures(path, entry)
        if _applies(path, entry, versions) and not flags & set(entry.get("without_cpu_flags", ()))
    ]


def cpu_flags(path: Path = _CPU_INFO) -> frozenset[str]:
    """Return the flags of the processor as Linux names them; an empty set on other systems."""
    if not path.exists():
        return frozenset()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    names = (line.partition(":")[2].split() for line in lines if line.startswith("flags"))
    return frozenset(next(names, []))


def by_test(failures: list[KnownFailure], test_ids: Iterable[str]) -> dict[str, KnownFailure]:
    """Return the known failure of each test that has one."""
    exact = {failure.test: failure for failure in failures if not failure.is_pattern}
    patterns = [failure for failure in failures if failure.is_pattern]
    found = {}
    for test_id in test_ids:
        matching = (failure for failure in patterns if failure.matches(test_id))
        failure = exact.get(test_id) or next(matching, None)
        if failure:
            found[test_id] = failure
    return found


def unmatched(failures: list[KnownFailure], test_ids: list[str], full: bool) -> list[KnownFailure]:
    """Return the known failures that match no test of the run."""
    due = [failure for failure in failures if full or not failure.full]
    known = set(test_ids)
    lost = [failure for failure in due if failure.test not in known]
    return [
        failure
        for failure in lost
        if not (failure.is_pattern and any(map(failure.matches, test_ids)))
    ]


def _applies(path: Path, entry: dict[str, Any], versions: Mapping[str, str]) -> bool:
    """Tell whether an entry holds for the versions of the run."""
    found = {name.lower(): version for name, version in versions.items()}
    for name, allowed in entry.get("applies_to", {}).items():
        if name.lower() not in found:
            raise ValueError(
                f"{path.name}: applies_to names {name!r}, but the run has {', '.join(versions)}."
            )
        try:
            specifiers = SpecifierSet(allowed)
        except InvalidSpecifier as error:
            raise ValueError(
                f"{path.name}: applies_to has {name} = {allowed!r}; write versions as in '>=3.14,"
                "<3.15'."
            ) from error
        if not specifiers.contains(found[name.lower()], prereleases=True):
            return False
    return True


def _failures(path: Path, entry: dict[str, Any]) -> list[KnownFailure]:
    missing, unknown = _KEYS - entry.keys(), entry.keys() - _KEYS - _OPTIONAL
    if missing or unknown or not all(entry[key] for key in _KEYS):
        raise ValueError(
            f"{path.name}: an entry has the keys {sorted(entry)}; it needs {sorted(_KEYS)}, each "
            f"with a value, and may have {sorted(_OPTIONAL)}."
        )
    shared = {key: entry[key] for key in ("cause", "versions", "upstream")}
    full = entry.get("full", False)
    return [KnownFailure(test=test, full=full, **shared) for test in entry["tests"]]
