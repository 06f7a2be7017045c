"""Attack the readers of weights and models with damaged and crafted files."""

from functools import partial

import keras
import numpy as np
import pytest
from attack.corpora import weights_files as corpus
from attack.corpora.hdf5_screen import hopeless
from attack.tally import REFUSED, RIGHT, UNDETECTABLE, UNREADABLE, Tally

from kcore.models import ModelFileError, WeightsFileError, load, load_weights

MUST = {corpus.SOUND: RIGHT, corpus.BAD: REFUSED}

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def source():
    model = corpus.network(1)
    rng = np.random.default_rng(2)
    model.set_weights([rng.random(weight.shape, "float32") for weight in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def files(source):
    return corpus.sound_files(source)


def same(found, wanted):
    return len(found) == len(wanted) and all(map(np.array_equal, found, wanted))


def judged(kind, found, wanted):
    if same(found, wanted):
        return RIGHT
    if not all(np.isfinite(values).all() for values in found):
        return "weights that are not finite"
    return UNDETECTABLE if kind == corpus.UNCHECKED else "other weights"


def attack_weights(tally, path, cases, source):
    """Load each file into a model, which must keep its weights if the file is refused."""
    model = corpus.network(3)
    wanted, own = corpus.weights_of(source), corpus.weights_of(model)

    def load_it(kind):
        model.set_weights(own)
        try:
            load_weights(model, path)
        except WeightsFileError:
            if not same(corpus.weights_of(model), own):
                return "refused, but the model has lost its weights"
            raise
        return judged(kind, corpus.weights_of(model), wanted)

    screened = hopeless([content for _, content, _ in cases] if path.suffix == ".h5" else [])
    for number, (name, content, kind) in enumerate(cases):
        if number in screened:
            tally.count(name, UNREADABLE)
            continue
        path.write_bytes(content)
        tally.case(
            name,
            partial(load_it, kind),
            str,
            refusals=WeightsFileError,
            named=path.name,
            must=MUST.get(kind),
        )


def test_keras_3_weights(source, files, tmp_path):
    tally = Tally("damaged .weights.h5 files")
    data = files[0]
    paths = "layers/conv2d/vars/0", "layers/dense/vars/1"
    cases = [*corpus.damaged_hdf5(data), *corpus.crafted_hdf5(data, *paths)]
    attack_weights(tally, tmp_path / "a.weights.h5", cases, source)
    tally.close(at_least=250)


def test_legacy_weights(source, files, tmp_path):
    tally = Tally("damaged legacy .h5 files")
    data = files[1]
    paths = "conv/conv/kernel:0", "scored/scored/bias:0"
    cases = [*corpus.damaged_hdf5(data), *corpus.crafted_hdf5(data, *paths)]
    attack_weights(tally, tmp_path / "a.h5", cases, source)
    tally.close(at_least=250)


def test_weights_of_archives(source, files, tmp_path):
    tally = Tally("weights of damaged .keras files")
    cases = list(corpus.damaged_archives(files[2]))
    attack_weights(tally, tmp_path / "a.keras", cases, source)
    tally.close(at_least=250)


def test_models(source, files, tmp_path):
    tally = Tally("damaged and crafted .keras files")
    path, marker = tmp_path / "a.keras", tmp_path / "marker"
    wanted = corpus.weights_of(source)
    cases = [*corpus.damaged_archives(files[2]), *corpus.crafted_archives(files[2], marker)]

    def judge(kind, model):
        if not isinstance(model, keras.Model):
            return f"a {type(model).__name__}"
        return judged(kind, corpus.weights_of(model), wanted)

    for name, content, kind in cases:
        path.write_bytes(content)
        tally.case(
            name,
            partial(load, path),
            partial(judge, kind),
            refusals=ModelFileError,
            named=path.name,
            must=MUST.get(kind),
        )
        if [each.name for each in tmp_path.iterdir()] != ["a.keras"]:
            tally.count(f"{name}, afterwards", "made a file")
    tally.close(at_least=450)
