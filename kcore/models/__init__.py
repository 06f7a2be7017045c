"""Models that classify images, from one neuron to a stack of convolutions.

Builders return ordinary Keras models. They take the shape of one sample, without the batch axis,
and `seed=` for initial weights that are the same bits on every backend. The `compile_*` functions
add an optimizer, a loss and metrics that fit the task. To get the same batches on every backend
too, give `fit` a dataset of `kcore.data.from_arrays` instead of arrays.

`transfer` puts a new head on a trained network, `train_head` and `fine_tune` train it in two
phases. `classify` tells what image files show, `export` writes a model for programs without Keras.
"""

import kcore._backend  # noqa: F401
from kcore.models._class_names import save, set_class_names
from kcore.models._classify import Classification, classify
from kcore.models._cnn import binary_cnn, cnn
from kcore.models._compiling import (
    compile_binary_classifier,
    compile_classifier,
    compile_regression,
)
from kcore.models._exporting.export import ExportError, export
from kcore.models._linear import linear
from kcore.models._loading.errors import ModelFileError, WeightsFileError
from kcore.models._loading.model_files import load
from kcore.models._loading.weights_files import load_weights
from kcore.models._mlp import SubclassedMLP, functional_mlp, mlp, subclassed_mlp
from kcore.models._trainable import ParameterSummary, check_trainable, parameter_summary
from kcore.models._transfer.build import transfer
from kcore.models._transfer.features import extract_features
from kcore.models._transfer.fine_tuning import fine_tune
from kcore.models._transfer.head_training import train_head

__all__ = [
    "Classification",
    "ExportError",
    "ModelFileError",
    "ParameterSummary",
    "SubclassedMLP",
    "WeightsFileError",
    "binary_cnn",
    "check_trainable",
    "classify",
    "cnn",
    "compile_binary_classifier",
    "compile_classifier",
    "compile_regression",
    "export",
    "extract_features",
    "fine_tune",
    "functional_mlp",
    "linear",
    "load",
    "load_weights",
    "mlp",
    "parameter_summary",
    "save",
    "set_class_names",
    "subclassed_mlp",
    "train_head",
    "transfer",
]
