"""Facts about a dataset: its samples, their files and classes, and the call that made it."""

from operator import attrgetter
from typing import Any

from kcore.data._array_groups import ArrayGroup, Targets
from kcore.data._batch_maker import BatchMaker
from kcore.data._file_audit import FileAudit
from kcore.data._image_files import ImageFiles, Labels
from kcore.data._origin import Origin

__all__ = ["DatasetFacts"]


class DatasetFacts:
    """The attributes of a dataset that serving batches doesn't change.

    Attributes:
        samples: the number of samples, of all shards together.
        files: the image files, or None for a dataset of arrays.
    """

    samples: int
    files: ImageFiles | None
    _maker: BatchMaker
    _origin: Origin

    @property
    def is_pure(self) -> bool:
        """Whether looking at images changes nothing, as for a function marked `pure`."""
        return self._maker.is_pure

    @property
    def audit(self) -> FileAudit | None:
        """What is known about the files that were decoded; None for a dataset of arrays."""
        return None if self.files is None else self.files.audit

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes; a label is an index into it."""
        return () if self.files is None else self.files.class_names

    @property
    def class_indices(self) -> dict[str, int]:
        """Class name -> label."""
        return {} if self.files is None else self.files.class_indices

    @property
    def num_classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)

    @property
    def labels(self) -> Any:
        """The target of each sample by its index: labels of files, or the targets as given.

        A model with several outputs has a dictionary or a tuple of such arrays.
        """
        if self.classes is not None:
            return self.classes
        given = None if isinstance(self.targets, str) else self.targets
        return given.structure if isinstance(given, ArrayGroup) else given

    @property
    def targets(self) -> Targets | str | None:
        """The object from which targets are taken by an array of sample indices.

        "input" if they are the images themselves; None for a dataset without targets.
        """
        return self._maker.targets

    @property
    def changes_targets(self) -> bool:
        """Whether `transform` turns `targets` into other targets for the model."""
        return self._maker.asks_for_targets

    @property
    def filenames(self) -> list[str]:
        """The name of each sample's file by its index, relative to the folder, with slashes."""
        return [] if self.files is None else self.files.filenames

    @property
    def file_paths(self) -> list[str]:
        """The path of each sample's file, by the sample's index; empty for arrays."""
        return [] if self.files is None else [self.files.path(i) for i in range(self.samples)]

    # Further attributes that the iterators of legacy Keras have.
    n = property(attrgetter("samples"), doc="The number of samples.")

    @property
    def classes(self) -> Labels | None:
        """The labels of image files by the samples' indices: int32 of shape (samples,), or None."""
        return None if self.files is None else self.files.labels

    filepaths = property(attrgetter("file_paths"), doc="The path of each sample's file.")
    target_size = property(attrgetter("image_size"), doc="(height, width) of the images, or None.")
    sample_weight = property(
        attrgetter("_maker.sample_weight"), doc="The weight of each sample by its index, or None."
    )
    image_shape = property(
        attrgetter("_origin.image_shape"), doc="Shape of one image; None if images differ in shape."
    )
    image_size = property(
        attrgetter("_origin.image_size"), doc="(height, width) of the images, or None."
    )
    data_format = property(
        attrgetter("_origin.data_format"), doc='"channels_last", "channels_first" or None.'
    )
    dtype = property(
        attrgetter("_origin.dtype"), doc="Dtype of the images; None if `transform` decides it."
    )
    directory = property(attrgetter("_origin.directory"), doc="The folder of the files, or None.")
    class_mode = property(
        attrgetter("_origin.class_mode"), doc="`class_mode` of the `flow*` method, or None."
    )
    color_mode = property(
        attrgetter("_origin.color_mode"), doc='"grayscale", "rgb" or "rgba"; None for arrays.'
    )
    interpolation = property(
        attrgetter("_origin.interpolation"), doc="How images were resized; None for arrays."
    )
    subset = property(attrgetter("_origin.subset"), doc='"training", "validation" or None.')
    save_to_dir = property(
        attrgetter("_origin.save_to_dir"), doc="Folder for the images of all batches, or None."
    )
    save_prefix = property(
        attrgetter("_origin.save_prefix"), doc="The start of the names of saved images."
    )
    save_format = property(attrgetter("_origin.save_format"), doc="The format of saved images.")
