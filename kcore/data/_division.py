"""Check that batches can be divided among the devices and processes of `keras.distribution`.

If a batch can't be, JAX raises an error from within its own code, perhaps at the end of an epoch,
and after a failed `predict` the weights of the model are gone. So it is checked before the first
step.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from kcore.data._sampler import Order

__all__ = ["alone", "check_arrays", "check_division", "process"]

# Distributions of which Keras tells how they divide a batch.
_DIVIDE = (keras.distribution.DataParallel, keras.distribution.ModelParallel)


def process() -> tuple[int, int]:
    """Return (index, count): which of the processes this is that `keras.distribution` joins.

    Processes that hold parts of one copy of the model count as one, as they need the same data.
    """
    distribution = keras.distribution.distribution()
    # Keras 3.14 doesn't tell the number of processes.
    count = int(getattr(distribution, "num_processes", 1))
    if count == 1 or not isinstance(distribution, _DIVIDE):
        return 0, 1
    return int(distribution.data_shard_id), min(count, int(distribution.num_model_replicas))


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one of several processes do what needs no other, such as saving a model.

    Keras makes variables when it saves a model. Under a distribution, each one waits for all
    processes.
    """
    distribution = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(distribution)


def check_division(order: Order) -> None:
    """Check the batches of a dataset against the distribution that Keras uses, if there is one.

    Args:
        order: the order of the dataset's samples.

    Raises:
        ValueError: if a batch can't be divided among the devices, or if the dataset doesn't serve
            the part of this process.
    """
    distribution = keras.distribution.distribution()
    if isinstance(distribution, _DIVIDE):
        _check_shard(order.shard)
        _check_batches(order, distribution)


def check_arrays(validation_data: Any, batch_size: int | None) -> None:
    """Check arrays for validation, which Keras divides into batches of 32 by default.

    Raises:
        ValueError: as `check_division` does.
    """
    shapes = [getattr(leaf, "shape", ()) for leaf in keras.tree.flatten(validation_data)]
    samples = int(shapes[0][0]) if shapes and shapes[0] else 0
    if not samples:
        return  # `fit` reports the error
    try:
        check_division(Order(samples, batch_size or 32, False, 0))
    except ValueError as error:
        raise ValueError(
            f"validation_data holds arrays: {error} kcore.data.from_arrays makes a dataset of them."
        ) from error


def _check_shard(shard: tuple[int, int]) -> None:
    index, count = process()
    if count > 1 and tuple(shard) != (index, count):
        raise ValueError(
            f"shard={shard}, but this is process {index} of {count} that keras.distribution joins, "
            f"each of which serves a part of every batch: use shard={(index, count)}, as "
            "kcore.training.distribute returns it."
        )


def _check_batches(order: Order, distribution: Any) -> None:
    mesh, name = distribution.device_mesh, distribution.batch_dim_name
    devices = int(mesh.shape[mesh.axis_names.index(name)]) if name in mesh.axis_names else 1
    batch, last = (
        size // order.shard[1] * process()[1] for size in (order.batch_size, order.last_batch_size)
    )
    if batch % devices and order.batches > 1:
        raise ValueError(
            f"A batch has {batch} samples, which can't be divided among the {devices} devices of "
            f"keras.distribution: use a batch_size that is a multiple of {devices}."
        )
    if last % devices:
        raise ValueError(
            f"The last batch of an epoch has {last} samples, which can't be divided among the "
            f"{devices} devices of keras.distribution: leave it out with drop_remainder=True, or "
            f"give a number of samples that is a multiple of {devices}."
        )
