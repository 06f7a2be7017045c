"""The report is read back from real `fit` runs, after each epoch and at their ends."""

import gc
import re
import threading
import warnings

import keras
import numpy as np
import pytest
from oracles.markup import Page

import kcore
from kcore._locks import lock_of
from kcore.visualize import LiveReport

NAMES = ["dark <b>", "bright"]


def data(samples=32):
    x = np.random.default_rng(0).random((samples, 6, 6, 1)).astype("float32")
    labels = np.arange(samples) % 2
    x[labels == 0] /= 4
    return x, labels


def model(**arguments):
    keras.utils.set_random_seed(0)
    built = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(3, 3, name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax", name="head"),
        ]
    )
    defaults = {
        "optimizer": keras.optimizers.SGD(0.1),
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    }
    built.compile(**(defaults | arguments))
    return built


def fit(trained, *callbacks, epochs=3, **arguments):
    x, labels = data()
    return trained.fit(
        x, labels, epochs=epochs, batch_size=16, verbose=0, callbacks=list(callbacks), **arguments
    )


def read(path):
    page = Page(path.read_text(encoding="utf-8"))
    assert page.problems == []
    return page


class Spy(keras.callbacks.Callback):
    """Keeps what the report said when each epoch ended."""

    def __init__(self, path):
        super().__init__()
        self.path, self.pages = path, []

    def on_train_begin(self, logs=None):
        self.pages.append(read(self.path).text)

    def on_epoch_end(self, epoch, logs=None):
        self.pages.append(read(self.path).text)


class Stop(keras.callbacks.Callback):
    """Stops in its second epoch, or raises."""

    def __init__(self, error=None):
        super().__init__()
        self.error = error

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            if self.error is not None:
                raise self.error
            self.model.stop_training = True


def halves(_, images):
    """Return heat maps that are hot on the left."""
    return np.tile([1.0, 0.0], (len(images), 2, 1))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A report of everything, what it said on its way, and the history it tells of."""
    path = tmp_path_factory.mktemp("live") / "report.html"
    live = LiveReport(
        path,
        title="bright <or> dark",
        examples=data(),
        class_names=NAMES,
        layers="conv",
        explain=halves,
        seeds=0,
        bad_files=[("a.jpg", "dark <b>", "truncated")],
    )
    spy = Spy(path)
    history = fit(model(), live, spy, validation_split=0.25, validation_freq=2, epochs=3)
    return path, spy.pages, history.history


def test_it_shows_itself_as_the_report_that_it_wrote(tmp_path):
    live = LiveReport(tmp_path / "r.html")
    assert repr(live) == f"LiveReport({str(live.path)!r}, status='not yet written')"
    assert live._repr_html_() is None
    fit(model(), live, epochs=1)
    assert repr(live) == f"LiveReport({str(live.path)!r}, status='finished')"
    assert f'{live.path.name}"' in live._repr_html_()


def test_the_training_is_not_changed(whole):
    _, _, history = whole
    assert history == fit(model(), validation_split=0.25, validation_freq=2, epochs=3).history


def test_the_report_grows_epoch_by_epoch(whole):
    path, pages, _ = whole
    assert "▶ runningNo epoch has ended yet." in pages[0]
    assert re.search(r"▶ runningEpoch 1 of 3 is done. About .+ are left.", pages[1])
    assert "▶ runningEpoch 3 of 3 is done." in pages[3]
    assert "✓ finishedAll 3 epochs are done." in read(path).text


def test_it_holds_the_numbers_of_the_history(whole):
    path, _, history = whole
    page = read(path)
    for values in history.values():
        for value in values:
            assert f"{value:.4g}" in page.text
    assert len(history["val_loss"]) == 1
    described = re.search(r'aria-label="(loss: [^"]*)"', path.read_text(encoding="utf-8"))[1]
    assert f"validation {history['val_loss'][0]:.4g} in epoch 2" in described


def test_it_holds_all_parts(whole):
    page = read(whole[0])
    assert page.links == [
        "#curves",
        "#confusion",
        "#mistakes",
        "#class-activation",
        "#feature-maps",
        "#model",
        "#epochs",
        "#bad-files",
        "#setup",
    ]
    assert "3 layers, 128 parameters" in page.text
    assert "3 channels, 4×4 each" in page.text
    assert "example 0: dark <b>" in page.text
    assert keras.backend.backend() in page.text
    assert keras.version() in page.text


def test_the_headline_is_the_accuracy_on_the_examples(tmp_path):
    trained, (x, labels) = model(), data(24)
    live = LiveReport(tmp_path / "r.html", examples=(x, labels), note="drawn, not photographed")
    history = fit(trained, live)
    accuracy = trained.evaluate(x, labels, verbose=0)[1]
    text = live.path.read_text(encoding="utf-8")
    tiles = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text))
    assert next(iter(tiles)) == "test accuracy"
    assert tiles["test accuracy"] == f"{accuracy:.4g}"
    assert tiles["training accuracy"] == f"{history.history['accuracy'][-1]:.4g}"
    assert re.search(rf'aria-label="accuracy: [^"]*test {accuracy:.4g} in epoch 3"', text)
    assert "drawn, not photographed" in read(live.path).text


def test_the_times_are_those_of_the_epochs(whole):
    assert re.search(r"3 epochs took [\d.]+ m?s: the first", read(whole[0]).text)


def test_the_reason_of_stop_at_target_is_written(tmp_path):
    stop = kcore.training.StopAtTarget("loss", 100.0)
    live = LiveReport(tmp_path / "r.html", stop=stop)
    fit(model(), stop, live)
    assert f"■ stopped{stop.reason}" in read(live.path).text


def test_another_stop_is_written_too(tmp_path):
    live = LiveReport(tmp_path / "r.html")
    fit(model(), live, Stop())
    assert "■ stoppedA callback stopped the training in epoch 2." in read(live.path).text


def test_a_second_training_starts_anew(tmp_path):
    live = LiveReport(tmp_path / "r.html")
    trained = model()
    fit(trained, live, epochs=2)
    fit(trained, live, epochs=3, initial_epoch=2)
    page = read(live.path)
    assert "The epoch took" in page.text
    assert re.search(r"loss: training [\d.]+ in epoch 3", live.path.read_text(encoding="utf-8"))


def fit_in_a_block(path):
    with LiveReport(path) as live:
        fit(model(), live, Stop(KeyboardInterrupt()))


def fit_and_forget(path):
    fit(model(), LiveReport(path), Stop(KeyboardInterrupt()))


@pytest.mark.parametrize("training", [fit_in_a_block, fit_and_forget])
def test_an_interrupt_is_written(tmp_path, training):
    path = tmp_path / "r.html"
    with pytest.raises(KeyboardInterrupt):
        training(path)
    gc.collect()
    text = read(path).text
    assert "✗ interrupted" in text
    # on_epoch_end of the report ran before that of the callback that raised.
    assert "after 2 epochs." in text


def test_a_block_that_ends_well_changes_nothing(tmp_path):
    with LiveReport(tmp_path / "r.html") as live:
        fit(model(), live)
    assert "✓ finished" in read(live.path).text


def test_a_full_disk_does_not_end_the_training(tmp_path, monkeypatch):
    live = LiveReport(tmp_path / "r.html")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.warns(RuntimeWarning, match="No space left on device") as caught:
        history = fit(model(), live)
    assert {one.filename for one in caught} == {__file__}
    assert len(history.epoch) == 3
    assert not live.path.exists()


def test_logits_become_probabilities(tmp_path):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    keras.utils.set_random_seed(0)
    trained = keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    trained.compile("sgd", loss)
    live = LiveReport(tmp_path / "r.html", examples=data())
    fit(trained, live, epochs=1)
    logits = trained.predict(data()[0], verbose=0)
    right = (logits.argmax(axis=1) == data()[1]).sum()
    assert f"{right} of 32 images" in read(live.path).text


def test_outputs_that_are_not_finite_are_left_out(tmp_path):
    trained = model()
    trained.get_layer("head").bias.assign([np.nan, 0.0])
    live = LiveReport(tmp_path / "r.html", examples=data())
    fit(trained, live, epochs=1)
    page = read(live.path)
    assert "#confusion" not in page.links
    assert "not finite" in page.text


def test_a_subclassed_model_is_reported(tmp_path):
    trained = kcore.models.compile_classifier(kcore.models.subclassed_mlp())
    live = LiveReport(tmp_path / "r.html")
    x, labels = np.zeros((8, 784), "float32"), np.zeros(8, int)
    trained.fit(x, labels, epochs=1, verbose=0, callbacks=[live])
    assert f"The shapes of '{trained.name}' can't be listed" in read(live.path).text


def test_classes_that_do_not_fit_show_before_the_first_epoch(tmp_path):
    live = LiveReport(tmp_path / "r.html", examples=data(), class_names=["a", "b", "c"])
    with pytest.raises(ValueError, match="must be 2 names, one per class"):
        fit(model(), live)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layers": "cnv"}, "layers='cnv' is not in the model: did you mean one of 'conv'"),
        ({"explain": lambda _, images: np.full((len(images), 2, 2), 7.0)}, "from 7 to 7"),
        ({"explain": lambda _, images: halves(_, images)[:3]}, "explain returned 3 heat maps for"),
    ],
)
def test_what_can_not_be_shown_is_refused_before_the_first_epoch(tmp_path, arguments, message):
    path = tmp_path / "r.html"
    path.write_text("of an earlier training")
    live = LiveReport(path, examples=data(), class_names=NAMES, **arguments)
    with pytest.raises(ValueError, match=message):
        fit(model(), live)
    assert path.read_text() == "of an earlier training"


class ExplainsOnce:
    """Warns and returns at the first call, raises at the second."""

    def __init__(self):
        self.calls = 0

    def __call__(self, _, images):
        self.calls += 1
        if self.calls > 1:
            raise ValueError("no heat today")
        warnings.warn("nothing to see in an untrained model", UserWarning, stacklevel=2)
        return halves(_, images)


def test_a_part_that_fails_is_left_out_and_the_training_goes_on(tmp_path):
    live = LiveReport(tmp_path / "r.html", examples=data(), layers="conv", explain=ExplainsOnce())
    with pytest.warns(
        RuntimeWarning, match="leaves out its heat maps: ValueError: no heat today"
    ) as caught:
        history = fit(model(), live)
    assert [one.filename for one in caught] == [__file__]
    assert len(history.epoch) == 3
    page = read(live.path)
    assert "#feature-maps" in page.links
    assert "#class-activation" not in page.links
    assert "✓ finishedAll 3 epochs are done." in page.text


class Grow(keras.callbacks.Callback):
    """Moves the outputs out of 0..1 in the second epoch, and back in the third."""

    def on_epoch_begin(self, epoch, logs=None):
        self.model.get_layer("head").bias.assign([5.0 * (epoch == 1)] * 2)


def test_outputs_that_cease_to_be_probabilities_do_not_end_the_training(tmp_path):
    trained = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(2, kernel_initializer="zeros", name="head"),
        ]
    )
    trained.compile(keras.optimizers.SGD(0.0), lambda _, outputs: keras.ops.mean(outputs, axis=-1))
    live = LiveReport(tmp_path / "r.html", examples=data())
    spy = Spy(live.path)
    with pytest.warns(RuntimeWarning, match="its predictions: .*probabilities range from 5 to 5"):
        history = fit(trained, Grow(), live, spy)
    assert len(history.epoch) == 3
    assert ["Confusion matrix" in text for text in spy.pages] == [True, True, False, True]
    assert "Epoch 2 of 3 is done." in spy.pages[2]


def test_files_that_turn_out_to_be_bad_later_are_listed(tmp_path):
    class Files:
        def path_of_row(self, row):
            return f"{row}.jpg"

        def class_of_row(self, row):
            return "dark"

    audit = kcore.data.FileAudit(Files())

    class FindABadFile(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            audit.add_bad(7, "truncated")

    live = LiveReport(tmp_path / "r.html", bad_files=audit)
    spy = Spy(live.path)
    fit(model(), FindABadFile(), live, spy, epochs=1)
    assert "No file was left out." in spy.pages[0]
    assert "7.jpgdarktruncated" in spy.pages[1]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"path": "r.txt"}, ValueError, r"path='r.txt' must end in .html or .htm"),
        ({"path": "gone/r.html"}, FileNotFoundError, "there is no directory 'gone'"),
        ({"examples": data()[0]}, ValueError, "examples is a ndarray; it must be a pair"),
        ({"examples": (data()[0], [0])}, ValueError, r"examples\[0\] holds 32 images for 1 labels"),
        (
            {"examples": (data()[0] * 255, data()[1])},
            ValueError,
            r"examples\[0\] ranges from .*Or give pictures, the images as they are to be shown",
        ),
        (
            {"examples": data(), "pictures": data()[0][:1]},
            ValueError,
            "pictures holds 1 images for 32 labels",
        ),
        ({"layers": "conv"}, ValueError, "layers and explain show what is seen in examples"),
        ({"stop": "abc"}, ValueError, "stop='abc' must be a callback with a reason, such as Stop"),
        ({"stop": Stop()}, ValueError, "stop=<.*Stop .*> must be a callback with a reason"),
        ({"examples": data(), "explain": 3}, ValueError, "explain=3 must be a function of a model"),
        (
            {"class_names": {"a": 0, "b": 2}},
            ValueError,
            "class_names=.* must map each name to its class index",
        ),
        ({"class_names": "ab"}, ValueError, "class_names='ab' must be a sequence of names"),
        (
            {"examples": data(), "class_names": ["a"]},
            ValueError,
            r"examples\[1\] holds the class index 1; there are 1 classes, 0..0",
        ),
        ({"bad_files": ["a.jpg"]}, ValueError, "bad_files holds 'a.jpg'; each must be"),
    ],
)
def test_wrong_arguments_are_named_at_once(tmp_path, monkeypatch, arguments, error, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        LiveReport(**arguments)


def test_a_model_of_averaged_weights_can_be_used_and_saved_afterwards(tmp_path):
    x, labels = data()
    trained = model(optimizer=keras.optimizers.Adam(use_ema=True))
    fit(trained, LiveReport(tmp_path / "report.html", examples=(x, labels)))
    before = trained.predict(x, verbose=0)
    trained.evaluate(x, labels, verbose=0)
    trained.save(tmp_path / "model.keras")
    saved = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(saved.predict(x, verbose=0), before)


class Note(keras.callbacks.Callback):
    """Logs what is no number, and a vector that it writes into again."""

    scores = np.zeros(2)

    def on_epoch_end(self, epoch, logs=None):
        self.scores[:] = epoch / 8, 0.5
        logs.update(note="best so far", nothing=None, scores=self.scores, one=np.array([epoch]))


def test_metrics_that_are_not_one_number_do_not_end_the_training(tmp_path):
    x, labels = data()
    rows = np.eye(2, dtype="float32")[labels]
    trained = model(loss="categorical_crossentropy", metrics=[keras.metrics.F1Score()])
    live = LiveReport(tmp_path / "r.html")
    with pytest.warns(RuntimeWarning, match="leaves out 'note' holds 'best so far'") as caught:
        history = trained.fit(
            x, rows, epochs=3, verbose=0, validation_split=0.25, callbacks=[Note(), live]
        )
    assert len([one for one in caught if "leaves out" in str(one.message)]) == 1
    assert len(history.epoch) == 3
    page = live.path.read_text(encoding="utf-8")
    assert "✓ finished" in read(live.path).text
    described = dict(re.findall(r'aria-label="([^:"]*): training ([^ "]*)', page))
    last = history.history["f1_score"][-1]
    assert described["f1_score[0]"] == f"{last[0]:.4g}"
    assert described["f1_score[1]"] == f"{last[1]:.4g}"
    assert (described["scores[0]"], described["one"]) == ("0.25", "2")
    assert "0.125" in page, "the value of the second epoch"
    assert f"validation {history.history['val_f1_score'][-1][1]:.4g} in epoch 3" in page


def write_classes(folder):
    """Write 7 pictures, dark ones and bright ones, into a directory for each class."""
    generator = np.random.default_rng(0)
    for index in range(7):
        name = ("bright", "dark")[index % 2]
        (folder / name).mkdir(exist_ok=True)
        pixels = generator.integers(0, 60, (6, 6, 1)) + 190 * (name == "bright")
        kcore.images.save_img(folder / name / f"{index}.png", pixels, scale=False)
    return folder


def of_files(folder, **arguments):
    return kcore.data.from_directory(
        write_classes(folder),
        image_size=(6, 6),
        color_mode="grayscale",
        batch_size=3,
        seed=1,
        verbose=False,
        **arguments,
    )


def of_flow(folder, **arguments):
    options = {"rescale": 1 / 255} if arguments.pop("is_unit", True) else {}
    return kcore.augment.ImageDataGenerator(**options).flow_from_directory(
        write_classes(folder),
        target_size=(6, 6),
        color_mode="grayscale",
        batch_size=3,
        seed=1,
        **arguments,
    )


@pytest.mark.parametrize(
    ("made", "scale"),
    [
        (lambda folder: of_files(folder, label_mode="categorical"), 1),
        (lambda folder: of_files(folder, label_mode="int"), 1),
        (lambda folder: of_files(folder, label_mode="binary"), 1),
        (of_flow, 255),
        (lambda folder: of_flow(folder, class_mode="binary", is_unit=False), 1),
    ],
    ids=["one-hot", "int", "binary", "flow", "flow of levels"],
)
def test_a_dataset_is_taken_in_its_own_order_and_not_moved_on(tmp_path, made, scale):
    dataset = made(tmp_path)
    expected = [dataset[number] for number in range(len(dataset))]
    examples = LiveReport(tmp_path / "r.html", examples=dataset)._examples
    assert examples.names == ["bright", "dark"]
    assert examples.labels.tolist() == dataset.classes.tolist() == [0] * 4 + [1] * 3
    for index in range(7):
        raw = dataset.image(index)
        np.testing.assert_array_equal(examples.pictures[index], raw)
        np.testing.assert_allclose(examples.x[index] * scale, raw, rtol=1e-6)
    for number, (x, y) in enumerate(expected):
        np.testing.assert_array_equal(dataset[number][0], x)
        np.testing.assert_array_equal(dataset[number][1], y)
    assert dataset.epoch == 0


def test_a_dataset_is_judged_while_it_validates(tmp_path):
    dataset = of_files(tmp_path)
    trained = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(2, "softmax"),
        ]
    )
    trained.compile(
        keras.optimizers.Adam(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    live = LiveReport(tmp_path / "r.html", examples=dataset)
    history = trained.fit(
        dataset, validation_data=dataset, epochs=4, verbose=0, callbacks=[live]
    ).history
    right = round(7 * history["val_accuracy"][-1])
    text = read(live.path).text
    assert f"{right} of 7 images are classified correctly" in text
    assert "brightdarkrecall" in text


def test_heat_maps_are_those_of_the_first_examples_or_from_all_of_a_dataset(tmp_path):
    x, labels = data(30)
    seen = []

    def explain(_, images):
        seen.append(images.copy())
        return halves(_, images)

    wanted = {"pair": range(8), "dataset": [0, 4, 8, 12, 17, 21, 25, 29]}
    dataset = kcore.data.from_arrays(x, labels, batch_size=7, seed=0)
    for name, examples in (("pair", (x, labels)), ("dataset", dataset)):
        live = LiveReport(tmp_path / f"{name}.html", examples=examples, explain=explain)
        fit(model(), live, epochs=1)
        for images in seen:
            np.testing.assert_array_equal(images, x[list(wanted[name])])
        text = read(live.path).text
        assert re.findall(r"example (\d+): (\d)", text) == [
            (str(index), str(labels[index])) for index in wanted[name]
        ]
        seen.clear()


class Batches(keras.utils.PyDataset):
    """A dataset of somebody's own."""

    def __len__(self):
        return 4

    def __getitem__(self, number):
        x, labels = data()
        part = slice(8 * number, 8 * number + 8)
        return x[part], labels[part], np.ones(8)


@pytest.mark.parametrize(
    "made",
    [
        lambda x, y: Batches(),
        lambda x, y: kcore.data.from_arrays(x, y, batch_size=5, seed=0),
        lambda x, y: zip(np.split(x, 4), np.split(y, 4), strict=True),
        lambda x, y: ((keras.ops.convert_to_tensor(x[i::4]), y[i::4]) for i in range(4)),
        lambda x, y: (x, np.eye(2)[y]),
    ],
    ids=["PyDataset", "arrays", "zip", "tensors", "one-hot pair"],
)
def test_other_examples_are_taken(tmp_path, made):
    x, labels = data()
    examples = LiveReport(tmp_path / "r.html", examples=made(x, labels))._examples
    assert examples.names is None
    assert len(examples.x) == len(examples.labels) == 32
    known = {image.tobytes(): label for image, label in zip(x, labels, strict=True)}
    assert [known[image.tobytes()] for image in examples.x] == examples.labels.tolist()


def endless():
    while True:
        yield np.zeros((8, 512, 512, 16), np.uint8), np.zeros(8)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda x, y: kcore.data.from_arrays(x, seed=0), "must hold batches .* has no labels"),
        (lambda x, y: [(x, y)], "examples must be a pair"),
        (lambda x, y: iter([(x, {"a": y})]), "whose labels is a dict of arrays"),
        (lambda x, y: iter([((x, x), y)]), "whose x is a tuple of arrays"),
        (lambda x, y: iter([(x, y), (x[:, :3], y)]), "whose x have the shapes"),
        (lambda x, y: zip(x, y, strict=True), "whose labels have the shapes"),
        (lambda x, y: iter([(x, x)]), r"examples\[1\] with shape \(32, 6, 6, 1\) and dtype"),
        (lambda x, y: iter(()), "examples holds no batch"),
        (lambda x, y: endless(), "more than 1073.7 MB of images, which would stay in memory"),
        (lambda x, y: {"x": x}, "examples is a dict; it must be a pair"),
        (lambda x, y: 3, "examples is a int; it must be a pair"),
    ],
    ids=[str(number) for number in range(11)],
)
def test_examples_that_can_not_be_judged_are_refused_in_words(tmp_path, made, message):
    with pytest.raises(ValueError, match=message):
        LiveReport(tmp_path / "r.html", examples=made(*data()))


def test_two_reports_of_one_training_need_two_files(tmp_path):
    first, second = LiveReport(tmp_path / "r.html"), LiveReport(tmp_path / "r.html")
    with pytest.raises(
        ValueError, match="written by another training run in this process, which goes"
    ):
        fit(model(), first, second)
    fit(model(), first, LiveReport(tmp_path / "other.html"), epochs=1)


class FitMeanwhile(keras.callbacks.Callback):
    """Trains another model in another thread while this one is trained."""

    def __init__(self, path):
        super().__init__()
        self.path, self.error = path, None

    def on_epoch_begin(self, epoch, logs=None):
        def train():
            try:
                fit(model(), LiveReport(self.path), epochs=1)
            except ValueError as error:
                self.error = error

        thread = threading.Thread(target=train)
        thread.start()
        thread.join()


def test_a_training_in_another_thread_needs_a_file_of_its_own(tmp_path):
    live, meanwhile = LiveReport(tmp_path / "r.html"), FitMeanwhile(tmp_path / "r.html")
    fit(model(), live, meanwhile, epochs=1)
    assert "give each training run its own report" in str(meanwhile.error)
    assert "✓ finishedAll 1 epochs are done." in read(live.path).text
    other = FitMeanwhile(tmp_path / "other.html")
    fit(model(), live, other, epochs=1)
    assert other.error is None


def test_a_cell_that_is_run_again_after_an_interrupt_goes_on(tmp_path):
    trained = model()
    first = LiveReport(tmp_path / "r.html", title="first")
    with pytest.raises(KeyboardInterrupt):
        fit(trained, first, Stop(KeyboardInterrupt()))
    second = LiveReport(tmp_path / "r.html", title="second")
    spy = Spy(second.path)
    fit(trained, second, spy, epochs=2)
    assert "second▶ running" in spy.pages[1]
    del first
    gc.collect()
    assert "second✓ finished" in read(second.path).text


def test_predictions_hold_the_lock_of_the_model(tmp_path):
    trained = model(optimizer=keras.optimizers.Adam(use_ema=True))
    is_free = []

    def others_can_take_it():
        lock = lock_of(trained)
        free = lock.acquire(blocking=False)
        is_free.append(free)
        if free:
            lock.release()

    def watched(method):
        def call(*arguments, **options):
            thread = threading.Thread(target=others_can_take_it)
            thread.start()
            thread.join()
            return method(*arguments, **options)

        return call

    trained.predict = watched(trained.predict)
    trained.set_weights = watched(trained.set_weights)
    fit(trained, LiveReport(tmp_path / "r.html", examples=data()), epochs=2)
    assert is_free == [False] * 5
