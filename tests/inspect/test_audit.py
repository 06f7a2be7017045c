import keras
import pytest

from kcore.inspect import audit

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


def test_other_sizes_than_the_models_own():
    model = model_of(L.MaxPooling2D(2), shape=(None, None, 1))
    assert kinds(audit(model, input_shape=(8, 9, 1))) == [("dropped cells", 1)]
