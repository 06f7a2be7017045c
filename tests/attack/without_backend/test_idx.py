"""Attack the reader of IDX files: damaged files must be refused, or read right."""

import numpy as np
from attack.corpora.idx_files import ARRAY, SHA256, idx_files
from attack.tally import RIGHT, Tally

from kcore.datasets import CorruptFileError
from kcore.datasets._idx import read_idx


def judge(array):
    is_same = array.dtype == np.uint8 and np.array_equal(array, ARRAY)
    return RIGHT if is_same else "other numbers"


def test_idx_files(tmp_path):
    tally = Tally("damaged IDX files")
    path = tmp_path / "train-images"
    for name, content in idx_files():
        path.write_bytes(content)
        tally.case(
            name,
            lambda: read_idx(path, shape=ARRAY.shape, sha256=SHA256),
            judge,
            refusals=CorruptFileError,
            named=str(path),
        )
    tally.close(at_least=400)
