"""Methods of `tf.data.Dataset` are answered with what to use instead."""

import itertools

import numpy as np
import pytest

from kcore.data import from_arrays
from kcore.data._tf_data_methods import TfDataMethods

NAMES = sorted(name for name in vars(TfDataMethods) if not name.startswith("_"))
X, Y = np.arange(20.0).reshape(10, 2), np.arange(10)


@pytest.fixture
def dataset():
    return from_arrays(X, Y, batch_size=4, shuffle=False)


@pytest.mark.parametrize("name", NAMES)
def test_each_says_what_to_use(dataset, name):
    with pytest.raises(
        AttributeError, match=rf"^ImageBatches has no method '{name}' of tf\.data: .{{20,}}\.$"
    ):
        getattr(dataset, name)
    assert not hasattr(dataset, name)


def test_the_usual_ones_are_among_them():
    usual = "batch cache filter map prefetch repeat shuffle skip take unbatch"
    assert set(usual.split()) <= set(NAMES)


def test_the_usual_chain_names_its_first_method(dataset):
    with pytest.raises(AttributeError, match=r"'cache' of tf\.data: give cache='memory'"):
        dataset.cache().shuffle(1000).prefetch(buffer_size=-1)


def test_what_is_named_works(dataset):
    np.testing.assert_array_equal(dataset[0][1], Y[:4])
    assert [y.tolist() for _, y in itertools.islice(dataset, 1)] == [[0, 1, 2, 3]]
    assert [y.tolist() for _, y in itertools.islice(dataset, 2, None)] == [[8, 9]]
    np.testing.assert_array_equal(dataset.image(9), X[9])
    assert (len(dataset), dataset.samples) == (3, 10)
