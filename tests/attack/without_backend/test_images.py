"""Attack `load_img` with hostile image files."""

import os
from functools import partial

import numpy as np
import pytest
from attack.corpora.hostile_images import BAD, SOUND, UNCHECKED, hostile_files
from attack.tally import REFUSED, RIGHT, UNDETECTABLE, Tally

from kcore.images import ImageDecodeError, load_img

MUST = {SOUND: RIGHT, BAD: REFUSED}


def judged(file, pixels):
    """Judge uint8 pixels (height, width, 3) that were read from a file."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        return f"{pixels.dtype} of shape {pixels.shape}"
    if file.pixels is not None and np.array_equal(pixels, file.pixels):
        return RIGHT
    return UNDETECTABLE if file.kind == UNCHECKED else "other pixels"


def read(path):
    return np.asarray(load_img(path))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_images(tmp_path):
    tally = Tally("hostile image files")
    for file in hostile_files():
        path = tmp_path / file.name
        file.write(path)
        tally.case(
            file.about,
            partial(read, path),
            partial(judged, file),
            refusals=(ImageDecodeError, OSError),
            named=os.fspath(tmp_path / file.name[:4]),  # the rest may be shown with escapes
            must=MUST.get(file.kind),
        )
    tally.close(at_least=450)
