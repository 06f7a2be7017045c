"""The public names of each module, pinned; and what importing them all brings along."""

import pytest

import kcore

PUBLIC = {
    "datasets": (
        "CorruptFileError DatasetError DatasetNotFoundError DownloadError ImageDataset "
        "MissingFilesError SyntheticDataWarning fashion_mnist load scenes"
    ),
    "images": "ImageDecodeError array_to_img img_to_array load_img save_img",
    "models": (
        "SubclassedMLP binary_cnn cnn compile_binary_classifier compile_classifier "
        "compile_regression functional_mlp linear mlp subclassed_mlp"
    ),
    "preprocess": "preprocess_input",
    "training": "StopAtTarget",
    "visualize": "gallery",
}


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_are_pinned(module):
    assert sorted(getattr(kcore, module).__all__) == sorted(PUBLIC[module].split())


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_exist_and_are_documented(module):
    for name in getattr(kcore, module).__all__:
        assert getattr(getattr(kcore, module), name).__doc__


def test_every_public_module_is_pinned():
    assert set(PUBLIC) == set(kcore.__all__) - {"__version__"}
