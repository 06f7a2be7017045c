"""From files to names and probabilities, and class names that travel with the model."""

import json
import os
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from oracles import markup
from PIL import Image

import kcore
from kcore.models import Classification, classify, load, save, set_class_names

NAMES = ["cat", "dog", "owl"]


def classifier(classes=3, channels=3):
    images = keras.Input((9, 8, channels))
    conv = keras.layers.Conv2D(4, 3, name="conv")(images)
    base = keras.Model(images, conv)
    return kcore.models.transfer(
        base, "conv", classes, preprocessing="unit", hidden_units=5, seed=classes + channels
    )


@pytest.fixture(scope="module")
def model():
    return set_class_names(classifier(), NAMES)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for number in range(7):
        pixels = rng.integers(0, 256, (12 + number, 20, 3), dtype="uint8")
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return sorted(folder.iterdir())


def by_keras(model, files, **options):
    """Predict file by file with the loader of Keras."""
    loaded = [keras.utils.load_img(path, target_size=(9, 8), **options) for path in files]
    images = np.stack([keras.utils.img_to_array(image) for image in loaded])
    return model.predict(images, verbose=0)


def test_probabilities_are_those_of_keras_for_each_file(model, files):
    expected = by_keras(model, files)
    results = classify(model, map(str, files), top=3, batch_size=3)
    assert [result.path for result in results] == files
    for result, probabilities in zip(results, expected, strict=True):
        order = np.argsort(-probabilities)
        assert result.class_names == tuple(NAMES[number] for number in order)
        np.testing.assert_allclose(result.probabilities, probabilities[order], rtol=1e-5)
        assert result.error is None


def test_top_is_at_most_all(model, files):
    assert [len(result.class_names) for result in classify(model, files[:2], top=2)] == [2, 2]
    assert len(classify(model, files[:1])[0].probabilities) == 3


def test_bad_files_are_reported_and_stop_no_other(model, files, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes(files[0].read_bytes()[:200])
    bad = [tmp_path / name for name in ("text.png", "empty.png", "cut.png", "gone.png", ".")]
    mixed = [bad[0], files[0], *bad[1:], files[1]]
    results = classify(model, mixed, batch_size=3)
    good = classify(model, files[:2])
    assert [results[1].class_names, results[6].class_names] == [
        result.class_names for result in good
    ]
    errors = [result.error for result in results if result.error]
    assert len(errors) == 5
    assert "not an image" in errors[0]
    assert "empty" in errors[1]
    assert errors[3] == "there is no such file"
    assert all(not result.class_names for result in results if result.error)


def test_hostile_files_are_reported_too(model, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "photo.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    with (tmp_path / "large.png").open("wb") as file:
        file.truncate(60 * 2**30)
    pipe, photo, large = classify(
        model, [tmp_path / name for name in ("pipe.png", "photo.png", "large.png")]
    )
    assert pipe.error.endswith("pipe.png: not a regular file but a pipe")
    assert "photo.png: holds EPS, whatever its name says" in photo.error
    assert "large.png: " in large.error


def test_only_bad_files(model, tmp_path):
    assert classify(model, [tmp_path / "gone.png"])[0].error == "there is no such file"
    assert classify(model, []) == []


def test_one_sigmoid_has_two_classes(files):
    model = set_class_names(classifier(classes=1), ["horse", "human"])
    probability = by_keras(model, files)[:, 0]
    for result, human in zip(classify(model, files), probability, strict=True):
        found = dict(zip(result.class_names, result.probabilities, strict=True))
        assert found["human"] == pytest.approx(human, rel=1e-5)
        assert found["horse"] == pytest.approx(1 - human, rel=1e-5)


def test_gray_models_and_numbers_for_names(files):
    model = classifier(channels=1)
    expected = by_keras(model, files, color_mode="grayscale")
    for result, probabilities in zip(classify(model, files), expected, strict=True):
        assert result.class_names == tuple(map(str, np.argsort(-probabilities)))


def test_class_names_travel_with_the_file(model, files, tmp_path):
    save(model, tmp_path / "model.keras")
    loaded = load(tmp_path / "model.keras")
    assert loaded.class_names == tuple(NAMES)
    assert classify(tmp_path / "model.keras", files[:2]) == classify(model, files[:2])
    plain = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(by_keras(plain, files), by_keras(model, files))
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def test_a_model_without_class_names_is_saved_too(tmp_path):
    save(classifier(), tmp_path / "model.keras")
    assert not hasattr(load(tmp_path / "model.keras"), "class_names")


def test_class_names_beside_the_models_own_are_only_for_the_call(model, files):
    result = classify(model, files[:1], class_names=["x", "y", "z"])[0]
    assert set(result.class_names) == {"x", "y", "z"}
    assert model.class_names == tuple(NAMES)


@pytest.mark.parametrize(
    ("class_names", "message"),
    [
        (["a", "b"], "class_names has 2 names; 3 classes need 3"),
        (["a", "b", "b"], "must be different names"),
        (["a", "b", 3], "must be different names"),
        ("abc", "must be a sequence of names"),
    ],
)
def test_wrong_class_names(model, class_names, message):
    with pytest.raises(ValueError, match=message):
        set_class_names(model, class_names)


def test_what_classify_refuses(model, files, tmp_path):
    with pytest.raises(ValueError, match="is one path: give a list"):
        classify(model, files[0])
    with pytest.raises(ValueError, match="a known height and width"):
        classify(kcore.models.mlp((9, 8)), files)
    with pytest.raises(ValueError, match="interpolation='cubic' is unknown"):
        classify(model, files, interpolation="cubic")
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        classify(tmp_path / "gone.keras", files)
    (tmp_path / "junk.keras").write_text("junk")
    with pytest.raises(ValueError, match=r"junk\.keras is damaged"):
        classify(tmp_path / "junk.keras", files)
    with pytest.raises(ValueError, match=r"must end in \.keras"):
        save(model, tmp_path / "model.h5")


def test_damaged_class_names(model, tmp_path):
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras", "a") as archive:
        archive.writestr("kcore/class_names.json", json.dumps(["only one"]))
    with pytest.raises(
        ValueError, match=r"The names of classes in model\.keras are damaged: class_names has 1"
    ):
        load(tmp_path / "model.keras")


def test_code_in_a_file_is_not_run(tmp_path):
    images = keras.Input((9, 8, 3))
    doubled = keras.layers.Lambda(lambda x: 2 * x)(images)
    keras.Model(images, doubled).save(tmp_path / "lambda.keras")
    with pytest.raises(ValueError, match="safe"):
        load(tmp_path / "lambda.keras")


def of_images(*outputs, shape=(9, 8, 3)):
    """Return a model whose outputs are layers on flattened images."""
    images = keras.Input(shape)
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(images))
    made = [layer(x) for layer in outputs]
    return keras.Model(images, made[0] if len(made) == 1 else made, name="given")


def test_logits_become_probabilities_if_the_loss_says_so(files):
    rng = np.random.default_rng(3)
    for units, loss in [
        (3, keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
        (3, keras.losses.BinaryCrossentropy(from_logits=True)),
        (1, keras.losses.BinaryCrossentropy(from_logits=True)),
    ]:
        model = of_images(keras.layers.Dense(units))
        model.set_weights([9 * rng.normal(size=weight.shape) for weight in model.get_weights()])
        model.compile("adam", loss)
        logits = by_keras(model, files).astype("float64")
        assert np.abs(logits).max() > 1
        if isinstance(loss, keras.losses.BinaryCrossentropy):
            expected = 1 / (1 + np.exp(-logits))
        else:
            expected = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        if units == 1:
            expected = np.hstack([1 - expected, expected])
        for result, row in zip(classify(model, files), expected, strict=True):
            np.testing.assert_allclose(result.probabilities, np.sort(row)[::-1], rtol=1e-4)
            assert result.class_names[0] == str(row.argmax())


@pytest.mark.parametrize(
    "last",
    [
        lambda: keras.layers.Dense(3),
        lambda: keras.Sequential([keras.layers.Dense(3), keras.layers.Activation("linear")]),
        lambda: keras.Sequential([keras.layers.Dense(3), keras.layers.Reshape((3,))]),
    ],
)
def test_logits_of_nobody_knows_what_are_refused(files, last):
    """Also where they happen to lie between 0 and 1, as here."""
    model = of_images(last())
    model.set_weights([np.zeros(weight.shape) + 0.001 for weight in model.get_weights()])
    assert 0 < by_keras(model, files).min() < by_keras(model, files).max() < 1
    with pytest.raises(
        ValueError, match=r"'given' ends in a layer without .*Activation\('softmax'"
    ):
        classify(model, files)
    with pytest.raises(ValueError, match=r"Activation\('sigmoid'\)\]\), or compile"):
        classify(of_images(keras.layers.Dense(1)), files)


def test_a_softmax_in_front_of_a_float32_tail_is_one(files):
    stack = [keras.layers.Dense(3, activation="softmax"), keras.layers.Activation("linear")]
    model = of_images(keras.Sequential(stack))
    expected = np.sort(by_keras(model, files), axis=-1)[:, ::-1]
    found = [result.probabilities for result in classify(model, files)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_values_that_are_no_probabilities_are_refused(files):
    model = of_images(keras.layers.Dense(3, activation="relu", bias_initializer="ones"))
    model.set_weights([np.zeros(model.weights[0].shape), np.full(3, -0.0) + 9])
    with pytest.raises(ValueError, match="'given' gives 9, which is not a probability: add the"):
        classify(model, files)


def test_nan_is_no_class(files):
    model = of_images(keras.layers.Dense(3, activation="softmax"))
    model.set_weights([np.full(weight.shape, np.nan) for weight in model.get_weights()])
    for result in classify(model, files[:2]):
        assert result.error == "the model gives NaN or infinite values for it"
        assert not result.class_names


def test_models_that_are_no_classifiers_of_images(files):
    dense = keras.layers.Dense
    cases = [
        (of_images(dense(2), dense(3)), "has 2 outputs: a classifier has one"),
        (
            keras.Sequential([keras.Input((9, 8, 3)), keras.layers.Conv2D(2, 3)]),
            "gives .None, 7,",
        ),
        (kcore.models.SubclassedMLP(3), "a SubclassedMLP without a graph of layers"),
        (
            keras.Model(
                (pair := [keras.Input((9, 8, 3)), keras.Input((9, 8, 3))]),
                dense(2, activation="softmax")(keras.layers.Flatten()(keras.layers.Add()(pair))),
            ),
            "has 2 inputs: one is needed",
        ),
    ]
    for model, message in cases:
        with pytest.raises(ValueError, match=message):
            classify(model, files)
    named = keras.Input((9, 8, 3))
    flat = keras.layers.Flatten()(named)
    several = keras.Model(named, {"a": dense(2)(flat), "b": dense(3)(flat)})
    for refuse in (lambda: classify(several, files), lambda: set_class_names(several, ["a", "b"])):
        with pytest.raises(ValueError, match="has 2 outputs"):
            refuse()


def test_a_classification_shows_its_file_and_classes():
    path = Path("photos", "a<b>.png")
    good = Classification(path, ("cat", "dog"), (0.973, 0.027))
    assert repr(good) == "<Classification of a<b>.png: cat 97.3%, dog 2.7%>"
    bad = Classification(Path("photos", "gone\x1b.png"), error="there is no such file")
    assert repr(bad) == r"<Classification of gone\x1b.png: there is no such file>"
    texts = [text.strip() for text in markup.Page(good._repr_html_()).texts]
    found = [text for text in texts if text]
    assert found == [str(path), "class", "probability", "cat", "97.3%", "dog", "2.7%"]
    assert "there is no such file" in bad._repr_html_()
