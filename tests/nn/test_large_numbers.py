"""Numbers far beyond the images: the right values, or an error in words, and never a dead process.

Everything runs in a process of its own, because what is tested for has ended processes.
"""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import kcore
from kcore import nn

SCRIPT = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (16 * 2**30,) * 2)
import numpy as np
import keras
from kcore import nn
from kcore.random import bits, integers, key, normal, permutation, split, uniform

x = np.arange(1 * 5 * 6 * 2, dtype="float32").reshape(1, 5, 6, 2) - 30
f = np.arange(3 * 2 * 2 * 2, dtype="float32").reshape(3, 2, 2, 2)
even = f[:2]
any_key = keras.ops.convert_to_tensor(key(7))
found = []
for call in json.loads(sys.argv[1]):
    try:
        y = keras.ops.convert_to_numpy(eval(call)).astype("float64")
        found.append([list(y.shape), y.ravel().tolist()])
    except (TypeError, ValueError) as error:
        found.append(str(error))
print(json.dumps(found))
"""

# Far-reaching numbers, and smaller ones that mean the same by the definition of windows.
SAME = {
    # A window of twice the size and more reaches over all cells from every position.
    "nn.max_pool(x, 10**9)": "nn.max_pool(x, 12)",
    "nn.max_pool(x, 10**9, 1)": "nn.max_pool(x, 12, 1)",
    "nn.avg_pool(x, (10**9, 2), (2, 1))": "nn.avg_pool(x, (10, 2), (2, 1))",
    "nn.avg_pool(x, 2**40, 2**40)": "nn.avg_pool(x, 12)",
    "nn.max_pool(x, 2, 10**9, 'VALID')": "nn.max_pool(x, 2, 6, 'VALID')",
    # Strides beyond the images leave one position.
    "nn.conv2d(x, f, 2**40, 'VALID')": "nn.conv2d(x, f, (5, 6), 'VALID')",
    # Of three taps far apart the middle one alone reads the images, of two none does.
    "nn.conv2d(x, f[:, :1], dilation_rate=10**9)": "nn.conv2d(x, f[1:2, :1])",
    "nn.depthwise_conv2d(x, f[:, :1], dilation_rate=10**9)": "nn.depthwise_conv2d(x, f[1:2, :1])",
    "nn.conv2d(x, even, dilation_rate=10**9)": "nn.conv2d(x, even * 0)",
    "nn.conv2d(x, f[:1, :1], padding='VALID', dilation_rate=10**9)": "nn.conv2d(x, f[:1, :1])",
}
REFUSED = {
    "nn.conv2d_transpose(x, f, 10**9)": "strides=",
    "nn.conv2d_transpose(x, f, 10**5)": "strides=",
    "nn.conv2d_transpose(x, f, 2**40, 'VALID')": "strides=",
    "nn.conv2d_transpose(x, f, dilation_rate=10**9)": "dilation_rate=",
    "nn.conv2d_transpose(x, f, dilation_rate=10**5)": "dilation_rate=",
    "nn.conv2d_transpose(x, f, 2, output_padding=10**9)": "output_padding=",
    "nn.dense(np.ones((10**6, 1), 'float32'), np.ones((1, 10**6), 'float32'))": "output of shape",
    "bits(key(7), 10**12)": "shape=",
    "bits(any_key, (10**6, 10**6))": "shape=",
    "uniform(key(7), 10**10)": "shape=",
    "normal(any_key, 10**10)": "shape=",
    "integers(key(7), 10**10, maxval=3)": "shape=",
    "permutation(key(7), 2**31 - 1)": "n=",
    "permutation(any_key, 2**31 - 1)": "n=",
    "split(key(7), 10**12)": "num=",
}


def answers(calls):
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(calls)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=Path(kcore.__file__).parents[1],
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.slow
def test_what_has_a_meaning_has_the_values_of_smaller_numbers():
    found = answers([*SAME, *SAME.values()])
    for call, far, near in zip(SAME, found, found[len(SAME) :], strict=False):
        assert isinstance(near, list), near
        assert far == near, call


@pytest.mark.slow
def test_what_no_memory_holds_is_refused_by_name():
    for call, said in zip(REFUSED, answers(list(REFUSED)), strict=True):
        assert isinstance(said, str), call
        assert REFUSED[call] in said, call


UNKNOWN = {
    "ksize": lambda x: nn.max_pool(x, 2**14 + 1),
    "strides": lambda x: nn.avg_pool(x, 2, 2**14 + 1),
    "dilation_rate": lambda x: nn.conv2d(x, np.ones((1, 3, 2, 2)), dilation_rate=2**14 + 1),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_images_of_unknown_size_keep_numbers_small(name):
    if keras.backend.backend() == "jax":  # compiles for known sizes alone
        inputs = keras.Input((None, None, 2))
        x = np.ones((1, 5, 6, 2), "float32")
        found = keras.Model(inputs, UNKNOWN[name](inputs)).predict_on_batch(x)
        np.testing.assert_array_equal(found, keras.ops.convert_to_numpy(UNKNOWN[name](x)))
        return
    import tensorflow as tf

    signature = [tf.TensorSpec((None, None, None, 2))]
    with pytest.raises(ValueError, match=f"{name}=.*: more than 16,384 needs a known height"):
        tf.function(UNKNOWN[name], input_signature=signature).get_concrete_function()
