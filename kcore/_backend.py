"""Import Keras, and say what to do if its backend is missing; imported before other modules."""

import importlib.util

# Modules of backends; the extras of kcore that install them have the same names.
_BACKENDS = ("jax", "tensorflow")


def _advice(missing: str | None) -> str:
    """Say which backends are installed, and how to choose or install one."""
    installed = [name for name in _BACKENDS if importlib.util.find_spec(name)]
    problem = f"Keras's backend is {missing!r}, which is not installed."
    if not installed:
        return (
            f"{problem} No other backend that kcore supports is installed either: install one with "
            f"`pip install jax` or `pip install tensorflow`, and choose it with "
            "KERAS_BACKEND=jax or KERAS_BACKEND=tensorflow in the environment."
        )
    choice = installed[0]
    return (
        f"{problem} Installed: {', '.join(installed)}. Choose it before the first import of Keras: "
        f"with KERAS_BACKEND={choice} in the environment, with "
        f"`os.environ['KERAS_BACKEND'] = '{choice}'` in Python, or with "
        f'"backend": "{choice}" in ~/.keras/keras.json; then restart Python.'
    )


try:
    import keras  # noqa: F401
except ModuleNotFoundError as error:
    if error.name not in (*_BACKENDS, "torch", "openvino"):
        raise
    raise ModuleNotFoundError(_advice(error.name), name=error.name) from error
