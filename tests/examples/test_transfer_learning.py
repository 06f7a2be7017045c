"""What the example of transfer learning refuses. (The experiment itself takes minutes on JAX.)"""

import pytest
from oracles.scripts import run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--weights", "gone.h5"), "--weights 'gone.h5' is neither imagenet nor a file"),
        (("--draws", "0"), "'0' is not a whole number from 1"),
        (("--data", "nowhere"), "invalid choice: 'nowhere'"),
    ],
)
def test_transfer_learning_refuses_wrong_options(arguments, message):
    assert message in run("transfer_learning.py", *arguments, returncode=2)
