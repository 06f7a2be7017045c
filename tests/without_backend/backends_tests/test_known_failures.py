import pytest

from backends_tests import known_failures
from backends_tests.known_failures import DIRECTORY, by_test, list_of, load, unmatched

ENTRY = """
[[failure]]
cause = "the bias lands on another axis"
versions = "keras 3.15.1"
upstream = "not reported"
tests = ["test_grid.py::test_eager[Conv2D-*-first-*]", "test_named.py::test_named[one]"]
"""
VERSIONS = {"Keras": "3.15.1", "other": "2.0", "NumPy": "2.4.6", "Python": "3.11.7"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "other.toml"


@pytest.fixture
def failures(path):
    path.write_text(ENTRY)
    return load(path, VERSIONS)


def test_only_a_star_matches_other_characters(failures):
    pattern, exact = failures
    assert pattern.matches("test_grid.py::test_eager[Conv2D-4x4-first-b2]")
    assert not pattern.matches("test_grid.py::test_eager[Conv3D-4x4-first-b2]")
    assert not pattern.matches("test_grid.py::test_compiled[Conv2D-4x4-first-b2]")
    assert exact.matches("test_named.py::test_named[one]")
    assert not exact.matches("test_named.py::test_named[one more]")


def test_a_reason_gives_cause_versions_and_thread(failures):
    assert failures[0].reason == "the bias lands on another axis [keras 3.15.1; not reported]"


def test_an_entry_that_matches_nothing_is_found(failures):
    ids = ["test_named.py::test_named[one]"]
    assert unmatched(failures, ids, full=False) == failures[:1]


def test_each_test_finds_its_failure(failures):
    pattern, exact = failures
    bias = "test_grid.py::test_eager[Conv2D-4x4-first-b2]"
    ids = ["test_named.py::test_named[one]", bias, "test_named.py::test_named[two]"]
    assert by_test(failures, ids) == {ids[0]: exact, bias: pattern}


def test_entries_of_a_full_run_need_no_match_in_a_default_run(path):
    path.write_text(ENTRY.replace("tests =", "full = true\ntests ="))
    failures = load(path, VERSIONS)
    assert unmatched(failures, [], full=False) == []
    assert unmatched(failures, [], full=True) == failures


@pytest.mark.parametrize(
    ("keras", "count"),
    [("3.14.0", 2), ("3.14.1", 2), ("3.15.0", 0), ("3.15.1", 0), ("3.16.0.dev2026102704", 0)],
)
def test_entries_for_other_versions_are_ignored(path, keras, count):
    applies = 'applies_to = { keras = "<3.15", NumPy = ">=2" }'
    path.write_text(ENTRY.replace("tests =", f"{applies}\ntests ="))
    assert len(load(path, VERSIONS | {"Keras": keras})) == count
    assert load(path, VERSIONS | {"Keras": keras, "NumPy": "1.26.0"}) == []


@pytest.mark.parametrize(
    ("applies", "message"),
    [
        ('{ jax = ">=0.7" }', r"applies_to names 'jax', but the run has Keras, other, NumPy, Pyth"),
        ('{ keras = "3.15" }', r"applies_to has keras = '3.15'; write versions as in '>=3.14,<3"),
    ],
)
def test_versions_that_tell_nothing_are_refused(path, applies, message):
    path.write_text(ENTRY.replace("tests =", f"applies_to = {applies}\ntests ="))
    with pytest.raises(ValueError, match=rf"other.toml: {message}"):
        load(path, VERSIONS)


@pytest.mark.parametrize(
    ("content", "message"),
    [("[[failures]]", r"has the keys \['failures'\]; it must have only"), ("[", "is not TOML")],
)
def test_a_file_that_is_no_list_is_refused(path, content, message):
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        load(path, VERSIONS)


def test_entries_for_other_processors_are_ignored(path, monkeypatch):
    flags = 'without_cpu_flags = ["avx512_fp16", "amx_fp16"]'
    path.write_text(ENTRY.replace("tests =", f"{flags}\ntests ="))
    for present, count in ((set(), 2), ({"avx512f"}, 2), ({"avx512f", "amx_fp16"}, 0)):
        monkeypatch.setattr(known_failures, "cpu_flags", lambda present=present: present)
        assert len(load(path, VERSIONS)) == count


def test_flags_are_read_from_the_first_processor(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nflags\t\t: fpu avx2\n\nprocessor\t: 1\nflags\t\t: fpu\n")
    assert known_failures.cpu_flags(info) == {"fpu", "avx2"}
    assert known_failures.cpu_flags(tmp_path / "missing") == set()


@pytest.mark.parametrize("key", ["cause", "versions", "upstream"])
def test_an_entry_without_its_reasons_is_refused(path, key):
    lines = [line for line in ENTRY.splitlines() if not line.startswith(key)]
    path.write_text("\n".join(lines))
    with pytest.raises(ValueError, match=r"other.toml: an entry has the keys .* it needs"):
        load(path, VERSIONS)


def test_only_some_backends_have_a_list():
    assert list_of("jax") == DIRECTORY / "jax.toml"
    assert list_of("other") is None


@pytest.mark.parametrize("name", sorted(path.stem for path in DIRECTORY.glob("*.toml")))
@pytest.mark.parametrize("keras", ["3.14.0", "3.15.1"])
def test_the_lists_of_the_suite_can_be_read(name, keras):
    library = {"numpy": "jax"}.get(name, name)
    failures = load(DIRECTORY / f"{name}.toml", VERSIONS | {"Keras": keras, library: "2.0"})
    assert failures[0].cause
