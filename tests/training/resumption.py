"""Cut training runs at a batch and resume them, to compare with runs that were never cut."""

import keras
import numpy as np

import kcore

__all__ = [
    "Cut",
    "CutError",
    "cut_and_resume",
    "dense_data",
    "dense_model",
    "everything",
    "few_data",
    "softmax_model",
]


class CutError(Exception):
    """Stands for the death of the process."""


class Cut(keras.callbacks.Callback):
    """Raise an error after a batch, as if the process died."""

    def __init__(self, epoch=None, batch=None):
        super().__init__()
        self.cut = (epoch, batch)

    def get_state(self):
        return None

    def set_state(self, state):
        """Keep the next cut, not the last one."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.cut:
            raise CutError


def cut_and_resume(train, directory, cuts):
    """Train with a cut at each (epoch, batch), then once more without, and return its result.

    Args:
        train: function of a callback and of the directory, which builds all else anew.
        directory: for the checkpoints.
        cuts: (epoch, batch) of each cut.
    """
    for epoch, batch in cuts:
        try:
            train(Cut(epoch, batch), directory)
        except CutError:
            continue
        raise AssertionError(f"epoch {epoch}, batch {batch} never came")
    return train(Cut(), directory)


def everything(model, history, *callbacks):
    """Return everything that a training run leaves, for a bitwise comparison."""
    variables = [*model.weights, *model.optimizer.variables]
    return {
        "variables": [np.array(variable.value) for variable in variables],
        "history": history.history,
        "epoch": history.epoch,
        "callbacks": [
            {
                name: value
                for name, value in vars(callback).items()
                if name not in ("_model", "params", "monitor_op") and not callable(value)
            }
            for callback in callbacks
        ],
    }


def dense_model(seed=3, units=8, rate=0.3, **options):
    """Return a compiled MLP with dropout and batch normalization."""
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(units, "relu", kernel_initializer=keras.initializers.HeNormal(seed)),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(rate, seed=seed),
            keras.layers.Dense(
                3, "softmax", kernel_initializer=keras.initializers.GlorotUniform(seed)
            ),
        ]
    )
    options = {"optimizer": keras.optimizers.Adam(0.01), "metrics": ["accuracy"], **options}
    model.compile(loss="sparse_categorical_crossentropy", **options)
    return model


def softmax_model(optimizer="sgd", seed=1, **options):
    """Return a compiled model with one layer, which runs eagerly: compiling takes longer."""
    kernel = keras.initializers.GlorotUniform(seed)
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(3, "softmax", kernel_initializer=kernel)]
    )
    options = {"loss": "sparse_categorical_crossentropy", "run_eagerly": True, **options}
    model.compile(optimizer, **options)
    return model


def dense_data(samples=77, seed=5, batch_size=8, **options):
    """Return a dataset for `dense_model`: ten batches, of which the last is not full."""
    x = kcore.random.normal(kcore.random.key(1), (samples, 6))
    y = np.asarray(kcore.random.integers(kcore.random.key(2), (samples,), maxval=3), "int32")
    return kcore.data.from_arrays(
        np.asarray(x, "float32"), y, batch_size=batch_size, seed=seed, **options
    )


def few_data(**options):
    """Return a dataset of four batches, the last of which is not full."""
    return dense_data(samples=26, batch_size=7, **options)
