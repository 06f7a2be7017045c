import pytest

from backends_tests import known_failures
from backends_tests.known_failures import DIRECTORY, by_test, load, unmatched

ENTRY = """
[[failure]]
cause = "the bias lands on another axis"
versions = "keras 3.15.1"
upstream = "not reported"
tests = ["test_grid.py::test_eager[Conv2D-*-first-*]", "test_named.py::test_named[one]"]
"""


@pytest.fixture
def failures(tmp_path):
    (tmp_path / "other.toml").write_text(ENTRY)
    return load("other", tmp_path)


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


def test_entries_of_a_full_run_need_no_match_in_a_default_run(tmp_path):
    (tmp_path / "other.toml").write_text(ENTRY.replace("tests =", "full = true\ntests ="))
    failures = load("other", tmp_path)
    assert unmatched(failures, [], full=False) == []
    assert unmatched(failures, [], full=True) == failures


def test_entries_for_other_processors_are_ignored(tmp_path, monkeypatch):
    flags = 'without_cpu_flags = ["avx512_fp16", "amx_fp16"]'
    (tmp_path / "other.toml").write_text(ENTRY.replace("tests =", f"{flags}\ntests ="))
    for present, count in ((set(), 2), ({"avx512f"}, 2), ({"avx512f", "amx_fp16"}, 0)):
        monkeypatch.setattr(known_failures, "cpu_flags", lambda present=present: present)
        assert len(load("other", tmp_path)) == count


def test_flags_are_read_from_the_first_processor(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nflags\t\t: fpu avx2\n\nprocessor\t: 1\nflags\t\t: fpu\n")
    assert known_failures.cpu_flags(info) == {"fpu", "avx2"}
    assert known_failures.cpu_flags(tmp_path / "missing") == set()


@pytest.mark.parametrize("key", ["cause", "versions", "upstream"])
def test_an_entry_without_its_reasons_is_refused(tmp_path, key):
    lines = [line for line in ENTRY.splitlines() if not line.startswith(key)]
    (tmp_path / "other.toml").write_text("\n".join(lines))
    with pytest.raises(ValueError, match=r"other.toml: an entry has the keys .* it needs"):
        load("other", tmp_path)


def test_a_backend_without_a_file_has_none(tmp_path):
    assert load("other", tmp_path) == []


@pytest.mark.parametrize("path", sorted(DIRECTORY.glob("*.toml")), ids=lambda path: path.stem)
def test_the_lists_of_the_suite_can_be_read(path):
    assert load(path.stem)
    assert known_failures.load(path.stem)[0].cause
