"""Models that classify images, from one neuron to a stack of convolutions.

Builders return ordinary Keras models, take the shape of one sample without the batch axis, and
take `seed=` for first weights that are the same bits on every backend. The `compile_*` functions
add an optimizer, a loss and metrics that fit the task.
"""

from kcore.models.cnn import binary_cnn, cnn
from kcore.models.compiling import (
    compile_binary_classifier,
    compile_classifier,
    compile_regression,
)
from kcore.models.linear import linear
from kcore.models.mlp import SubclassedMLP, functional_mlp, mlp, subclassed_mlp

__all__ = [
    "SubclassedMLP",
    "binary_cnn",
    "cnn",
    "compile_binary_classifier",
    "compile_classifier",
    "compile_regression",
    "functional_mlp",
    "linear",
    "mlp",
    "subclassed_mlp",
]
