"""What is raised for files of models and weights that can't be used."""

__all__ = ["ModelFileError", "WeightsFileError"]


class ModelFileError(ValueError):
    """A file can't be loaded as a model; the message names the file, the reason and a way out."""


class WeightsFileError(ValueError):
    """A file's weights can't be loaded into the model; the message says why and what to do."""
