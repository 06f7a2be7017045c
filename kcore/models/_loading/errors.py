"""The errors for files of models and weights that can't be used."""

from kcore._console import harmless

__all__ = ["ModelFileError", "WeightsFileError"]


class _FileError(ValueError):
    """An error whose message quotes a file; control characters in it become escapes."""

    def __str__(self) -> str:
        return harmless(super().__str__())


class ModelFileError(_FileError):
    """A file can't be loaded as a model; the message names the file, the reason and a remedy."""


class WeightsFileError(_FileError):
    """A file's weights can't be loaded into the model; the message says why and what to do."""
