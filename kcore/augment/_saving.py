"""Save augmented images to a folder, to look at them."""

import contextlib
import itertools
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore._arguments import check_path, check_text
from kcore.images import save_img

__all__ = ["Saving", "saving_in"]


@dataclass(frozen=True)
class Saving:
    """Save the images of a flow.

    A file is named prefix_index_epoch.format, so a batch that is asked for again overwrites its own
    files, and `replay(index, epoch)` of the dataset returns what is in a file. Files of other flows
    and runs are kept: a name that is taken becomes prefix_index_epoch-2.format, or gets the next
    free number.

    Attributes:
        folder: the folder, which the first batch makes if it is missing.
        prefix: start of the files' names.
        file_format: a format that Pillow writes, such as "png" or "jpeg".

    Raises:
        ValueError: if Pillow doesn't write the format, or the prefix is a path.
        NotADirectoryError: if `folder` is a file.
    """

    folder: str | os.PathLike[str]
    prefix: str = ""
    file_format: str = "png"
    _written: dict[str, Path] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.folder, str | os.PathLike):
            raise ValueError(f"save_to_dir={self.folder!r} must be the name of a folder, or None.")
        check_path("save_to_dir", self.folder, "directory")
        if f".{self.file_format}".lower() not in _writable_suffixes():
            raise ValueError(
                f"save_format={self.file_format!r} is not a format that Pillow writes: use 'png', "
                "'jpeg' or the like."
            )
        is_name = isinstance(self.prefix, str) and "\0" not in self.prefix
        if not is_name or Path(self.prefix).name != self.prefix:
            raise ValueError(f"save_prefix={self.prefix!r} must be the start of a file's name.")
        if Path(self.folder).exists() and not Path(self.folder).is_dir():
            raise NotADirectoryError(f"save_to_dir={str(self.folder)!r} is a file, not a folder.")

    def __call__(
        self, images: npt.NDArray[Any], indices: npt.ArrayLike, epoch: int, data_format: str
    ) -> None:
        """Save a batch, each image scaled from its smallest value, black, to its largest, white."""
        Path(self.folder).mkdir(parents=True, exist_ok=True)
        for image, index in zip(images, np.asarray(indices).tolist(), strict=True):
            path = self._path(f"{self.prefix}_{index}_{epoch}")
            save_img(path, image, data_format=data_format, scale=True)

    def _path(self, stem: str) -> Path:
        """Return the file that this flow writes for a name, after creating it the first time."""
        for number in itertools.count(1):
            if stem in self._written:
                break
            suffix = "" if number == 1 else f"-{number}"
            path = Path(self.folder) / f"{stem}{suffix}.{self.file_format}"
            with contextlib.suppress(FileExistsError):
                path.touch(exist_ok=False)  # so that no other flow takes the name meanwhile
                self._written[stem] = path
        return self._written[stem]


def _writable_suffixes() -> set[str]:
    registered = Image.registered_extensions()
    return {suffix for suffix, name in registered.items() if name in Image.SAVE}


def saving_in(
    save_to_dir: str | os.PathLike[str] | None, save_prefix: str, save_format: str
) -> Saving | None:
    """Return a `Saving` for the arguments of a `flow*` method; None without a folder."""
    check_text("save_prefix", save_prefix)
    check_text("save_format", save_format)
    return None if save_to_dir is None else Saving(save_to_dir, save_prefix, save_format)
