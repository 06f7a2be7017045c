"""Say what to use instead of methods of `tf.data.Dataset`, which a dataset of kcore lacks."""

from typing import Any, NoReturn, overload

__all__ = ["TfDataMethods"]


class _Instead:
    """An attribute that a dataset doesn't have: asking for it says what to use.

    The error is an AttributeError, so that `hasattr` is False.
    """

    def __init__(self, remedy: str) -> None:
        self._remedy = remedy

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, dataset: None, owner: type) -> "_Instead": ...

    @overload
    def __get__(self, dataset: object, owner: type) -> NoReturn: ...

    def __get__(self, dataset: object, owner: type) -> Any:
        if dataset is None:
            return self
        raise AttributeError(
            f"{owner.__name__} has no method {self._name!r} of tf.data: {self._remedy}."
        )


class TfDataMethods:
    """A base class that answers the usual methods of `tf.data.Dataset` with what to use instead."""

    as_numpy_iterator = _Instead("leave it out, as batches are NumPy arrays")
    batch = _Instead("give batch_size where you make the dataset")
    cache = _Instead("give cache='memory', or a directory, where you make the dataset")
    cardinality = _Instead(
        "len(dataset) is the number of batches, and dataset.samples that of samples"
    )
    filter = _Instead("select the files, as in kcore.data.from_files(files.select(mask))")
    map = _Instead(
        "give transform where you make the dataset, a function of images, indices and epoch, or "
        "put a layer such as keras.layers.Rescaling into the model"
    )
    prefetch = _Instead("leave it out, as threads make batches ahead (see num_threads)")
    repeat = _Instead("leave it out, as fit goes on from epoch to epoch")
    shuffle = _Instead("give shuffle=True where you make the dataset, to shuffle all samples")
    skip = _Instead("use itertools.islice(dataset, count, None)")
    take = _Instead("dataset[0] is the first batch, itertools.islice(dataset, count) the first few")
    unbatch = _Instead("dataset.image(index) is a single image")
