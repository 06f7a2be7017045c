"""Datasets to learn with: Fashion-MNIST, and drawn scenes that need no download."""

from kcore.datasets import fashion_mnist, scenes
from kcore.datasets._default import ImageDataset, load
from kcore.datasets._errors import (
    CorruptFileError,
    DatasetError,
    DatasetNotFoundError,
    DownloadError,
    MissingFilesError,
    SyntheticDataWarning,
)

__all__ = [
    "CorruptFileError",
    "DatasetError",
    "DatasetNotFoundError",
    "DownloadError",
    "ImageDataset",
    "MissingFilesError",
    "SyntheticDataWarning",
    "fashion_mnist",
    "load",
    "scenes",
]
