"""Every reader of image files says of which file Pillow warns."""

import warnings

import numpy as np
import pytest
from oracles.image_files import odd_tiff
from oracles.legacy_names import legacy_options
from PIL import Image

import kcore

# The newest release's, and the oldest's.
PILLOWS_WORDS = ("Tag data", "Truncated File Read")
OPTIONS = {"image_size": (24, 24), "batch_size": 2, "seed": 1}
LEGACY_OPTIONS = legacy_options(OPTIONS)


def load_img(root, names):
    for name in names:
        kcore.images.load_img(name)


def from_directory(root, names):
    for _ in kcore.data.from_directory(root, **OPTIONS):
        pass


def from_directory_in_quarantine(root, names):
    kcore.data.from_directory(root, bad_files="quarantine", **OPTIONS)


def flow_from_dataframe(root, names):
    table = {"filename": list(map(str, names)), "class": [name.parent.name for name in names]}
    generator = kcore.augment.ImageDataGenerator()
    for _ in range(2):
        next(generator.flow_from_dataframe(table, **LEGACY_OPTIONS))


def flow_with_masks(root, names):
    masks = [root / "masks.png"] * len(names)
    Image.new("L", (24, 24)).save(masks[0])
    kcore.augment.ImageDataGenerator().flow_with_masks(names, masks, **LEGACY_OPTIONS)[0]


def masks(root, names):
    images = [root / "image.png"] * len(names)
    Image.new("L", (24, 24)).save(images[0])
    kcore.augment.ImageDataGenerator().flow_with_masks(images, names, **LEGACY_OPTIONS)[0]


def classify(root, names):
    model = kcore.models.binary_cnn((24, 24, 3), filters=(2, 2), seed=1)
    results = kcore.models.classify(model, names, rescale=1 / 255)
    assert all(np.isfinite(result.probabilities).all() for result in results)


READERS = {
    reader.__name__: reader
    for reader in (
        load_img,
        from_directory,
        from_directory_in_quarantine,
        flow_from_dataframe,
        flow_with_masks,
        masks,
        classify,
    )
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_the_file_is_named(tmp_path, reader):
    names = []
    for level, class_name in enumerate(("a", "b")):
        (tmp_path / class_name).mkdir()
        names.append(tmp_path / class_name / "1.tiff")
        names[-1].write_bytes(odd_tiff(Image.new("L", (24, 24), level)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        reader(tmp_path, names)
    messages = [str(each.message) for each in caught]
    messages = [each for each in messages if any(words in each for words in PILLOWS_WORDS)]
    assert {message.partition(": ")[0] for message in messages} == set(map(str, names))
