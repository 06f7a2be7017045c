"""What a case promises, and the strides that it has when none are given."""

import pytest

from backends_tests.cases import Case
from backends_tests.contract import output_shape, promise


@pytest.mark.parametrize(
    ("case", "strides"),
    [
        (Case("MaxPooling2D", (8, 9), (2, 3)), (2, 3)),
        (Case("MaxPooling2D", (8, 9), (2, 3), (1, 2)), (1, 2)),
        (Case("Conv2D", (8, 9), (2, 3)), (1, 1)),
        (Case("Conv2D", (8, 9), (2, 3), (3, 1)), (3, 1)),
        (Case("GlobalMaxPooling1D", (8,)), ()),
    ],
)
def test_strides_default_as_in_keras(case, strides):
    assert case.effective_strides == strides


def test_an_output_has_batch_channels_and_sizes_in_the_order_of_the_data_format():
    case = Case("MaxPooling2D", (8, 9), (2, 3), channels=5, batch=4)
    assert output_shape(case) == promise(case).shape == (4, 4, 3, 5)
    assert output_shape(case.but(data_format="channels_first")) == (4, 5, 4, 3)


def test_unknown_sizes_stay_unknown_where_they_matter():
    case = Case("Conv1D", (8,), (3,), (2,), (1,), padding="same", filters=7)
    assert promise(case, (None,)).shape == (2, None, 7)


def test_a_case_that_is_refused_has_no_output():
    case = Case("Conv1D", (2,), (3,), (1,), (1,))
    assert promise(case).shape is None
    with pytest.raises(ValueError, match="has no output: it must be refused"):
        output_shape(case)
