"""Maps of a trained model fall on the object, whose position in a synthetic scene is known."""

import dataclasses

import keras
import numpy as np
import pytest

from kcore import random
from kcore.datasets import scenes
from kcore.explain import (
    class_scores,
    deletion,
    grad_cam,
    grad_cam_plus_plus,
    insertion,
    layer_cam,
    occlusion,
    saliency,
    score_cam,
    smooth_grad,
)

L = keras.layers

SIZE = 32
CLASSES = ("ball", "bolt")


def scene(index, split):
    """A scene whose object is small, so that chance hits it seldom."""
    parameters = scenes.draw_parameters(index, classes=CLASSES, split=split)
    return scenes.paint(dataclasses.replace(parameters, size=parameters.size * 0.6), (SIZE, SIZE))


def stage(filters, kernel_size, strides):
    return [
        L.Conv2D(filters, kernel_size, strides, padding="same", use_bias=False),
        L.BatchNormalization(momentum=0.9),
        L.ReLU(),
    ]


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            L.Rescaling(1 / 127.5, -1.0),
            *stage(16, 5, 2),
            *stage(32, 3, 1),
            *stage(32, 3, 2),
            L.GlobalAveragePooling2D(),
            L.Dense(2, activation="softmax"),
        ]
    )
    some = [scene(index, "train") for index in range(480)]
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    images = np.stack([one.image for one in some]).astype("float32")
    model.fit(images, np.array([one.label for one in some], "int32"), epochs=10, verbose=0)
    return model


@pytest.fixture(scope="module")
def test_scenes():
    some = [scene(index, "test") for index in range(32)]
    inside = np.zeros((32, SIZE, SIZE), bool)
    for mask, one in zip(inside, some, strict=True):
        top, left, bottom, right = one.box
        mask[top:bottom, left:right] = True
    images = np.stack([one.image for one in some]).astype("float32")
    return images, np.array([one.label for one in some]), inside


def test_the_model_has_learned_its_classes(model, test_scenes):
    images, labels, _ = test_scenes
    assert (class_scores(model, images).predicted == labels).mean() >= 0.8


@pytest.mark.parametrize(
    ("function", "settings", "least"),
    [
        (grad_cam, {}, 1.6),
        (grad_cam_plus_plus, {}, 1.6),
        (layer_cam, {}, 1.6),
        (score_cam, {}, 1.25),
        (saliency, {}, 1.6),
        (smooth_grad, {"samples": 8}, 1.5),
        (occlusion, {"value": 127.5}, 1.5),
    ],
)
def test_the_energy_of_a_map_lies_in_the_box_of_the_object(
    model, test_scenes, function, settings, least
):
    images, labels, inside = test_scenes
    maps = np.maximum(function(model, images, class_index=labels, **settings), 0)
    # Of an image that the model takes for the other class, no region may support its own.
    speaks = maps.any(axis=(1, 2))
    assert speaks.sum() >= 28
    energy = (maps * inside)[speaks].sum(axis=(1, 2)) / maps[speaks].sum(axis=(1, 2))
    chance = inside[speaks].mean(axis=(1, 2))
    assert (energy / chance).mean() >= least


def test_a_map_tells_better_than_chance_which_pixels_matter(model, test_scenes):
    images, labels, _ = test_scenes
    maps = grad_cam(model, images, class_index=labels)
    noise = random.uniform(random.key(0), maps.shape)
    # Mid gray, the value that the model takes for zero.
    settings = {"steps": 10, "value": 127.5}

    def area(function, of):
        return function(model, images, of, labels, **settings).area.mean()

    assert area(deletion, maps) < area(deletion, noise) - 0.08
    assert area(insertion, maps) > area(insertion, noise) + 0.05
