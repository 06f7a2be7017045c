"""Models, optimizers and phases whose state is easily forgotten, and what is refused."""

import shutil

import keras
import numpy as np
import pytest
from keras import layers
from training.resumption import Cut, CutError, cut_and_resume, everything, few_data, softmax_model

import kcore
from kcore.training import fit
from kcore.training._configurations import text_of
from kcore.training._resumable import Resumable


def run(directory, model=None, data=None, **options):
    return fit(
        model or softmax_model(),
        data or few_data(),
        **{"epochs": 1, "resume": directory, "verbose": 0, **options},
    )


@pytest.mark.parametrize("kind", ["accumulation", "loss scale"])
def test_optimizers_with_more_state(tmp_path, kind):
    def train(cut, directory):
        if kind == "accumulation":
            optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=3)
        else:
            # Keras numbers the name of the inner one.
            optimizer = keras.optimizers.LossScaleOptimizer(
                keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 9)),
                dynamic_growth_steps=3,
            )
        model = softmax_model(optimizer)
        return everything(model, run(directory, model, epochs=2, every=1, callbacks=[cut]))

    whole = train(Cut(), tmp_path / "whole")
    np.testing.assert_equal(cut_and_resume(train, tmp_path / "cut", [(1, 0)]), whole)


@pytest.mark.slow
def test_transfer_and_fine_tuning_in_one_script(tmp_path):
    """The second phase continues with the epochs of the dataset, even if the first was finished."""
    images = np.random.default_rng(0).integers(0, 256, (22, 8, 8, 3), dtype="uint8")

    def train(later, directory):
        cut = Cut()
        inputs = keras.Input((8, 8, 3))
        x = layers.Conv2D(3, 3, name="low")(inputs)
        x = layers.BatchNormalization(name="low_bn")(x)
        base = keras.Model(inputs, layers.Conv2D(3, 3, activation="relu", name="high")(x))
        kcore.initializers.reinitialize(base, 3)
        model = kcore.models.transfer(
            base, "high", 3, preprocessing="tf", hidden_units=4, dropout=0.5, seed=4
        )
        data = kcore.data.from_arrays(images, np.arange(22) % 3, batch_size=7, seed=2)
        kcore.models.compile_classifier(model)
        model.run_eagerly = True  # nothing is compiled, which takes longer
        options = {"epochs": 2, "every": 1, "verbose": 0, "callbacks": [cut]}
        first = fit(model, data, resume=directory / "head", **options)
        model.get_layer("high").trainable = True
        kcore.models.compile_classifier(model, optimizer=keras.optimizers.RMSprop(1e-3))
        model.run_eagerly = True
        cut.cut = later
        second = fit(model, data, resume=directory / "base", **options)
        return {**everything(model, second), "first": first.history, "data": data.epoch}

    whole = train((None, None), tmp_path / "whole")
    assert whole["data"] == 4
    with pytest.raises(CutError):
        train((0, 0), tmp_path / "cut")
    shutil.rmtree(tmp_path / "cut" / "base")  # as if the process ended between the phases
    with pytest.raises(CutError):
        train((1, 1), tmp_path / "cut")
    np.testing.assert_equal(train((None, None), tmp_path / "cut"), whole)


def test_a_finished_training_gives_its_last_logs(tmp_path):
    def train():
        seen = []
        see = keras.callbacks.LambdaCallback(on_train_end=lambda logs: seen.append(logs))
        run(tmp_path, epochs=2, callbacks=[see])
        return seen

    first = train()
    assert first[0]["loss"] > 0
    assert train() == first


def test_fewer_epochs_than_were_begun_are_refused(tmp_path):
    with pytest.raises(CutError):
        run(tmp_path, epochs=3, every=1, callbacks=[Cut(1, 2)])
    with pytest.raises(ValueError, match=r"epochs=1, but .* is in epoch 2: give at least epochs=2"):
        run(tmp_path, epochs=1, callbacks=[Cut()])


def test_averages_that_were_swapped_at_the_end_can_not_go_on(tmp_path):
    def train(epochs):
        model = softmax_model(keras.optimizers.SGD(0.1, use_ema=True))
        swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
        return everything(model, run(tmp_path, model, epochs=epochs, callbacks=[swap]))

    first = train(1)
    np.testing.assert_equal(train(1), first)
    with pytest.raises(ValueError, match=r"ended with epochs=1, and SwapEMAWeights"):
        train(2)


def test_a_model_that_is_changed_in_training_is_refused(tmp_path):
    class Freeze(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.layers[0].trainable = False

    with pytest.raises(ValueError, match="which layers are trainable"):
        run(tmp_path, callbacks=[Freeze()])


def test_several_optimizers_are_refused(tmp_path):
    model = softmax_model()
    model.optimizer_of_critic = keras.optimizers.SGD()
    with pytest.raises(ValueError, match=r"besides model\.optimizer \(optimizer_of_critic\)"):
        run(tmp_path, model)


def test_a_generator_of_validation_data_is_refused(tmp_path):
    batches = (few_data()[0] for _ in range(9))
    with pytest.raises(TypeError, match="validation_data is a generator"):
        run(tmp_path, validation_data=batches, validation_steps=2)


class Flip:
    """A transform that `kcore.data.pure` marks."""

    def __init__(self, step):
        self.step = step

    def __call__(self, images, indices, epoch):
        return images[:, :: self.step]


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """Return the directory of a training run with all that the next test changes."""
    directory = tmp_path_factory.mktemp("begun")
    again(directory)
    return directory


def again(directory, model=None, flip=1, validation=0.0):
    x, y = np.full((5, 6), validation, "float32"), np.zeros(5, "int32")
    data = few_data(transform=kcore.data.pure(Flip(flip)))
    run(directory, model, data, epochs=2, validation_data=(x, y))


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ({"loss": keras.losses.SparseCategoricalCrossentropy()}, {}, "model loss was 'sparse_cat"),
        ({"loss_weights": [2.0]}, {}, "model loss_weights was None and is"),
        ({"run_eagerly": False}, {}, "model run_eagerly was True and is False"),
        ({}, {"flip": -1}, "data first_batch: other values"),
        ({}, {"validation": 1.0}, "validation_data was"),
    ],
)
def test_another_training_is_refused(begun, model, options, message):
    with pytest.raises(ValueError, match=message):
        again(begun, softmax_model(**model), **options)


def test_numbered_names_of_metrics_are_refused(tmp_path):
    def model(name):
        return softmax_model(metrics=[keras.metrics.SparseCategoricalAccuracy(name=name)])

    run(tmp_path, model("good"))
    with pytest.raises(ValueError, match=r"names of the logs were \['good', 'loss'\].* a name"):
        run(tmp_path, model("good_1"))


def test_an_error_while_steps_are_skipped_leaves_the_model_its_own_function(tmp_path, monkeypatch):
    def fail(self, batch, logs=None):
        raise CutError

    with pytest.raises(CutError):
        run(tmp_path, every=1, callbacks=[Cut(0, 2)])
    model = softmax_model()
    with monkeypatch.context() as patch:
        patch.setattr(Resumable, "on_train_batch_begin", fail)
        with pytest.raises(CutError):
            run(tmp_path, model, callbacks=[Cut()])
    before = int(keras.ops.convert_to_numpy(model.optimizer.iterations.value))
    model.fit(few_data(), verbose=0)
    assert int(keras.ops.convert_to_numpy(model.optimizer.iterations.value)) == before + 4


DOUBLE = lambda x: x * 2  # noqa: E731
DOUBLE_ON_ANOTHER_LINE = lambda x: x * 2  # noqa: E731
TRIPLE = lambda x: x * 3  # noqa: E731


# Keras serializes the function of a layer `Lambda` in another form than an activation.
@pytest.mark.parametrize("layer", [layers.Lambda, lambda f: layers.Dense(1, activation=f)])
@pytest.mark.filterwarnings("ignore:.*includes a .lambda.")
def test_configurations_do_not_depend_on_the_process_or_the_line(layer):
    def text(function):
        like_code = layers.Dense(1, name="4" + 99 * "A")
        model = keras.Sequential([keras.Input((2,)), layer(function), like_code])
        return text_of({"model": keras.saving.serialize_keras_object(model), "object": object()})

    assert text(DOUBLE) == text(DOUBLE_ON_ANOTHER_LINE)
    assert text(DOUBLE) != text(TRIPLE)


class Untold(keras.Model):
    """Takes an argument that Keras can't serialize."""

    def __init__(self, argument):
        super().__init__()
        self.argument, self.dense = argument, layers.Dense(3, "softmax", kernel_initializer="ones")

    def call(self, x):
        return self.dense(x)


def test_it_is_said_what_can_not_be_compared(tmp_path):
    def model():
        made = Untold(object())
        made.compile("sgd", lambda y, p: keras.ops.sum(p, axis=-1), run_eagerly=True)
        made(np.zeros((1, 6), "float32"))
        return made

    run(tmp_path, model(), epochs=1)
    with pytest.warns(UserWarning, match=r"model can't tell its layers, .* method get_config\(\)"):
        run(tmp_path, model(), epochs=2)
