import numpy as np
import pytest

from kcore.explain._heat_maps import finished, resized


def test_resizing_interpolates_between_centers():
    found = resized(np.array([[0.0, 4.0]]), (1, 8))
    # Centers of the cells stand at 1.5 and 5.5 among the pixels.
    assert found[0] == pytest.approx([0, 0, 0.5, 1.5, 2.5, 3.5, 4, 4])


def test_resizing_in_both_directions_is_a_product():
    rng = np.random.default_rng(0)
    rows, columns = rng.random(3), rng.random(4)
    found = resized(np.outer(rows, columns), (7, 9))
    tall, wide = resized(rows[:, None], (7, 1))[:, 0], resized(columns[None], (1, 9))[0]
    assert found == pytest.approx(np.outer(tall, wide))


def test_resizing_to_the_same_size_changes_nothing():
    maps = np.random.default_rng(0).random((2, 5, 6))
    assert resized(maps, (5, 6)) == pytest.approx(maps)


def test_a_map_is_cut_at_zero_and_divided_by_its_maximum():
    found = finished(np.array([[[-1.0, 2.0], [4.0, 0.0]]]), (2, 2), "a map")
    assert found.dtype == np.float32
    assert found[0] == pytest.approx(np.array([[0, 0.5], [1, 0]]))


@pytest.mark.parametrize("size", [1e-40, 1e30])
def test_small_and_large_values_come_to_the_same(size):
    found = finished(np.array([[[1.0, 2.0]]]) * size, (1, 2), "a map")
    assert found[0, 0] == pytest.approx([0.5, 1])


def test_maps_that_say_nothing_are_zero_and_named():
    good = np.array([[0.0, 1.0]])
    infinite = np.array([[0.0, np.inf]])
    raw = np.stack([good, good * np.nan, -good, good * 0, good * 0 + 3, infinite, good * 2])
    with pytest.warns(UserWarning, match="the maps of these images are all zeros") as caught:
        found = finished(raw, (1, 2), "grad_cam")
    assert found[[0, 6], 0].tolist() == [[0, 1], [0, 1]]
    assert not found[1:6].any()
    start = "grad_cam: the maps of these images are all zeros, because "
    assert [str(one.message) for one in caught] == [
        f"{start}their values aren't finite: 1, 5.",
        f"{start}they have no positive value: 2, 3.",
        f"{start}they are the same everywhere: 4.",
    ]
