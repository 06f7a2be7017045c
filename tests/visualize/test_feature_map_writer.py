import keras
import numpy as np
import pytest
from PIL import Image

import kcore
from kcore.visualize import FeatureMapWriter
from kcore.visualize._frames import frame_of

X = np.random.default_rng(0).random((8, 6, 6, 1)).astype("float32")


def model():
    keras.utils.set_random_seed(0)
    built = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(3, 3, name="conv"),
            keras.layers.MaxPooling2D(2, name="pool"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(2, name="head"),
        ]
    )
    built.compile(keras.optimizers.SGD(0.1), "mse")
    return built


def fit(*callbacks, epochs=2, trained=None):
    trained = trained or model()
    trained.fit(X, np.ones((8, 2)), epochs=epochs, verbose=0, callbacks=list(callbacks))
    return trained


def frames(path):
    with Image.open(path) as film:
        for index in range(film.n_frames):
            film.seek(index)
            yield np.asarray(film.convert("RGB")).astype(int)


OPTIONS = {"max_channels": 64, "cmap": "viridis", "data_format": None}


def wanted(trained, epoch, names=("conv", "pool"), **options):
    maps = kcore.inspect.activations(trained, X[:1])
    shown = {name: maps[name] for name in names}
    return np.asarray(frame_of(shown, f"epoch {epoch}", **OPTIONS | options))


def test_there_is_a_picture_of_each_epoch_and_of_the_untrained_model(tmp_path):
    writer = FeatureMapWriter(tmp_path / "maps", X[0])
    untrained = wanted(model(), 0)
    trained = fit(writer)
    names = sorted(file.name for file in writer.path.iterdir())
    assert names == ["epoch-000.png", "epoch-001.png", "epoch-002.png"]
    first, _, last = (np.asarray(Image.open(writer.path / name)) for name in names)
    np.testing.assert_array_equal(first, untrained)
    np.testing.assert_array_equal(last, wanted(trained, 2))
    assert (first != last).any()


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_a_film_has_a_frame_for_each_epoch(tmp_path, suffix):
    writer = FeatureMapWriter(tmp_path / f"film{suffix}", X[:1], ["pool"], max_channels=2)
    trained = fit(writer)
    shown = list(frames(writer.path))
    assert len(shown) == 3
    difference = np.abs(shown[-1] - wanted(trained, 2, ["pool"], max_channels=2))
    assert difference.max() <= (16 if suffix == ".gif" else 0)  # a GIF has 256 colors


def test_a_long_film_is_rewritten_seldom_and_whole_at_the_end(tmp_path, monkeypatch):
    writer = FeatureMapWriter(tmp_path / "film.gif", X[0], "pool")
    lengths = []
    write = writer._write_film
    monkeypatch.setattr(writer, "_write_film", lambda: (write(), lengths.append(writer._filmed)))
    fit(writer, epochs=12)
    assert lengths == [1, 2, 3, 4, 5, 6, 8, 10, 12, 13]
    assert len(list(frames(writer.path))) == 13


def test_a_second_training_starts_anew(tmp_path):
    writer = FeatureMapWriter(tmp_path / "film.gif", X[0], "pool")
    trained = fit(writer)
    fit(writer, epochs=1, trained=trained)
    assert len(list(frames(writer.path))) == 2


def test_a_full_disk_does_not_end_the_training(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.warns(RuntimeWarning, match="FeatureMapWriter saved nothing: .*No space left"):
        fit(FeatureMapWriter(tmp_path / "maps", X[0]), epochs=1)


def test_layers_without_maps_are_named_before_the_first_epoch(tmp_path):
    with pytest.raises(ValueError, match=r"\(head\) return nothing with a height and a width"):
        fit(FeatureMapWriter(tmp_path / "maps", X[0], "head"))
    assert list(tmp_path.iterdir()) == []


def test_a_batch_of_several_images_is_refused_before_the_first_epoch(tmp_path):
    with pytest.raises(ValueError, match=r"image with shape \(8, 6, 6, 1\) is a batch of 8 images"):
        fit(FeatureMapWriter(tmp_path / "maps", X))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"image": "cat.png"}, ValueError, "image with dtype <U7 must be an array of numbers"),
        ({"image": [[1], [2, 3]]}, ValueError, "image must be an array of numbers"),
        ({"path": "film.mp4"}, ValueError, r"path='film.mp4' must end in .gif or .png or .webp"),
        ({"path": "gone/maps"}, FileNotFoundError, "there is no directory 'gone'"),
        ({"path": "file"}, ValueError, "path='file' is a file; give a directory"),
        ({"path": 3}, TypeError, "path=3 must be the name of a file"),
        ({"cmap": "virids"}, ValueError, "cmap='virids' is not a color map .* 'viridis'"),
        ({"max_channels": 0}, ValueError, "max_channels=0 must be an integer"),
    ],
)
def test_wrong_arguments_are_named_at_once(tmp_path, monkeypatch, arguments, error, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(error, match=message):
        FeatureMapWriter(**{"path": "maps", "image": X[0], **arguments})


def test_it_says_what_it_draws(tmp_path):
    writer = FeatureMapWriter("film.gif", X[0], max_channels=8, cmap="gray")
    assert repr(writer) == "FeatureMapWriter(path='film.gif', max_channels=8, cmap='gray')"
