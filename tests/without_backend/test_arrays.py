import numpy as np
import pytest

from kcore._arrays import read_array


def test_reads_what_numpy_reads():
    assert read_array("x", [[1, 2]]).tolist() == [[1, 2]]
    assert read_array("x", ["1.5"], np.float64).tolist() == [1.5]
    array = np.zeros(3)
    assert read_array("x", array) is array


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([[1], [2, 3]], None),
        (["a"], np.float64),
        ([None], np.int64),
        ({"a": 1}, np.float64),
        ([10**40], np.int64),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(values, dtype):
    with pytest.raises(ValueError, match=r"^x can't be read as an array( of (float|int)64)?: "):
        read_array("x", values, dtype)
