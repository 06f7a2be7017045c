from collections import Counter

from backends_tests import cases
from backends_tests.cases import arrays
from backends_tests.contract import promise
from backends_tests.grid import DATA_FORMATS, grid
from backends_tests.named import NAMED
from backends_tests.selection import WAY_OF_TEST, selected

GRID = grid()
EVERY_LAYER = {
    *cases.TRAINED,
    *cases.MAX_POOLS,
    *cases.AVERAGE_POOLS,
    *cases.GLOBAL_POOLS,
    *cases.ADAPTIVE_POOLS,
}


def test_a_default_run_has_thousands_of_cases_and_a_full_run_more_of_each_layer():
    default = Counter(case.layer for case in GRID)
    full = Counter(case.layer for case in grid(full=True))
    assert len(GRID) > 2000
    assert default.keys() == full.keys() == EVERY_LAYER
    assert all(full[layer] > default[layer] for layer in default)


def test_names_are_unique_and_the_same_in_every_run():
    names = [case.id for case in GRID]
    assert len(set(names)) == len(names)
    assert names == [case.id for case in grid()]
    named = [case.id for case in NAMED]
    assert len(set(named)) == len(named)


def test_the_grid_covers_what_it_promises():
    one_axis = [case for case in GRID if case.layer == "Conv1D"]
    assert {case.sizes[0] for case in one_axis} == set(range(1, 17))
    assert {case.kernel[0] for case in one_axis} == set(range(1, 7))
    assert {case.strides[0] for case in one_axis} == set(range(1, 6))
    assert {case.dilation_rate[0] for case in one_axis} == {1, 2, 3}
    assert {case.padding for case in one_axis} == {"valid", "same", "causal"}
    assert {case.groups for case in one_axis} == {1, 2, 3}
    assert any(case.strides[0] > case.kernel[0] for case in one_axis)
    assert any(len(set(case.kernel)) > 1 for case in GRID if case.layer == "Conv2D")
    assert any(promise(case).refusal for case in one_axis)


def test_every_layer_gets_special_inputs_in_both_data_formats():
    for layer in EVERY_LAYER:
        found = [case for case in GRID if case.layer == layer]
        assert {case.data for case in found} >= {"random", "nan", "infinite", "integer"}
        assert {case.dtype for case in found} == {"float32", "float16", "bfloat16"}
        assert {case.data_format for case in found} == {"channels_last", "channels_first"}
        assert {case.data_format for case in found if case.batch == 0} == {
            "channels_last",
            "channels_first",
        }


def test_a_run_on_a_slow_backend_still_shows_every_property_of_every_layer():
    whole = [case for case in GRID if promise(case).shape]
    few = selected("test_eager", "jax", full=False)
    assert len(few) < len(whole) / 4
    for layer in EVERY_LAYER:
        some = [case for case in few if case.layer == layer]
        every = [case for case in whole if case.layer == layer]
        for name in ("padding", "data_format", "dtype", "data", "use_bias"):
            seen = {getattr(case, name) for case in some}
            assert seen == {getattr(case, name) for case in every}


def test_a_full_run_includes_every_test_of_a_default_run():
    for backend in ("tensorflow", "jax"):
        for test in WAY_OF_TEST.keys() - {"test_named"}:
            default = selected(test, backend)
            quick = selected(test, backend, quick=True)
            assert set(quick) <= set(default)
            assert {case.layer for case in quick} == {case.layer for case in default}
            assert set(default) < set(selected(test, backend, full=True))


def test_gradients_are_taken_of_every_layer_in_both_data_formats():
    for backend in ("tensorflow", "jax"):
        derived = selected("test_gradient", backend, full=False)
        found = {(case.layer, case.data_format) for case in derived}
        assert found >= {(layer, kind) for layer in cases.TRAINED for kind in DATA_FORMATS}
        assert {layer for layer, _ in found} == EVERY_LAYER


def test_numbers_depend_on_the_name_and_are_exact_in_every_dtype():
    for case in GRID[::50]:
        first, second = arrays(case), arrays(case)
        assert (first.x.tobytes(), len(first.weights)) == (second.x.tobytes(), len(second.weights))
        assert all((weight.astype("float16") == weight).all() for weight in first.weights)
        assert all((weight != 0).all() for weight in first.weights)
