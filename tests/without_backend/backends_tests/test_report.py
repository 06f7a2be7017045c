"""Reports are as their schema says, and the schema notices one that isn't."""

import copy
import json
from datetime import UTC, datetime

import jsonschema
import pytest

import kcore
from backends_tests.changes import changes, main
from backends_tests.environment import Environment
from backends_tests.named import NAMED
from backends_tests.report import SCHEMA, SCHEMA_FILE, Report, Result, read
from backends_tests.selection import WAY_OF_TEST
from backends_tests.summary import SHOWN, summary

SCHEMA_OF_REPORTS = json.loads(SCHEMA_FILE.read_text())


@pytest.fixture
def report():
    versions = {"Keras": "3.15.1", "jax": "0.10", "NumPy": "2.4.6", "Python": "3.11.7"}
    results = [
        Result("test_grid.py::test_eager[a]", "Conv2D", "eager", "pass"),
        Result("test_grid.py::test_eager[b]", "Conv2D", "eager", "known failure", "the bias"),
        Result("test_grid.py::test_gradient[c]", "Conv2D", "gradient", "fail", "no gradient"),
        Result("test_named.py::test_named[#1 d]", "Conv1D", "named", "pass"),
    ]
    started = datetime(2026, 11, 27, 10, 0, 7, 123, UTC)
    environment = Environment("jax", "cpu", versions)
    return Report(environment, "default", started, 22.24, 40.06, results)


@pytest.fixture
def data(report):
    return json.loads(json.dumps(report.as_data()))


def validate(data):
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(SCHEMA_OF_REPORTS, format_checker=checker).validate(data)


def test_a_report_counts_and_keeps_what_did_not_pass(report, tmp_path):
    path = tmp_path / "conformance-jax.json"
    report.write(path)
    data = read(path)
    assert data["counts"] == {
        "Conv2D": {"eager": {"pass": 1, "known failure": 1}, "gradient": {"fail": 1}},
        "Conv1D": {"named": {"pass": 1}},
    }
    assert data["not_passed"] == [
        {
            "test": "test_grid.py::test_eager[b]",
            "layer": "Conv2D",
            "property": "eager",
            "outcome": "known failure",
            "reason": "the bias",
        },
        {
            "test": "test_grid.py::test_gradient[c]",
            "layer": "Conv2D",
            "property": "gradient",
            "outcome": "fail",
            "reason": "no gradient",
        },
    ]
    assert (data["backend"], data["device"], data["run"]) == ("jax", "cpu", "default")
    assert (data["seconds"], data["cpu_seconds"]) == (22.2, 40.1)
    assert data["started"] == "2026-11-27T10:00:07+00:00"
    assert data["suite"] == kcore.__version__


def test_a_report_is_as_the_schema_says(data):
    jsonschema.Draft202012Validator.check_schema(SCHEMA_OF_REPORTS)
    validate(data)


def test_the_schema_and_the_code_name_the_same_format_and_properties():
    assert SCHEMA_OF_REPORTS["$id"] == SCHEMA
    properties = [test.removeprefix("test_").replace("_", " ") for test in WAY_OF_TEST]
    assert SCHEMA_OF_REPORTS["$defs"]["property"]["enum"] == properties


def test_every_test_has_a_name_that_the_schema_accepts():
    pattern = {
        "type": "string",
        "pattern": SCHEMA_OF_REPORTS["properties"]["not_passed"]["items"]["properties"]["test"][
            "pattern"
        ],
    }
    for case in NAMED:
        jsonschema.validate(f"test_named.py::test_named[{case.id}]", pattern)


def delete(key):
    return lambda data: data.pop(key)


def put(*path_and_value):
    *path, key, value = path_and_value

    def change(data):
        for step in path:
            data = data[step]
        data[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("$schema", "urn:kcore:conformance-report:0"), "was expected"),
        (put("counts", "Conv2D", "eager", "passed", 1), "'passed' is not one of"),
        (put("counts", "Conv2D", "eager", "pass", 0), "0 is less than the minimum"),
        (put("counts", "Conv2D", "eager", "pass", 1.5), "1.5 is not of type 'integer'"),
        (put("counts", "Conv2D", "speed", {"pass": 1}), "'speed' is not one of"),
        (put("counts", "Conv2D", {}), "should be non-empty"),
        (put("not_passed", 0, "reason", ""), "should be non-empty"),
        (put("not_passed", 0, "outcome", "pass"), "'pass' is not one of"),
        (put("not_passed", 0, "test", "b"), "does not match"),
        (put("run", "fast"), "'fast' is not one of"),
        (put("seconds", -1), "-1 is less than the minimum"),
        (put("started", "yesterday"), "does not match"),
        (put("versions", "jax", None), "None is not of type 'string'"),
        (put("full", False), "Additional properties are not allowed"),
        (put("versions", {}), "'Keras' is a required property"),
        *(
            (delete(key), f"'{key}' is a required property")
            for key in SCHEMA_OF_REPORTS["required"]
            if key != "$schema"
        ),
        (delete("$schema"), "required property"),
    ],
)
def test_a_broken_report_is_noticed(data, change, message):
    change(data)
    with pytest.raises(jsonschema.ValidationError) as caught:
        validate(data)
    assert message in caught.value.message


@pytest.mark.parametrize("content", ["[]", "{}", '{"backend": "jax", "full": false}'])
def test_other_files_are_no_reports(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"a\.json: \$schema=None, but a report has 'urn:kcore"):
        read(path)


def test_the_summary_has_counts_failures_and_where_the_report_is(data):
    lines = summary(data, "conformance-jax.json")
    assert lines == [
        "backend jax on cpu: Keras 3.15.1, jax 0.10, NumPy 2.4.6, Python 3.11.7",
        "",
        "property                         pass  known failure           fail",
        "eager                               1              1              0",
        "gradient                            0              0              1",
        "named                               1              0              0",
        "all                                 2              1              1",
        "",
        "test_grid.py::test_gradient[c]",
        "    no gradient",
        "",
        "Report: conformance-jax.json",
        "1 test failed.",
    ]


def test_the_summary_of_a_run_without_failures_says_how_much_was_run(data):
    data["not_passed"] = data["not_passed"][:1]
    assert summary(data, "a.json")[-1] == "All tests passed, except 1 test known to fail."
    quick = summary(data | {"run": "quick", "not_passed": []}, "a.json")[-1]
    assert quick == (
        "All tests passed. This was a quick run: certify a backend with a run without --quick."
    )
    part = summary(data | {"run": "part", "not_passed": []}, "a.json")[-1]
    assert part == "All tests passed. This was a part of the suite."


def test_the_summary_lists_only_some_of_many_failures(data):
    data["not_passed"] = [data["not_passed"][1]] * (SHOWN + 3)
    lines = summary(data, "a.json")
    assert lines.count("    no gradient") == SHOWN
    assert "... and 3 more: all are in the report." in lines
    assert lines[-1] == f"{SHOWN + 3} tests failed."


def test_changes_are_the_tests_that_failed_in_one_run_only(data):
    after = copy.deepcopy(data)
    after["not_passed"][0]["test"] = "test_grid.py::test_eager[e]"
    appeared, gone = changes(data, after)
    assert appeared == ["test_grid.py::test_eager[e]: the bias"]
    assert gone == ["test_grid.py::test_eager[b]"]
    assert changes(data, data) == ([], [])


def test_changes_are_printed_from_the_command_line(data, tmp_path, capsys):
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    before.write_text(json.dumps(data | {"not_passed": data["not_passed"][:1]}))
    after.write_text(json.dumps(data | {"run": "full"}))
    assert main([before, after]) == 1
    assert capsys.readouterr().out == (
        "Caution: run is 'default' before and 'full' after, so some tests may be in only one of "
        "the runs.\n"
        "Failures only after: 1\n"
        "  test_grid.py::test_gradient[c]: no gradient\n"
        "Failures only before: 0\n"
    )
    assert main([after, before]) == 0
    assert "Failures only before: 1\n  test_grid.py::test_gradient[c]\n" in capsys.readouterr().out
    assert main([before]) == 4
    assert "Give two reports" in capsys.readouterr().err
