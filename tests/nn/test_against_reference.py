"""Every function against the float64 reference, in one compiled model and on arrays."""

import keras
import numpy as np
import pytest

from backends_tests import reference
from backends_tests.cases import arrays
from backends_tests.contract import promise
from backends_tests.gradient import gradients, holding
from backends_tests.grid import cases_of
from kcore import nn

LAYERS = {
    "Conv2D": lambda case, x, w: nn.conv2d(x, w[0], **window(case)),
    "DepthwiseConv2D": lambda case, x, w: nn.depthwise_conv2d(x, w[0], **window(case)),
    "SeparableConv2D": lambda case, x, w: nn.separable_conv2d(x, w[0], w[1], **window(case)),
    "Conv2DTranspose": lambda case, x, w: nn.conv2d_transpose(
        x, w[0], output_padding=case.output_padding, **window(case)
    ),
    "MaxPooling2D": lambda case, x, w: nn.max_pool(x, case.kernel, **pool(case)),
    "AveragePooling2D": lambda case, x, w: nn.avg_pool(x, case.kernel, **pool(case)),
}


def window(case):
    return pool(case) | {"dilation_rate": case.dilation_rate}


def pool(case):
    return {"strides": case.strides, "padding": case.padding, "data_format": case.data_format}


def fitting(layer):
    """Cases without bias; convolutions also with strides and dilation at once."""
    found = [case.but(use_bias=False) for case in cases_of(layer) if promise(case).shape]
    if layer in ("Conv2D", "Conv2DTranspose"):
        dilated = [case for case in found if max(case.dilation_rate) > 1 and case.padding == "same"]
        mixed = [case.but(strides=(2, 3), output_padding=None) for case in dilated[:6]]
        found = [*mixed, *found]
    return [case for case in found if case.dtype == "float32"]


def check(case, y):
    given = arrays(case)
    truth = reference.evaluate(case, given.x, given.weights)
    assert y.shape == truth.shape
    size = reference.bound(case, given.x, given.weights)
    with np.errstate(invalid="ignore"):
        close = np.abs(y - truth) <= 1e-6 * (1 + size)
    same = np.where(np.isfinite(truth), close, (y == truth) | (np.isnan(y) & np.isnan(truth)))
    assert same.all(), f"{case.id}: {np.count_nonzero(~same)} of {same.size} values are wrong"


@pytest.mark.parametrize("layer", LAYERS)
def test_in_one_compiled_model(layer):
    cases = [case for case in fitting(layer) if case.batch][:6] + fitting(layer)[6::4]
    inputs = [keras.Input(batch_shape=c.input_shape, dtype=str(arrays(c).x.dtype)) for c in cases]
    pairs = zip(cases, inputs, strict=True)
    outputs = [LAYERS[layer](case, x, arrays(case).weights) for case, x in pairs]
    for case, output in zip(cases, outputs, strict=True):
        truth = reference.evaluate(case, arrays(case).x, arrays(case).weights)
        assert tuple(output.shape) == truth.shape
    found = keras.Model(inputs, outputs).predict_on_batch([arrays(case).x for case in cases])
    assert len(cases) > 25
    for case, y in zip(cases, found, strict=True):
        check(case, y)


@pytest.mark.parametrize("layer", LAYERS)
def test_special_inputs_on_arrays(layer):
    special = [c for c in fitting(layer) if c.data != "random" or c.batch == 0]
    plain = [c for c in fitting(layer) if c.data == "random" and c.batch and c.sizes != (4, 4)]
    narrow = [c for c in fitting(layer) if c.sizes == (4, 4) and c.filters == 4]
    cases = [*special, *plain[:4], *narrow]
    assert {case.data for case in cases} >= {"nan", "infinite", "integer", "random"}
    for case in cases:
        y = LAYERS[layer](case, arrays(case).x, arrays(case).weights)
        check(case, keras.ops.convert_to_numpy(y))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("layer", LAYERS)
def test_half_precision_keeps_its_dtype(layer, dtype):
    case = next(c for c in fitting(layer) if c.batch and c.padding == "same")
    given = arrays(case)
    x, *weights = (keras.ops.cast(array, dtype) for array in (given.x, *given.weights))
    y = LAYERS[layer](case, x, weights)
    assert keras.backend.standardize_dtype(y.dtype) == dtype
    truth = reference.evaluate(case, given.x, given.weights)
    size = reference.bound(case, given.x, given.weights)
    share = {"float16": 2e-3, "bfloat16": 2e-2}[dtype]
    found = keras.ops.convert_to_numpy(keras.ops.cast(y, "float32"))
    assert (np.abs(found - truth) <= share * size).all()


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if "Pool" not in layer])
def test_gradients_of_filters_and_images(layer):
    cases = [c for c in fitting(layer) if c.batch and c.data == "random" and max(c.strides) < 5]
    dilated = [c for c in cases if max(c.dilation_rate) > 1]
    cases = [*dilated[:3], *[c for c in cases if c not in dilated][:3]]
    if layer == "SeparableConv2D":
        cases = cases[:4]
    ups, layers = [], []
    for case in cases:
        shape = reference.evaluate(case, arrays(case).x, arrays(case).weights).shape
        ups.append(np.random.default_rng(1).integers(1, 9, shape).astype("float32"))
        layers.append(Held(LAYERS[layer], case))
    found = gradients(layers, [arrays(case).x for case in cases], ups)
    for case, up, gradient in zip(cases, ups, found, strict=True):
        truths = reference.gradients(case, arrays(case).x, arrays(case).weights, up)
        for value, truth in zip(gradient.of, truths, strict=True):
            np.testing.assert_allclose(value, truth, rtol=1e-4, atol=1e-3, err_msg=case.id)


class Held(keras.layers.Layer):
    """One of the functions with trainable filters."""

    def __init__(self, function, case):
        super().__init__()
        self.function, self.case = function, case
        for weight in arrays(case).weights:
            self.add_weight(shape=weight.shape, initializer=holding(weight))

    def call(self, x):
        return self.function(self.case, x, [weight.value for weight in self.trainable_variables])
