"""Divide training among devices and processes, on `keras.distribution`."""

import os

import keras

__all__ = ["distribute"]

# Keras's own, and those of Slurm and Open MPI, whose other variables JAX reads by itself. Slurm
# sets this one for what srun starts, but SLURM_NTASKS also for a script that runs once.
_COUNTS = ("KERAS_DISTRIBUTION_NUM_PROCESSES", "SLURM_STEP_NUM_TASKS", "OMPI_COMM_WORLD_SIZE")


def distribute() -> tuple[int, int]:
    """Divide training among all devices of all processes, and return the shard of this one.

    Call it at the beginning of a script, before a model is made. The same script then runs on one
    device, on many, and in many processes:

    - With one process and one device, nothing changes.
    - With several devices, `keras.distribution.DataParallel` divides each batch among them, and
      every device holds all weights.
    - With several processes, usually one on each host, `keras.distribution.initialize` joins them
      first. Their number is read from `KERAS_DISTRIBUTION_NUM_PROCESSES`, which comes with
      `KERAS_DISTRIBUTION_PROCESS_ID` and `KERAS_DISTRIBUTION_JOB_ADDRESSES`, or from the variables
      of Slurm or Open MPI.

    Several devices and processes need the JAX backend, and several processes Keras 3.15.

    Returns:
        (index, count): index of this process, and number of processes, for the argument `shard` of
        datasets. Only the process of index 0 should write files.

    Raises:
        RuntimeError: if there are several processes, and the backend or the version of Keras can't
            join them, or a model or an array was made before.
        ValueError: if the environment names no number of processes.

    Example:
        >>> import kcore
        >>> kcore.training.distribute()
        (0, 1)
    """
    processes = _processes()
    backend = keras.backend.backend()
    if processes > 1:
        _check_backend(backend, processes)
        keras.distribution.initialize()
    if backend != "jax" or len(keras.distribution.list_devices()) == 1:
        return 0, 1
    # Datasets of kcore serve the part of each process, so Keras must not divide it once more.
    distribution = keras.distribution.DataParallel(auto_shard_dataset=False)
    keras.distribution.set_distribution(distribution)
    return (int(distribution.data_shard_id), processes) if processes > 1 else (0, 1)


def _processes() -> int:
    """Return how many processes the environment names."""
    for name in _COUNTS:
        text = os.environ.get(name)
        if text is not None:
            if not text.isdecimal() or not int(text):
                raise ValueError(f"{name}={text!r} in the environment must be a number from 1.")
            return int(text)
    return 1


def _check_backend(backend: str, processes: int) -> None:
    if backend != "jax":
        raise RuntimeError(
            f"The environment names {processes} processes, which Keras can't join on "
            f"{backend}: set KERAS_BACKEND=jax, or start one process."
        )
    if not hasattr(keras.distribution.DataParallel, "data_shard_id"):
        raise RuntimeError(
            f"The environment names {processes} processes, but Keras {keras.version()} doesn't "
            "tell which of them this is: install Keras 3.15 or later."
        )
