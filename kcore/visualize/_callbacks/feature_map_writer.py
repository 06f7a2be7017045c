"""Draw what the layers see of one image after every epoch."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore._arguments import check_integer, check_path
from kcore._arrays import read_array
from kcore._files import write_whole
from kcore._settings import is_channels_first
from kcore._warning import warn
from kcore.inspect._activations import activations
from kcore.visualize._color_maps import color_table
from kcore.visualize._frames import (
    FILM_FORMATS,
    decoded_picture,
    encoded_film,
    encoded_picture,
    frame_of,
)
from kcore.visualize._reporting.writing import check_target

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

__all__ = ["FeatureMapWriter"]

# Rewriting encodes all frames: after growth by a factor, this keeps the total work proportional.
_LONGER = 1.2


class FeatureMapWriter(keras.callbacks.Callback):
    """Draw the feature maps of one image before training and after each epoch.

    Each picture shows the maps of the chosen layers as `feature_grid` draws them, each channel
    normalized on its own. The first picture, epoch 0, is that of the untrained weights. After a
    crash, the pictures drawn before it are still there, and no file is half-written. To save time,
    a film is rewritten only when it has become a fifth longer, and at the end. If a file can't be
    written, a warning says why, and training goes on.

    Args:
        path: where to write the pictures. With the suffix ".gif", ".png" (animated) or ".webp" it
            is one film, with a frame for each epoch; without a suffix it is a directory, made if
            needed, that gets a file such as `epoch-003.png` from each epoch.
        image: the image, as the model takes it: one sample, with or without the batch axis.
        layers: the layers to show: a name, an index into `model.layers`, a class such as
            `keras.layers.Conv2D`, a layer, or a list of these; None shows all that return a height
            and a width.
        max_channels: how many channels of each layer to show, starting with the first.
        cmap: a matplotlib color map or its name, such as "viridis", "inferno" or "gray". A GIF
            holds 256 colors and shows the nearest ones.
        data_format: data format of the feature maps: "channels_last", "channels_first", or None for
            Keras's default.

    Raises:
        TypeError: if `path` is not a path.
        ValueError: if `path` has another suffix, `image` isn't made of numbers, `max_channels` is
            not an integer of at least 1, or matplotlib has no color map `cmap`. When training
            begins: if `image` holds several images, a layer doesn't exist, or no layer has maps.
        FileNotFoundError: if the directory above doesn't exist.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> import kcore
        >>> image = np.zeros((28, 28, 1))
        >>> kcore.visualize.FeatureMapWriter("maps", image, layers=keras.layers.Conv2D)
        FeatureMapWriter(path='maps', max_channels=64, cmap='viridis')
    """

    # Its predictions would wait for all processes, and its file is for one of them.
    needs_one_process = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        image: npt.ArrayLike,
        layers: Any = None,
        *,
        max_channels: int = 64,
        cmap: "str | Colormap" = "viridis",
        data_format: str | None = None,
    ):
        super().__init__()
        self.path = _checked_path(path)
        self.max_channels = check_integer("max_channels", max_channels)
        color_table(cmap)  # refuses an unknown color map
        self.cmap = cmap
        self._image = _checked_image(image)
        self._layers = layers
        if data_format is not None:
            is_channels_first(data_format)  # refuses an unknown data format
        self._data_format = data_format
        self._frames: list[Image.Image] = []
        self._encoded: list[npt.NDArray[np.uint8]] = []
        self._filmed = 0

    def __repr__(self) -> str:
        return (
            f"FeatureMapWriter(path={str(self.path)!r}, max_channels={self.max_channels}, "
            f"cmap={getattr(self.cmap, 'name', self.cmap)!r})"
        )

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Draw what the untrained model sees."""
        self._frames, self._encoded = [], []
        self._filmed = 0
        self._draw(0)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Draw what the model sees now."""
        self._draw(epoch + 1)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Write the whole film."""
        if self.path.suffix and self._filmed < len(self._frames):
            self._write(self._write_film)

    def get_state(self) -> dict[str, Any]:
        """Return the frames so far, or the first picture, to be saved by `kcore.training.fit`."""
        for frame in self._frames[len(self._encoded) :]:
            self._encoded.append(np.frombuffer(encoded_picture(frame), np.uint8))
        return {"frames": list(self._encoded)}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on with what `get_state` has returned."""
        self._encoded = state["frames"]
        self._frames = [decoded_picture(picture.tobytes()) for picture in self._encoded]
        self._filmed = 0  # `on_train_begin` has written a film of one frame
        if not self.path.suffix:
            self._write(lambda: self._write_picture(self._frames[0], 0))

    def _draw(self, epoch: int) -> None:
        maps = activations(self.model, self._batch(), self._layers)
        frame = frame_of(
            maps,
            f"epoch {epoch}",
            max_channels=self.max_channels,
            cmap=self.cmap,
            data_format=self._data_format,
        )
        if self.path.suffix or not epoch:
            self._frames.append(frame)
        if not self.path.suffix:
            self._write(lambda: self._write_picture(frame, epoch))
        elif len(self._frames) >= self._filmed * _LONGER:
            self._write(self._write_film)

    def _batch(self) -> npt.NDArray[Any]:
        """Return the image as a batch of one."""
        rank = len(self.model.input_shape) if getattr(self.model, "inputs", None) else None
        has_batch_axis = self._image.ndim == rank or (rank is None and self._image.ndim == 4)
        if has_batch_axis and len(self._image) != 1:
            raise ValueError(
                f"image with shape {self._image.shape} is a batch of {len(self._image)} images; "
                "give one, such as images[0]."
            )
        return self._image if has_batch_axis else self._image[np.newaxis]

    def _write(self, what: Callable[[], None]) -> None:
        try:
            what()
        except OSError as error:
            warn(
                f"FeatureMapWriter saved nothing: {error}. The training goes on.",
                RuntimeWarning,
            )

    def _write_film(self) -> None:
        film = encoded_film(self._frames, self.path.suffix.lower(), self.cmap)
        write_whole(self.path, film)
        self._filmed = len(self._frames)

    def _write_picture(self, frame: Image.Image, epoch: int) -> None:
        self.path.mkdir(exist_ok=True)
        write_whole(self.path / f"epoch-{epoch:03d}.png", encoded_picture(frame))


def _checked_image(image: npt.ArrayLike) -> npt.NDArray[Any]:
    try:
        array = read_array("image", image)
    except ValueError as error:
        raise ValueError(f"image must be an array of numbers: {error}") from error
    if array.dtype.kind not in "iufb":
        raise ValueError(f"image with dtype {array.dtype} must be an array of numbers.")
    return array


def _checked_path(path: object) -> Path:
    directory = check_path("path", path)
    if not directory.suffix:
        if directory.exists() and not directory.is_dir():
            raise ValueError(f"path={str(directory)!r} is a file; give a directory, or a film.")
        if not directory.absolute().parent.is_dir():
            raise FileNotFoundError(
                f"path={str(directory)!r}: there is no directory {str(directory.parent)!r}."
            )
        return directory
    return check_target("path", path, tuple(FILM_FORMATS))
