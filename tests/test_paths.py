"""A path that can't be that of a file is refused with the name of the argument."""

import functools
from pathlib import Path

import numpy as np
import pytest

import kcore

PICTURES = np.zeros((2, 8, 8, 3), "uint8")


@functools.cache
def small_model():
    return kcore.models.mlp((2, 2), classes=3, hidden_units=2, seed=1)


def generator():
    return kcore.augment.ImageDataGenerator()


def from_table(name, **options):
    table = {"filename": ["a.png", name], "class": ["x", "y"]}
    return generator().flow_from_dataframe(table, seed=1, **options)


# Function -> name of its argument that is a path (a pattern), and a call with a path.
FILES = {
    "data.write_csv": ("path", lambda p: audit().write_csv(p)),
    "data.from_paths": (r"paths\[1\]", lambda p: kcore.data.ImageFiles.from_paths(["a.png", p])),
    "images.load_img": ("path", kcore.images.load_img),
    "images.save_img": ("path", lambda p: kcore.images.save_img(p, PICTURES[0])),
    "datasets.read_idx": ("path", lambda p: kcore.datasets._idx.read_idx(p)),
    "models.load": ("path", kcore.models.load),
    "models.load_weights": ("path", lambda p: kcore.models.load_weights(small_model(), p)),
    "models.save": ("path", lambda p: kcore.models.save(small_model(), p)),
    "models.export": ("path", lambda p: kcore.models.export(small_model(), p)),
    "models.classify": (
        r"paths\[1\]",
        lambda p: kcore.models.classify(classifier(), ["a.png", p], rescale=1),
    ),
    "models.classify's model": ("model", lambda p: kcore.models.classify(p, ["a.png"])),
    "models.transfer": (
        "weights",
        lambda p: kcore.models.transfer(classifier(), class_names=["a", "b"], weights=p),
    ),
    "visualize.report": ("path", lambda p: kcore.visualize.report(p)),
    "visualize.LiveReport": ("path", lambda p: kcore.visualize.LiveReport(p)),
    "visualize.FeatureMapWriter": (
        "path",
        lambda p: kcore.visualize.FeatureMapWriter(p, PICTURES[0]),
    ),
}
DIRECTORIES = {
    "data.scan": ("directory", kcore.data.scan),
    "data.from_directory": ("directory", kcore.data.from_directory),
    "data's cache": (
        "cache",
        lambda p: kcore.data.from_files(files(), label_mode=None, cache=p, seed=1),
    ),
    "augment.flow_from_directory": (
        "directory",
        lambda p: generator().flow_from_directory(p, seed=1),
    ),
    "augment.flow_from_dataframe": ("directory", lambda p: from_table("b.png", directory=p)),
    "augment.flow_with_masks": (
        "images",
        lambda p: generator().flow_with_masks(p, "masks", seed=1),
    ),
    "augment.flow_with_masks' masks": (
        "masks",
        lambda p: generator().flow_with_masks(".", p, seed=1),
    ),
    "augment's save_to_dir": (
        "save_to_dir",
        lambda p: generator().flow(PICTURES, save_to_dir=p, seed=1),
    ),
    "datasets.load": ("source", kcore.datasets.load),
    "datasets.load_data": ("path", kcore.datasets.fashion_mnist.load_data),
    "datasets.write_directory": (
        "path",
        lambda p: kcore.datasets.scenes.write_directory(p, train=1, validation=1),
    ),
}
ALL = FILES | DIRECTORIES


def files():
    return kcore.data.ImageFiles.from_paths(["a.png"])


def audit():
    return files().audit


@functools.cache
def classifier():
    return kcore.models.binary_cnn((24, 24, 3), filters=(4, 4), seed=1)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("which", ALL)
@pytest.mark.parametrize("make", [str, Path], ids=["str", "Path"])
def test_a_null_character_is_refused_in_one_sentence(which, make):
    argument, call = ALL[which]
    with pytest.raises(ValueError, match=rf"^{argument}='a\\x00\.png' contains a NUL character"):
        call(make("a\0.png"))


@pytest.mark.parametrize("which", sorted(ALL.keys() - {"augment.flow_from_dataframe"}))
def test_an_empty_name_is_refused_in_one_sentence(which):
    argument, call = ALL[which]
    what = "directory" if which in DIRECTORIES else "file"
    with pytest.raises(ValueError, match=rf"^{argument}='' names no {what}"):
        call("")


@pytest.mark.parametrize("which", sorted(ALL.keys() - {"data.scan"}))
def test_a_path_that_is_not_valid_unicode_raises_no_unicode_error(which, monkeypatch):
    """Python represents file names that aren't UTF-8 with lone surrogates."""
    _, call = ALL[which]
    try:
        call("caf\udce9")
    except UnicodeError as error:
        pytest.fail(f"{error!r}")
    except (ValueError, OSError, TypeError, UserWarning):
        pass


@pytest.mark.parametrize("validated", [True, False])
def test_rows_with_a_null_character_are_named(validated):
    with pytest.raises(ValueError, match=r"x_col='filename' holds 'b\\x00\.png' in row 1.*NUL"):
        from_table("b\0.png", validate_filenames=validated)


def test_rows_without_a_file_name_are_refused_unless_they_are_left_out(tmp_path):
    with pytest.raises(ValueError, match=r"x_col='filename' holds '' in row 1.*names no file"):
        from_table("", validate_filenames=False)
    kcore.images.save_img(tmp_path / "a.png", PICTURES[0], "channels_last")
    with pytest.warns(UserWarning, match="1 of 2 rows are left out"):
        assert from_table("").n == 1


def test_a_class_name_with_a_null_character_is_refused(tmp_path):
    (tmp_path / "cat").mkdir()
    with pytest.raises(ValueError, match=r"'a\\x00', which is not a subdirectory"):
        kcore.data.scan(tmp_path, class_names=["cat", "a\0"])


def test_the_prefix_of_saved_files_is_checked(tmp_path):
    with pytest.raises(ValueError, match=r"^save_prefix='a\\x00' must be the start"):
        generator().flow(PICTURES, save_to_dir=tmp_path, save_prefix="a\0", seed=1)
