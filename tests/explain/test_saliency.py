import keras
import numpy as np
import pytest
from oracles.small_network import small_network

from kcore import random
from kcore.explain import saliency, smooth_grad

L = keras.layers


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(2).normal(size=(3, 6, 7, 2))


def picture(slopes):
    largest = np.abs(slopes).max(axis=-1)
    return largest / largest.max()


def test_saliency_is_that_of_the_definition(network, model, images):
    found = saliency(model, images, [0, 3, 1], batch_size=2)
    assert (found.shape, found.dtype) == ((3, 6, 7), np.float32)
    for number, one in enumerate([0, 3, 1]):
        slopes = network.gradient_at_input(images[number], one)
        assert found[number] == pytest.approx(picture(slopes), abs=1e-4)


def test_saliency_of_a_linear_model_is_its_kernel():
    kernel = np.random.default_rng(0).normal(size=(4, 5, 3, 2))
    model = keras.Sequential([keras.Input((4, 5, 3)), L.Flatten(), L.Dense(2, use_bias=False)])
    model.set_weights([kernel.reshape(60, 2)])
    found = saliency(model, np.ones((1, 4, 5, 3), "uint8"), 1)
    assert found[0] == pytest.approx(picture(kernel[..., 1]), abs=1e-5)


def test_smooth_grad_is_the_mean_over_noisy_copies(network, model, images):
    found = smooth_grad(model, images, 2, samples=7, noise_level=0.3, seed=5, batch_size=3)
    for number, image in enumerate(images):
        keys = random.fold_in(random.fold_in(random.key(5), number), np.arange(7))
        noise = random.normal(keys, image.shape) * 0.3 * np.ptp(image)
        slopes = np.mean([network.gradient_at_input(image + one, 2) for one in noise], axis=0)
        assert found[number] == pytest.approx(picture(slopes), abs=1e-4)


def test_smooth_grad_keeps_to_the_class_of_the_clean_image(network, model, images):
    classes = [network.scores(image).argmax() for image in images]
    settings = {"samples": 3, "noise_level": 2.0}
    given = smooth_grad(model, images, classes, **settings)
    assert smooth_grad(model, images, **settings) == pytest.approx(given)


def test_another_seed_gives_another_map_and_other_images_do_not(model, images):
    def first(some, seed):
        return smooth_grad(model, some, 1, samples=2, seed=seed)[0]

    assert first(images, 0) == pytest.approx(first(images[:1], 0), abs=1e-5)
    assert np.abs(first(images, 0) - first(images, 1)).max() > 0.01


def test_the_channels_of_a_channels_first_model():
    kernel = np.random.default_rng(0).normal(size=(3, 4, 5, 2))
    flatten = L.Flatten(data_format="channels_first")
    model = keras.Sequential([keras.Input((3, 4, 5)), flatten, L.Dense(2, use_bias=False)])
    # Flatten moves the channels to the end.
    model.set_weights([kernel.transpose(1, 2, 0, 3).reshape(60, 2)])
    found = saliency(model, np.ones((1, 3, 4, 5)), 0)
    assert found[0] == pytest.approx(picture(kernel[..., 0].transpose(1, 2, 0)), abs=1e-5)


def test_a_score_that_depends_on_no_pixel_gives_zeros():
    model = keras.Sequential([keras.Input((2, 2, 1)), L.Flatten(), L.Dense(2)])
    model.set_weights([np.zeros((4, 2)), np.ones(2)])
    with pytest.warns(UserWarning, match="saliency: .* no positive value: 0, 1") as caught:
        assert not saliency(model, np.ones((2, 2, 2, 1))).any()
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"samples": 0}, "samples=0 must be an integer of at least 1"),
        ({"noise_level": 0}, "noise_level=0 must be greater than 0"),
        ({"seed": -1}, "seed=-1 must be an integer"),
        ({"batch_size": 0}, "batch_size=0 must be an integer"),
    ],
)
def test_settings_out_of_range_are_refused(model, images, settings, message):
    with pytest.raises(ValueError, match=message):
        smooth_grad(model, images, **settings)


def test_maps_change_when_weights_are_scrambled(model, images):
    other = keras.models.clone_model(model)
    other.set_weights(small_network(seed=9).weights)
    for function in (saliency, smooth_grad):
        before, after = (function(one, images, 2) for one in (model, other))
        assert np.abs(before - after).max(axis=(1, 2)).min() > 0.2
