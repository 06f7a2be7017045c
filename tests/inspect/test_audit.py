import dataclasses
import re

import keras
import pytest

from kcore.inspect import Audit, audit

L = keras.layers


def model_of(*layers, shape=(13, 13, 1)):
    return keras.Sequential([keras.Input(shape), *layers])


def kinds(findings):
    return [(one.kind, one.axis) for one in findings]


def test_dropped_columns_of_the_course():
    findings = audit(model_of(L.Conv2D(1, 6, strides=5, name="conv")))
    assert kinds(findings) == [("dropped cells", 0), ("dropped cells", 1)]
    assert findings[1].message == (
        "drops 2 of 13 cells at the end of axis 1: 2 windows of 6 with strides 5 don't reach them"
    )
    assert str(findings).splitlines()[0] == f"conv: {findings[0].message}"


def test_asymmetric_pads_of_the_course():
    findings = audit(model_of(L.Conv2D(1, (6, 3), strides=(5, 1), padding="same")))
    assert kinds(findings) == [("asymmetric pads", 0)]
    assert findings[0].message == "pads axis 0 with 1 before and 2 after"


def test_strides_that_step_over_cells():
    findings = audit(model_of(L.MaxPooling2D(2, strides=(4, 2)), shape=(14, 14, 1)))
    assert kinds(findings) == [("skipped cells", 0)]
    assert findings[0].message == (
        "never reads 6 of 14 cells of axis 0: strides 4 step over them with a kernel of 2"
    )


def test_causal_pads_stand_before_on_purpose_and_are_named():
    findings = audit(model_of(L.Conv1D(1, 3, padding="causal"), shape=(9, 1)))
    assert kinds(findings) == [("asymmetric pads", 0)]


def test_a_receptive_field_smaller_than_asked_for():
    model = model_of(L.Conv2D(2, 3, name="conv"), L.GlobalAveragePooling2D(), L.Dense(2))
    (first, second) = audit(model, receptive_field=5)
    assert (first.layer, first.kind) == ("conv", "small receptive field")
    assert second.message == "sees 3 cells of axis 1 of the input; 5 are asked for"
    assert len(audit(model, receptive_field=(3, 4))) == 1
    assert len(audit(model, receptive_field=3)) == 0


def test_receptive_fields_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"receptive_field=\(1, 2, 3\): give one integer, or 2"):
        audit(model_of(L.Conv2D(2, 3)), receptive_field=(1, 2, 3))


def test_a_clean_model():
    model = model_of(L.Conv2D(2, 3, padding="same"), L.Conv2D(2, 3))
    assert str(audit(model)) == "Nothing is dropped, skipped or padded unevenly."
    assert len(audit(model)) == 0
    assert repr(audit(model)) == "Audit(0 findings)"
    assert "Nothing is dropped, skipped or padded unevenly." in audit(model)._repr_html_()


def test_other_sizes_than_the_models_own():
    model = model_of(L.MaxPooling2D(2), shape=(None, None, 1))
    assert kinds(audit(model, input_shape=(8, 9, 1))) == [("dropped cells", 1)]


@pytest.mark.parametrize(
    ("size", "kernel_size", "strides"), [(13, 6, 5), (28, 3, 3), (9, 2, 4), (56, 1, 2), (14, 5, 2)]
)
def test_the_remedy_for_dropped_cells_removes_them(size, kernel_size, strides):
    def dropped(size, padding="valid"):
        pool = L.MaxPooling2D((kernel_size, 1), strides=(strides, 1), padding=padding)
        found = audit(model_of(pool, shape=(size, 12, 1)))
        return [one for one in found if one.kind == "dropped cells"]

    (finding,) = dropped(size)
    fewer, more = map(
        int, re.match(r"Give this layer (\d+) or (\d+) cells", finding.remedy).groups()
    )
    assert fewer < size < more
    assert not dropped(fewer)
    assert not dropped(more)
    assert ("padding='same'" in finding.remedy) == (not dropped(size, "same"))


def test_the_remedy_for_skipped_cells_removes_them():
    def skipped(kernel, strides):
        pool = L.MaxPooling2D((kernel, 1), strides=(strides, 1))
        found = audit(model_of(pool, shape=(14, 12, 1)))
        return [one for one in found if one.kind == "skipped cells"]

    (finding,) = skipped(2, 4)
    assert finding.remedy == "Use strides of at most 2, or a kernel of at least 4, along axis 0."
    assert not skipped(2, 2)
    assert not skipped(4, 4)


def test_the_remedy_for_uneven_pads_removes_them():
    (finding,) = audit(model_of(L.Conv2D(1, (3, 1), (2, 1), padding="same"), shape=(14, 12, 1)))
    assert finding.remedy.endswith(
        "put a ZeroPadding layer before this one and use padding='valid'."
    )
    evenly = [L.ZeroPadding2D((1, 0)), L.Conv2D(1, (3, 1), (2, 1))]
    assert kinds(audit(model_of(*evenly, shape=(14, 12, 1)))) == [("dropped cells", 0)]
    (causal,) = audit(model_of(L.Conv1D(1, 3, padding="causal"), shape=(9, 1)))
    assert "padding='causal' does this by design" in causal.remedy
    assert not audit(model_of(L.Conv1D(1, 3, padding="same"), shape=(9, 1)))


def test_an_audit_is_short_as_an_expression_and_whole_in_a_notebook():
    findings = audit(model_of(L.Conv2D(1, 6, strides=5, name="conv")))
    assert repr(findings) == "Audit(2 findings: 2 dropped cells)"
    assert repr(findings[0]) == f"Finding('conv', dropped cells: {findings[0].message})"
    assert isinstance(findings[:1], Audit)
    assert list(findings[:1]) == [findings[0]]
    shown = findings._repr_html_()
    assert re.findall(r"<th[^>]*>([^<]*)</th>", shown) == [
        *("layer", "kind", "what happens", "what to do")
    ]
    hostile = Audit([dataclasses.replace(findings[0], layer="<conv>")])
    assert '<td style="text-align: left">&lt;conv&gt;</td>' in hostile._repr_html_()
    assert shown.count("Give this layer 11 or 16 cells") == 2
