"""`keras.datasets.fashion_mnist` reads the same arrays from the same files."""

import gzip
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from kcore.datasets import fashion_mnist

LOAD_WITH_KERAS = """
    import socket
    import sys

    import numpy as np

    def refuse(*arguments, **options):
        raise AssertionError("Keras downloads, so it looked elsewhere")

    import keras

    socket.socket.connect = refuse
    (x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
    np.savez(sys.argv[1], x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
"""


@pytest.fixture(scope="module")
def data():
    return fashion_mnist.load_data()


@pytest.mark.slow
@pytest.mark.parametrize("variable", ["HOME", "KERAS_HOME"])
def test_keras_finds_and_reads_the_same_files(environment, data, tmp_path, monkeypatch, variable):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.delenv("KCORE_DATA_DIR", raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(fashion_mnist, "DEBIAN_DIRECTORY", tmp_path / "nowhere")
    monkeypatch.setattr(fashion_mnist, "BASE_URL", "http://no-such-host.invalid/")
    cache = fashion_mnist.keras_cache_location(fashion_mnist.DIRECTORY_NAME).directory
    assert tmp_path in cache.parents
    arrays = [array for split in data for array in split]
    write_cache(cache, arrays)

    saved = tmp_path / "keras.npz"
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LOAD_WITH_KERAS), str(saved)],
        env={**os.environ, "KERAS_BACKEND": environment.backend},
        check=True,
        timeout=120,
    )
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    with np.load(saved) as keras_data:
        np.testing.assert_array_equal(x_train, keras_data["x_train"])
        np.testing.assert_array_equal(y_train, keras_data["y_train"])
        np.testing.assert_array_equal(x_test, keras_data["x_test"])
        np.testing.assert_array_equal(y_test, keras_data["y_test"])


def write_cache(directory, arrays):
    directory.mkdir(parents=True)
    for file, array in zip(fashion_mnist.FILES, arrays, strict=True):
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        with gzip.open(directory / f"{file.name}.gz", "wb", compresslevel=1) as stream:
            stream.write(header + array.tobytes())
