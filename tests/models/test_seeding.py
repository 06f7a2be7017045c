import numpy as np
import pytest

import kcore
from kcore.models._first_weights import seed_weights

BUILDERS = {
    "linear": lambda seed: kcore.models.linear((4,), seed=seed),
    "mlp": lambda seed: kcore.models.mlp((5, 5), hidden_units=6, seed=seed),
    "cnn": lambda seed: kcore.models.cnn((12, 12, 1), filters=(3, 4), hidden_units=5, seed=seed),
    "binary_cnn": lambda seed: kcore.models.binary_cnn((22, 22, 3), filters=(2, 2, 2), seed=seed),
    "functional_mlp": lambda seed: kcore.models.functional_mlp((9,), seed=seed),
    "subclassed_mlp": lambda seed: kcore.models.subclassed_mlp((9,), seed=seed),
}


@pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)
def test_one_seed_gives_the_same_weights_and_another_seed_others(build):
    first, again, other = (build(seed).get_weights() for seed in (7, 7, 8))
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        if a.ndim > 1:
            assert not np.any(a == c)
        else:
            np.testing.assert_array_equal(a, 0)


GOLDEN_MLP_SEED_7 = [
    [-0.005058471579104662, -0.011980727314949036, -0.022227304056286812],
    [-0.010190646164119244, -0.019258983433246613, -0.08051081001758575],
]


def test_the_bits_do_not_depend_on_the_backend():
    kernel = kcore.models.mlp(seed=7).get_weights()[0]
    golden = np.array(GOLDEN_MLP_SEED_7, dtype=np.float32)
    np.testing.assert_array_equal(kernel[:2, :3], golden)


def test_kernels_are_glorot_uniform():
    kernel = kcore.models.cnn(seed=3).get_weights()[2]  # 3 x 3 x 64 x 64
    limit = np.sqrt(6 / (9 * 64 + 9 * 64))
    assert np.abs(kernel).max() <= limit
    assert np.abs(kernel).max() > 0.999 * limit
    # A uniform variable on (-a, a) has mean 0 and variance a^2 / 3; 36,864 draws.
    assert abs(kernel.mean()) < 4 * limit / np.sqrt(3 * kernel.size)
    assert kernel.var() == pytest.approx(limit**2 / 3, rel=0.03)


def test_neighboring_seeds_and_layers_share_no_stream():
    model = kcore.models.functional_mlp((64,), hidden_units=(64, 64), seed=1)
    first, second = model.get_weights()[0], model.get_weights()[2]
    neighbor = kcore.models.functional_mlp((64,), hidden_units=(64, 64), seed=2).get_weights()[0]
    for other in (second, neighbor):
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.07


def test_without_a_seed_the_weights_stay_those_of_keras():
    model = kcore.models.linear((3,))
    before = model.get_weights()[0]
    assert seed_weights(model, None) is model
    np.testing.assert_array_equal(model.get_weights()[0], before)


def test_the_global_random_state_is_left_alone():
    before = np.random.get_state()  # noqa: NPY002 -- the legacy state is what this is about
    kcore.models.mlp(seed=3)
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]
