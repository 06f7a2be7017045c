"""Facts about the call that made a dataset."""

import os
from dataclasses import dataclass

__all__ = ["Origin"]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The arguments of the call that made a dataset, which legacy iterators have as attributes.

    Attributes:
        is_flow: whether a method of `ImageDataGenerator` made the dataset.
        image_shape: shape of one image as loaded; None if images differ in shape.
        data_format: "channels_last" or "channels_first"; None if it isn't known.
        dtype: dtype of the images in a batch; None if a `transform` decides it.
        directory: the folder of the files, or None.
        class_mode: what the targets are, as given to a `flow*` method; else None.
        color_mode: "grayscale", "rgb" or "rgba"; None for arrays.
        interpolation: how images were resized; None for arrays.
        subset: "training", "validation" or None.
        save_to_dir: the folder that receives the images of all batches, or None.
        save_prefix: the start of the names of saved images.
        save_format: the format of saved images.
        hints: whether to print once where legacy Keras behaves differently.
    """

    is_flow: bool = False
    image_shape: tuple[int, ...] | None = None
    data_format: str | None = None
    dtype: str | None = None
    directory: str | os.PathLike[str] | None = None
    class_mode: str | None = None
    color_mode: str | None = None
    interpolation: str | None = None
    subset: str | None = None
    save_to_dir: str | os.PathLike[str] | None = None
    save_prefix: str = ""
    save_format: str = "png"
    hints: bool = False

    @property
    def image_size(self) -> tuple[int, int] | None:
        """`(height, width)` of the images; None if they differ in size, or it isn't known."""
        if self.image_shape is None or self.data_format is None:
            return None
        first = self.data_format == "channels_first"
        height, width = self.image_shape[1:] if first else self.image_shape[:2]
        return height, width
