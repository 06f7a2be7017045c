import gzip
import hashlib
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from kcore.datasets import fashion_mnist
from kcore.datasets._errors import (
    CorruptFileError,
    DatasetNotFoundError,
    DownloadError,
    MissingFilesError,
)
from kcore.datasets.fashion_mnist import CLASS_NAMES, load_data

PREFIX = {"train-images": 0, "train-labels": 1, "t10k-images": 2, "t10k-labels": 3}


@pytest.fixture(scope="module")
def data():
    """Return the real dataset; without it the tests fail and say how to get it."""
    try:
        return load_data()
    except DatasetNotFoundError as error:
        pytest.fail(f"these tests need the real dataset. {error}")


def test_real_shapes_and_types(data):
    (x_train, y_train), (x_test, y_test) = data
    assert [a.shape for a in (x_train, y_train)] == [(60000, 28, 28), (60000,)]
    assert [a.shape for a in (x_test, y_test)] == [(10000, 28, 28), (10000,)]
    assert {a.dtype for split in data for a in split} == {np.dtype(np.uint8)}
    assert all(a.flags.writeable for split in data for a in split)


def test_real_classes_are_balanced(data):
    (_, y_train), (_, y_test) = data
    assert np.bincount(y_train).tolist() == [6000] * 10
    assert np.bincount(y_test).tolist() == [1000] * 10


def test_published_mean_and_deviation(data):
    # 0.2860 and 0.3530 are the constants with which the dataset is commonly normalized.
    (x_train, _), _ = data
    assert x_train.mean() / 255 == pytest.approx(0.2860, abs=5e-5)
    assert x_train.std() / 255 == pytest.approx(0.3530, abs=5e-5)


def test_the_first_images_are_an_ankle_boot_and_a_t_shirt(data):
    (x_train, y_train), (_, y_test) = data
    assert [CLASS_NAMES[label] for label in y_train[:2]] == ["Ankle boot", "T-shirt/top"]
    assert CLASS_NAMES[y_test[0]] == "Ankle boot"
    boot = x_train[0]
    assert not boot[:3].any()  # nothing above the boot
    assert boot[20:24, 2:26].mean() > 150  # the sole goes all the way across


def test_digests_are_those_of_the_content(data):
    (x_train, y_train), (x_test, y_test) = data
    for file, array in zip(fashion_mnist.FILES, (x_train, y_train, x_test, y_test), strict=True):
        assert hashlib.sha256(encode_idx_quickly(array)).hexdigest() == file.sha256


def encode_idx_quickly(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.tobytes()


def test_class_names_are_those_of_the_dataset():
    names = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
    assert ",".join(CLASS_NAMES) == names


@pytest.fixture
def tiny(monkeypatch, tmp_path, tiny_dataset):
    """Replace the real dataset by the tiny one, and put every location into `tmp_path`."""
    files = tuple(
        fashion_mnist.IdxFile(name, array.shape, hashlib.sha256(data).hexdigest())
        for (name, array), data in zip(
            tiny_dataset.arrays.items(), tiny_dataset.contents.values(), strict=True
        )
    )
    monkeypatch.setattr(fashion_mnist, "FILES", files)
    monkeypatch.setattr(fashion_mnist, "DEBIAN_DIRECTORY", tmp_path / "debian")
    monkeypatch.setattr(fashion_mnist, "BASE_URL", "http://no-such-host.invalid/")
    monkeypatch.setattr(fashion_mnist, "TIMEOUT_SECONDS", 1.0)
    monkeypatch.setenv("KCORE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tiny_dataset


LOCATIONS = {
    "path=": "explicit",
    "KCORE_DATA_DIR": "data/fashion-mnist",
    "the Keras cache": "keras/datasets/fashion-mnist",
    "Debian's package": "debian",
}
SEARCHED = [name for name in LOCATIONS if name != "path="]


def fill(directory, contents):
    directory.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        (directory / name).write_bytes(data)


def file_names(directory):
    return sorted(path.name for path in directory.iterdir())


def assert_is_tiny(data, tiny):
    (x_train, y_train), (x_test, y_test) = data
    for read, expected in zip(
        (x_train, y_train, x_test, y_test), tiny.arrays.values(), strict=True
    ):
        np.testing.assert_array_equal(read, expected)


def load(tmp_path, location):
    return load_data(tmp_path / LOCATIONS[location]) if location == "path=" else load_data()


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("form", ["gz", "plain", "mixed"])
def test_each_location_is_found_in_each_form(tiny, tmp_path, location, form):
    contents = {"gz": tiny.compressed(), "plain": tiny.contents}.get(form)
    if form == "mixed":
        names = list(tiny.contents)
        contents = {f"{names[0]}.gz": tiny.compressed()[f"{names[0]}.gz"]}
        contents |= {name: tiny.contents[name] for name in names[1:]}
    fill(tmp_path / LOCATIONS[location], contents)
    assert_is_tiny(load(tmp_path, location), tiny)


def test_the_compression_of_a_file_does_not_matter(tiny, tmp_path):
    fill(
        tmp_path / LOCATIONS["path="],
        {f"{n}.gz": gzip.compress(d, compresslevel=1, mtime=7) for n, d in tiny.contents.items()},
    )
    assert_is_tiny(load(tmp_path, "path="), tiny)


@pytest.mark.parametrize("position", range(len(LOCATIONS)))
def test_the_locations_are_searched_in_order(tiny, tmp_path, position):
    # Every location after the tested one is broken, and would raise if it were searched.
    locations = list(LOCATIONS)
    fill(tmp_path / LOCATIONS[locations[position]], tiny.contents)
    for later in locations[position + 1 :]:
        fill(tmp_path / LOCATIONS[later], dict.fromkeys(tiny.contents, b"broken"))
    assert_is_tiny(load(tmp_path, locations[position]), tiny)


def test_path_may_be_a_string_that_starts_with_a_tilde(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    fill(tmp_path / "mine", tiny.contents)
    assert_is_tiny(load_data("~/mine"), tiny)


def test_an_explicit_path_is_never_skipped(tiny, tmp_path):
    fill(tmp_path / LOCATIONS["Debian's package"], tiny.contents)
    nowhere = tmp_path / "nowhere"
    with pytest.raises(MissingFilesError) as caught:
        load_data(nowhere)
    assert str(caught.value) == (
        f"{nowhere} is not a directory; it should hold train-images-idx3-ubyte.gz, "
        "train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz. "
        "Put the original files there, or leave path= out to search the usual directories."
    )
    nowhere.mkdir()
    with pytest.raises(MissingFilesError, match="nowhere lacks train-images-idx3-ubyte"):
        load_data(nowhere)


REMEDIES = {
    "path=": "Put the original files there, or leave path= out to search the usual directories.",
    "KCORE_DATA_DIR": "Put the original files there, or unset KCORE_DATA_DIR.",
    "the Keras cache": "Delete it, and it will be downloaded again.",
    "Debian's package": (
        "Reinstall the package: apt-get install --reinstall dataset-fashion-mnist."
    ),
}


@pytest.mark.parametrize(
    "location", [location for location in LOCATIONS if location != "the Keras cache"]
)
def test_an_incomplete_location_is_an_error(tiny, tmp_path, location):
    directory = tmp_path / LOCATIONS[location]
    fill(directory, tiny.contents)
    (directory / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(MissingFilesError) as caught:
        load(tmp_path, location)
    assert str(caught.value) == f"{directory} lacks t10k-labels-idx1-ubyte.gz. {REMEDIES[location]}"


@pytest.mark.parametrize("location", LOCATIONS)
def test_a_broken_file_names_itself_and_the_remedy(tiny, tmp_path, location):
    directory = tmp_path / LOCATIONS[location]
    fill(directory, tiny.compressed())
    broken = directory / "t10k-images-idx3-ubyte.gz"
    broken.write_bytes(broken.read_bytes()[:-20])
    with pytest.raises(CorruptFileError) as caught:
        load(tmp_path, location)
    assert str(caught.value) == (
        f"{broken}: is cut short: its gzip data ends early. {REMEDIES[location]}"
    )


def name_of(prefix):
    return fashion_mnist.FILES[PREFIX[prefix]].name


SWAPS = {
    "test labels by train labels": ("t10k-labels", "train-labels", r"shape \(6,\).* \(3,\)"),
    "labels by images": ("train-labels", "train-images", r"shape \(6, 4, 4\).* \(6,\)"),
    "images by labels": ("t10k-images", "t10k-labels", r"shape \(3,\).* \(3, 4, 4\)"),
    "train images by test images": (
        "train-images",
        "t10k-images",
        r"shape \(3, 4, 4\).* \(6, 4, 4\)",
    ),
}


@pytest.mark.parametrize(("target", "source", "problem"), SWAPS.values(), ids=SWAPS.keys())
def test_a_swapped_file_is_noticed(tiny, tmp_path, target, source, problem):
    directory = tmp_path / LOCATIONS["path="]
    fill(directory, tiny.contents)
    (directory / name_of(target)).write_bytes(tiny.contents[name_of(source)])
    with pytest.raises(CorruptFileError, match=f"{name_of(target)}: holds an array of {problem}"):
        load(tmp_path, "path=")


def test_another_dataset_of_the_same_shape_is_noticed(tiny, tmp_path, encode_idx):
    # The files of MNIST, which shows digits, have the same names.
    directory = tmp_path / LOCATIONS["path="]
    fill(directory, tiny.contents)
    name = name_of("train-labels")
    (directory / name).write_bytes(encode_idx(tiny.arrays[name][::-1].copy()))
    with pytest.raises(
        CorruptFileError, match=f"{name}: has the right format but different content"
    ):
        load(tmp_path, "path=")


def test_a_file_that_disappears_meanwhile_is_named(tiny, tmp_path, monkeypatch):
    directory = tmp_path / LOCATIONS["path="]
    fill(directory, tiny.contents)
    read_idx = fashion_mnist.read_idx

    def read_and_remove(path, **expected):
        (directory / name_of("t10k-labels")).unlink(missing_ok=True)
        return read_idx(path, **expected)

    monkeypatch.setattr(fashion_mnist, "read_idx", read_and_remove)
    with pytest.raises(MissingFilesError, match=r"labels-idx1-ubyte.gz\. It was there a moment"):
        load(tmp_path, "path=")


def test_nothing_found_lists_every_location_and_what_to_do(tiny, tmp_path):
    with pytest.raises(DatasetNotFoundError) as caught:
        load_data()
    message = str(caught.value)
    url = "http://no-such-host.invalid/train-images-idx3-ubyte.gz"
    assert message.startswith(
        "Fashion-MNIST was not found. Tried, in this order:\n"
        f"  - KCORE_DATA_DIR, {tmp_path / 'data/fashion-mnist'}: no such directory\n"
        f"  - the Keras cache, {tmp_path / 'keras/datasets/fashion-mnist'}: no such directory\n"
        f"  - Debian's package, {tmp_path / 'debian'}: no such directory\n"
        f"  - download of {url}: "
    )
    advice = message.splitlines()[-1]
    assert advice.startswith("Do one of these: ")
    for remedy in ("apt-get install dataset-fashion-mnist", "path=", "KCORE_DATA_DIR", "network"):
        assert remedy in advice
    assert len(caught.value.tried) == 4
    assert isinstance(caught.value.__cause__, DownloadError)
    assert not (tmp_path / "keras").exists()


@pytest.fixture
def online(tiny, server, monkeypatch):
    """Put the tiny dataset on the server."""
    server.contents.update(tiny.compressed())
    monkeypatch.setattr(fashion_mnist, "BASE_URL", server.url)
    return server


def test_downloads_into_the_keras_cache_once(tiny, online, tmp_path, capsys):
    assert_is_tiny(load_data(), tiny)
    cache = tmp_path / LOCATIONS["the Keras cache"]
    assert file_names(cache) == sorted(tiny.compressed())
    bars = re.findall(r"Downloading ([^:]+): 100%", capsys.readouterr().err)
    assert set(bars) == set(tiny.compressed())
    assert_is_tiny(load_data(), tiny)
    assert len(online.requests) == 4


def test_an_incomplete_cache_is_completed(tiny, online, tmp_path):
    cache = tmp_path / LOCATIONS["the Keras cache"]
    fill(cache, dict(list(tiny.compressed().items())[:3]))
    assert_is_tiny(load_data(), tiny)
    assert online.requests == ["t10k-labels-idx1-ubyte.gz"]


def test_an_incomplete_cache_without_network_is_reported(tiny, tmp_path):
    cache = tmp_path / LOCATIONS["the Keras cache"]
    fill(cache, dict(list(tiny.compressed().items())[:3]))
    with pytest.raises(
        DatasetNotFoundError, match="3 of 4 files; missing: t10k-labels-idx1-ubyte\n"
    ):
        load_data()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("fault", ["closes early", "stalls", "silent"])
def test_a_broken_download_does_not_poison_the_cache(tiny, online, tmp_path, monkeypatch, fault):
    monkeypatch.setattr(fashion_mnist, "TIMEOUT_SECONDS", 0.3)
    online.fault = fault
    with pytest.raises(DatasetNotFoundError, match=f"download of {online.url}train-images"):
        load_data()
    cache = tmp_path / LOCATIONS["the Keras cache"]
    assert not cache.exists() or file_names(cache) == []
    online.fault = ""
    assert_is_tiny(load_data(), tiny)


WRONG = {
    "a page": (b"<html>Please log in</html>", "starts with the bytes 3c 68"),
    "half a file": (
        gzip.compress(b"\0\0\x08\x03" + bytes(80))[:8],
        "is cut short: its gzip data ends early",
    ),
    "another file": (gzip.compress(b"\0\0\x08\x01\0\0\0\x01\7"), r"holds an array of shape \(1,\)"),
}


@pytest.mark.parametrize(("content", "problem"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_from_the_server_is_an_error(tiny, online, tmp_path, content, problem):
    online.contents["t10k-images-idx3-ubyte.gz"] = content
    url = f"{online.url}t10k-images-idx3-ubyte.gz"
    with pytest.raises(
        CorruptFileError, match=f"{url}: the server sent a wrong file, which {problem}"
    ):
        load_data()
    cache = tmp_path / LOCATIONS["the Keras cache"]
    assert file_names(cache) == ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"]
    online.contents.update(tiny.compressed())
    assert_is_tiny(load_data(), tiny)


PROCESS = """
    import sys
    from pathlib import Path
    from kcore.datasets import fashion_mnist
    fashion_mnist.FILES = tuple(
        fashion_mnist.IdxFile(name, eval(shape), digest)
        for name, shape, digest in (line.split("|") for line in sys.argv[2:])
    )
    fashion_mnist.BASE_URL = sys.argv[1]
    fashion_mnist.DEBIAN_DIRECTORY = Path("nowhere")
    (x_train, _), _ = fashion_mnist.load_data()
    print(int(x_train.sum()))
"""


def test_two_processes_may_download_at_once(tiny, online, tmp_path):
    described = [f"{file.name}|{file.shape}|{file.sha256}" for file in fashion_mnist.FILES]
    command = [sys.executable, "-c", textwrap.dedent(PROCESS), online.url, *described]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outcomes = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outcomes
    total = str(int(tiny.arrays[name_of("train-images")].sum()))
    assert [out.strip() for out, _ in outcomes] == [total, total]
    cache = tmp_path / LOCATIONS["the Keras cache"]
    assert file_names(cache) == sorted(tiny.compressed())


def test_works_without_importing_keras():
    code = "import sys, kcore.datasets; print(sorted(m for m in sys.modules if 'keras' in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
