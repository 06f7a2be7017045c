"""What several threads learn of one model is what one thread learns."""

import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from kcore import explain, inspect
from kcore.inspect._hooks import named_layers

L = keras.layers
CALLS = 48
THREADS = 4


def network(seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((None, None, 2)),
            L.Conv2D(3, 3, activation="relu", name="conv"),
            L.BatchNormalization(name="normalized"),
            L.GlobalAveragePooling2D(name="pooled"),
            L.Dense(4, activation="softmax", name="scored"),
        ]
    )


def images(number):
    """Differ with the number, and so does their size, so that functions are compiled meanwhile."""
    size = 6 + number % 2
    return np.random.default_rng(number).normal(size=(2, size, size, 2))


def as_arrays(found):
    if isinstance(found, explain.Gradients):
        found = [found.values, found.scores]
    if isinstance(found, explain.Attributions | explain.ClassScores):
        found = found.values
    if isinstance(found, explain.FaithfulnessCurve):
        found = found.probabilities
    if isinstance(found, explain.ActivationMaximization):
        found = found.images
    if isinstance(found, inspect.Trace | inspect.Audit):
        return str(found)
    return found


def explained(model, number):
    """Do one thing of many, told by the number."""
    x, one = images(number), number % 4
    ways = (
        lambda: explain.grad_cam(model, x, class_index=one),
        lambda: explain.saliency(model, x, class_index=one),
        lambda: explain.class_scores(model, x),
        lambda: inspect.activations(model, x),
        lambda: explain.layer_cam(model, x, class_index=one),
        lambda: str(inspect.trace(model, x.shape[1:])),
    )
    return as_arrays(ways[number // 2 % len(ways)]())


def in_threads(function, numbers, threads=THREADS):
    """Call the function for all numbers, in an order of its own in each thread."""
    barrier = threading.Barrier(threads)

    def run(seed):
        barrier.wait()
        order = np.random.default_rng(seed).permutation(numbers)
        return {int(number): function(int(number)) for number in order}

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def assert_same(found, wanted):
    if isinstance(wanted, str):
        assert found == wanted
        return
    for one, other in zip(keras.tree.flatten(found), keras.tree.flatten(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def watched_attributes(model):
    return {
        path: sorted({"call"} & set(vars(layer)))
        for layer, path in [(model, ""), *named_layers(model, "")]
    }


@pytest.mark.filterwarnings("ignore:.*maps of these images are all zeros")
def test_many_calls_on_one_model_from_threads_give_what_one_thread_gives():
    model = network()
    twin = network()
    twin.set_weights(model.get_weights())
    numbers = np.arange(CALLS)
    wanted = {int(number): explained(twin, int(number)) for number in numbers}
    for found in in_threads(lambda number: explained(model, number), numbers):
        for number, result in found.items():
            assert_same(result, wanted[number])
    assert not any(watched_attributes(model).values())
    assert not any("noted" in repr(vars(layer)) for layer, _ in named_layers(model, ""))


@pytest.mark.filterwarnings("ignore:.*maps of these images are all zeros")
def test_the_slow_explanations_from_threads_give_what_one_thread_gives():
    model = network()
    x = images(0)
    maps = np.random.default_rng(1).random((2, *x.shape[1:3]))
    ways = (
        lambda: explain.integrated_gradients(model, x, 1, steps=3),
        lambda: explain.smooth_grad(model, x, 2, samples=3),
        lambda: explain.occlusion(model, x, 3, patch_size=3, stride=3),
        lambda: explain.score_cam(model, x, class_index=1),
        lambda: explain.deletion(model, x, maps, 1, steps=2),
        lambda: explain.maximize_activation(
            model, class_index=[1, 2], input_shape=x.shape[1:], steps=2
        ),
        lambda: inspect.audit(model, x.shape[1:]),
    )
    wanted = [as_arrays(way()) for way in ways]
    for found in in_threads(lambda number: as_arrays(ways[number]()), np.arange(len(ways))):
        for number, result in found.items():
            assert_same(result, wanted[number])


@pytest.mark.filterwarnings("ignore:.*maps of these images are all zeros")
def test_models_that_share_their_layers():
    inputs = keras.Input((None, None, 2))
    conv = L.Conv2D(3, 3, activation="relu", name="conv")
    pooled = L.GlobalAveragePooling2D()(conv(inputs))
    models = [keras.Model(inputs, L.Dense(4, activation="softmax")(pooled)) for _ in range(2)]
    numbers = np.arange(2 * 2)  # each model at each of two sizes

    def one(number):
        return explained(models[number % 2], number // 2)

    wanted = {int(number): one(int(number)) for number in numbers}
    fresh = [keras.Model(model.inputs, model.outputs) for model in models]
    models[:] = fresh
    for found in in_threads(one, numbers):
        for number, result in found.items():
            assert_same(result, wanted[number])
    assert "call" not in vars(conv)


def test_a_prediction_meanwhile_is_not_watched():
    model = network()
    x = images(0).astype("float32")
    wanted = np.asarray(model(x))
    started, stop, found = threading.Event(), threading.Event(), []

    def predict():
        while not stop.is_set():
            found.append(np.asarray(model(x)))
            started.set()

    thread = threading.Thread(target=predict)
    thread.start()
    started.wait()
    try:
        for size in range(4, 7):
            maps = inspect.activations(model, np.ones((1, size, size, 2)))
            assert [array.shape[0] for array in maps.values()] == [1] * 4
    finally:
        stop.set()
        thread.join()
    assert all(np.allclose(one, wanted, atol=1e-5) for one in found)
