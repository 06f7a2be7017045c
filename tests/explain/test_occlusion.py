import keras
import numpy as np
import pytest

from kcore.explain import occlusion

L = keras.layers


IMAGES = np.random.default_rng(2).normal(size=(2, 6, 7, 2))


def test_the_map_is_that_of_the_definition(network, model):
    found = occlusion(model, IMAGES, [1, 3], patch_size=3, stride=2, value=0.5, batch_size=4)
    assert (found.shape, found.dtype) == ((2, 6, 7), np.float32)
    for number, one in enumerate([1, 3]):
        losses = [[[] for _ in range(7)] for _ in range(6)]
        for row in (0, 2, 3):
            for column in (0, 2, 4):
                covered = IMAGES[number].copy()
                covered[row : row + 3, column : column + 3] = 0.5
                loss = network.scores(IMAGES[number])[one] - network.scores(covered)[one]
                for y in range(row, row + 3):
                    for x in range(column, column + 3):
                        losses[y][x].append(loss)
        expected = np.array([[np.mean(cell) for cell in line] for line in losses])
        assert found[number] == pytest.approx(expected, abs=1e-3)


def test_the_predicted_class_is_the_default(network, model):
    classes = [network.scores(image).argmax() for image in IMAGES]
    given = occlusion(model, IMAGES, classes, patch_size=3, stride=3)
    assert occlusion(model, IMAGES, patch_size=3, stride=3) == pytest.approx(given)


def test_channels_first():
    kernel = np.random.default_rng(0).normal(size=(2, 3, 4))
    flatten = L.Flatten(data_format="channels_first")
    model = keras.Sequential([keras.Input((2, 3, 4)), flatten, L.Dense(1, use_bias=False)])
    model.set_weights([kernel.transpose(1, 2, 0).reshape(24, 1)])
    found = occlusion(model, np.ones((1, 2, 3, 4)), 0, patch_size=1, stride=1)
    assert found[0] == pytest.approx(kernel.sum(axis=0), abs=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patch_size": 7}, "patch_size=7 is larger than the images of 6×7 pixels"),
        ({"patch_size": 2, "stride": 3}, "stride=3 is larger than patch_size=2, so some"),
        ({"patch_size": 0}, "patch_size=0 must be an integer of at least 1"),
        ({"patch_size": 2, "stride": 1, "value": np.nan}, "value=nan must be a finite number"),
    ],
)
def test_settings_out_of_range_are_refused(model, settings, message):
    with pytest.raises(ValueError, match=message):
        occlusion(model, IMAGES, **settings)


class BreaksAtNine(keras.layers.Layer):
    """Makes NaN of 9, and leaves the rest."""

    def call(self, x):
        return keras.ops.where(x == 9, np.nan, x)


def test_a_map_of_nothing_finite_is_zero_and_said():
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), BreaksAtNine(), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    images = np.ones((2, 4, 4, 1), "float32")
    images[1, 0, 0] = 9
    with pytest.warns(
        UserWarning, match="the maps of these images are all zeros, .* finite: 1"
    ) as caught:
        maps = occlusion(model, images, 0, patch_size=2, stride=2)
    assert caught[0].filename == __file__
    assert np.isfinite(maps).all()
    assert not maps[1].any()
