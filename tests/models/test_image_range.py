"""Images of another range than the model takes: one warning, where both are known."""

import warnings

import keras
import numpy as np
import pytest

import kcore
from kcore.models import classify, compile_binary_classifier, compile_classifier, train_head

RNG = np.random.default_rng(0)
RAW = RNG.integers(0, 256, (8, 10, 10, 3), dtype="uint8")
UNIT = RAW / np.float32(255)
Y = np.arange(8) % 2


def messages(run):
    """Return kcore's warnings about ranges."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    return [str(one.message) for one in caught if "takes" in str(one.message)]


def cnn(rescale=None):
    model = kcore.models.cnn((10, 10, 3), 2, filters=(2,), hidden_units=3, rescale=rescale, seed=1)
    return compile_classifier(model)


def binary(rescale=None):
    model = kcore.models.binary_cnn(
        (10, 10, 3), filters=(2,), hidden_units=3, rescale=rescale, seed=1
    )
    return compile_binary_classifier(model)


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (kcore.models.mlp, (10, 10)),
        (kcore.models.functional_mlp, (100,)),
        (kcore.models.cnn, (10, 10, 3)),
        (kcore.models.binary_cnn, (10, 10, 3)),
    ],
)
def test_a_model_that_rescales_gives_for_raw_images_what_another_gives_for_scaled(build, shape):
    options = {"filters": (2,)} if "cnn" in build.__name__ else {}
    raw = RNG.integers(0, 256, (4, *shape), dtype="uint8")
    inside = build(shape, rescale=1 / 255, seed=2, **options)
    outside = build(shape, seed=2, **options)
    expected = outside.predict(raw / np.float32(255), verbose=0)
    np.testing.assert_allclose(inside.predict(raw, verbose=0), expected, rtol=1e-4)
    assert len(inside.layers) == len(outside.layers) + 1


def raw_flow(**options):
    generator = kcore.augment.ImageDataGenerator(**options)
    return generator.flow(RAW, Y, batch_size=4, seed=1)


@pytest.fixture
def no_steps(monkeypatch):
    """Let `fit` do nothing: the range is looked at before its first step."""
    monkeypatch.setattr(keras.Sequential, "fit", lambda self, x=None, y=None, **_: None)


@pytest.mark.usefixtures("no_steps")
@pytest.mark.parametrize("build", [cnn, binary])
def test_raw_images_meet_a_model_of_scaled_ones(build):
    datasets = [RAW, kcore.data.from_arrays(RAW, Y, batch_size=4), raw_flow()]
    for x in datasets:
        y = Y if x is RAW else None
        (message,) = messages(lambda x=x, y=y: build().fit(x, y, verbose=0))
        assert "x has values up to 25" in message
        assert "takes 0 to 1" in message
        assert "rescale=1 / 255" in message
        assert not messages(lambda x=x, y=y: build(rescale=1 / 255).fit(x=x, y=y, verbose=0))


@pytest.mark.usefixtures("no_steps")
@pytest.mark.parametrize("x", [UNIT, "flow"])
def test_scaled_images_are_what_the_course_gives(x):
    x = raw_flow(rescale=1 / 255) if isinstance(x, str) else x
    y = Y if x is UNIT else None
    assert not messages(lambda: cnn().fit(x, y, verbose=0))
    (message,) = messages(lambda: cnn(rescale=1 / 255).fit(x, y, verbose=0))
    assert "takes raw images, 0 to 255, and scales them itself" in message


def transferred():
    base = kcore.models.cnn((10, 10, 3), 2, filters=(2,), hidden_units=3, seed=1)
    return kcore.models.transfer(base, "pool_1", 2, preprocessing="unit", hidden_units=3, seed=1)


def test_a_transferred_model_wants_raw_images():
    model = transferred()
    assert not messages(lambda: train_head(model, RAW, Y, verbose=0))
    for x in (UNIT, raw_flow(rescale=1 / 255)):
        y = Y if x is UNIT else None
        (message,) = messages(lambda x=x, y=y: train_head(model, x, y, verbose=0))
        assert "x has values from 0" in message
        assert "leave out the division by 255" in message
    tune = {"unfreeze_from": "conv_1", "learning_rate": 1e-6, "verbose": 0}
    assert len(messages(lambda: kcore.models.fine_tune(model, UNIT, Y, **tune))) == 1


@pytest.mark.usefixtures("no_steps")
def test_ranges_that_say_nothing():
    dark = np.zeros_like(RAW)
    assert not messages(lambda: cnn().fit(dark, Y, verbose=0))
    assert not messages(lambda: cnn(rescale=1 / 255).fit(dark, Y, verbose=0))
    assert not messages(lambda: cnn().fit(UNIT * 4 - 2, Y, verbose=0))  # standardized
    own = keras.Sequential(
        [keras.Input((10, 10, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    own.add(keras.layers.Softmax())
    assert not messages(lambda: compile_classifier(own).fit(RAW, Y, verbose=0))


def test_a_watched_model_is_saved_as_any(tmp_path):
    model = cnn()
    model.fit(UNIT, Y, verbose=0)
    kcore.models.save(model, tmp_path / "model.keras")
    loaded = kcore.models.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(UNIT, verbose=0), model.predict(UNIT, verbose=0))
    assert type(keras.models.clone_model(model)) is keras.Sequential


@pytest.fixture
def files(tmp_path):
    for number, image in enumerate(RAW[:3]):
        kcore.images.save_img(tmp_path / f"{number}.png", image, scale=False)
    return sorted(tmp_path.iterdir())


def test_classify_scales_where_it_is_told_and_warns_where_it_should(files, tmp_path):
    model = cnn()
    kcore.models.save(model, tmp_path / "model.keras")
    expected = np.sort(model.predict(UNIT[:3], verbose=0), axis=-1)[:, ::-1]
    for given in (model, tmp_path / "model.keras"):
        found = []
        run = lambda given=given, found=found: found.extend(classify(given, files, rescale=1 / 255))  # noqa: E731
        assert not messages(run)
        np.testing.assert_allclose([one.probabilities for one in found], expected, rtol=1e-4)
        (message,) = messages(lambda given=given: classify(given, files))
        assert "'cnn' takes values from 0 to 1, and classify gives it 0 to 255" in message
    assert not messages(lambda: classify(model, files, rescale=1))
    assert not messages(lambda: classify(cnn(rescale=1 / 255), files))
    assert not messages(lambda: classify(transferred(), files))


def test_names_stay_when_a_cell_runs_twice():
    def names(model):
        return [layer.name for layer in model.layers]

    for build in (
        kcore.models.linear,
        kcore.models.mlp,
        kcore.models.functional_mlp,
        lambda: kcore.models.cnn(rescale=1 / 255),
        lambda: kcore.models.binary_cnn((24, 24, 3)),
    ):
        assert names(build()) == names(build())
    expected = ["conv_1", "pool_1", "conv_2", "pool_2", "flatten", "hidden", "predictions"]
    assert names(kcore.models.cnn()) == expected
    assert names(kcore.models.mlp()) == ["flatten", "hidden", "predictions"]


@pytest.mark.parametrize("rescale", ["1/255", np.nan, True])
def test_a_wrong_factor(rescale):
    with pytest.raises(ValueError, match="must be a finite number"):
        kcore.models.cnn(rescale=rescale)
