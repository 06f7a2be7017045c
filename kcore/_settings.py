"""Read the defaults that a user sets in Keras, which is imported only when they are needed."""

from typing import Any

from kcore._arguments import check_choice

__all__ = ["floatx", "is_channels_first"]


def is_channels_first(data_format: str | None) -> bool:
    """Tell "channels_first" from "channels_last"; `None` stands for Keras's default.

    Raises:
        ValueError: if `data_format` is unknown.
        ImportError: if it is `None` and Keras can't be imported.
    """
    if data_format is None:
        config = _keras_config()
        if config is None:
            raise ImportError(
                "data_format=None takes Keras's default, but Keras can't be imported: "
                "give data_format='channels_last' or 'channels_first'."
            )
        data_format = str(config.image_data_format())
    check_choice("data_format", data_format, ("channels_last", "channels_first"))
    return data_format == "channels_first"


def floatx(fallback: str | None = None) -> str:
    """Return Keras's default dtype, or `fallback` if Keras can't be imported.

    Raises:
        ImportError: if Keras can't be imported and there is no fallback.
    """
    config = _keras_config()
    if config is not None:
        return str(config.floatx())
    if fallback is None:
        raise ImportError(
            "dtype=None takes Keras's default, but Keras can't be imported: "
            "give a dtype, such as dtype='float32'."
        )
    return fallback


def _keras_config() -> Any:
    try:
        import keras
    except ImportError:
        return None
    return keras.config
