"""Training a head on features computed once, and fine-tuning what is below it."""

import keras
import numpy as np
import pytest
from keras import layers
from training.resumption import Cut, cut_and_resume, everything

import kcore
from kcore.models import check_trainable, extract_features, fine_tune, train_head, transfer

COUNT, BATCH, UNITS, RATE, SEED = 22, 8, 6, 0.5, 11


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (COUNT, 10, 10, 3), dtype="uint8"), rng.integers(0, 3, COUNT)


@pytest.fixture(scope="module")
def base():
    images = keras.Input((10, 10, 3))
    x = layers.Conv2D(4, 3, name="low")(images)
    x = layers.BatchNormalization(name="low_bn")(x)
    x = layers.Dropout(0.5, name="low_drop")(x)
    x = layers.Conv2D(4, 3, name="high")(x)
    x = layers.BatchNormalization(name="high_bn")(x)
    model = keras.Model(images, layers.Activation("relu", name="end")(x))
    rng = np.random.default_rng(5)
    model.set_weights([rng.uniform(0.1, 0.5, weight.shape) for weight in model.get_weights()])
    return model


def fresh(base, classes=3):
    return transfer(
        base, "end", classes, preprocessing="tf", hidden_units=UNITS, dropout=RATE, seed=4
    )


def train(model, x, y=None, **options):
    options = {"epochs": 3, "batch_size": BATCH, "seed": SEED, "verbose": 0, **options}
    return train_head(model, x, y, optimizer=keras.optimizers.Adam(0.01), **options)


@pytest.fixture(scope="module")
def trained(base, data):
    model = fresh(base)
    history = train(model, *data)
    return model, history


def assert_same_weights(model, other):
    for weight, expected in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_features_once_give_exactly_the_head_of_features_each_time(trained, base, data):
    model, history = trained
    slow = fresh(base)
    slow_history = train(slow, *data, features_once=False)
    assert_same_weights(model, slow)
    assert history.history == slow_history.history


def factors_of(epoch, indices):
    """The documented factors of dropout, from `kcore.random` directly."""
    key = kcore.random.fold_in(kcore.random.fold_in(kcore.random.key(SEED), epoch), 1)
    kept = kcore.random.bernoulli(kcore.random.fold_in(key, indices), (UNITS,), 1 - RATE)
    return kept / np.float32(1 - RATE)


def test_the_head_is_that_of_stock_training_with_the_base_in_the_loop(trained, base, data):
    """Keras's own train_on_batch on images, with the same order and dropout."""
    images, labels = data
    model = fresh(base)
    factors = keras.Input((UNITS,))
    hidden = model.get_layer("head_hidden").output
    predictions = model.get_layer("head_predictions")(layers.Multiply()([hidden, factors]))
    stock = keras.Model([model.inputs[0], factors], predictions)
    stock.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    for epoch in range(3):
        key = kcore.random.fold_in(kcore.random.key(SEED), epoch)
        order = kcore.random.permutation(kcore.random.fold_in(key, 0), COUNT)
        for start in range(0, COUNT, BATCH):
            indices = order[start : start + BATCH]
            batch = [images[indices].astype("float32"), factors_of(epoch, indices)]
            stock.train_on_batch(batch, labels[indices])
    for weight, expected in zip(trained[0].get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-3, atol=1e-5)


def test_training_depends_on_the_seed(trained, base, data):
    other = fresh(base)
    train(other, *data, seed=SEED + 1)
    differences = [
        np.abs(weight - expected).max()
        for weight, expected in zip(other.get_weights(), trained[0].get_weights(), strict=True)
    ]
    assert max(differences[:-4]) == 0
    assert min(differences[-4:]) > 0


class Images(keras.utils.PyDataset):
    """The data in batches of another size than the one to train with."""

    def __init__(self, data):
        super().__init__()
        self.data = data

    def __len__(self):
        return 5

    def __getitem__(self, position):
        part = slice(5 * position, 5 * position + 5)
        return self.data[0][part], self.data[1][part]


def test_a_dataset_gives_the_same_as_its_arrays(trained, base, data):
    model = fresh(base)
    history = train(model, Images(data), validation_data=Images(data))
    assert_same_weights(model, trained[0])
    assert len(history.history["val_accuracy"]) == 3


def test_validation_is_that_of_the_whole_model(base, data):
    model = fresh(base)
    history = train(model, *data, epochs=1, validation_data=data)
    loss, accuracy = model.evaluate(*data, batch_size=BATCH, verbose=0)
    assert history.history["val_loss"][-1] == pytest.approx(loss, rel=1e-5)
    assert history.history["val_accuracy"][-1] == pytest.approx(accuracy)


def test_steps_per_execution_changes_nothing_but_the_calls(trained, base, data):
    model = fresh(base)
    train(model, *data, steps_per_execution=3)
    for weight, expected in zip(model.get_weights(), trained[0].get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-4, atol=1e-6)


def test_the_optimizer_goes_along_and_training_goes_on(base, data, tmp_path):
    model = fresh(base)
    train(model, *data, epochs=1)
    assert int(model.optimizer.iterations) == 3
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert int(loaded.optimizer.iterations) == 3
    for one in (model, loaded):
        train_head(one, *data, optimizer=one.optimizer, batch_size=BATCH, seed=SEED + 1, verbose=0)
    assert_same_weights(model, loaded)
    assert int(loaded.optimizer.iterations) == 6


def test_it_says_what_is_trained_and_what_was_saved(base, data, capsys):
    model = fresh(base)
    train(model, *data, epochs=2, verbose=2)
    printed = capsys.readouterr().out
    assert "Phase 1, the head alone:\n           trainable        frozen\n" in printed
    assert "base               0           292\nhead             891             0" in printed
    assert "The base ran once (" in printed
    assert "instead of 2 times, which saved about" in printed


def test_two_classes_with_one_sigmoid(base, data):
    images, labels = data
    model = fresh(base, classes=1)
    history = train(model, images, labels > 0)
    assert model.loss.name == "binary_crossentropy"
    assert np.isfinite(history.history["loss"]).all()


def test_mixed_precision_with_several_steps_in_a_call(base, data):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        copy = type(base).from_config(
            keras.models.clone_model(base, clone_function=in_bfloat16).get_config()
        )
        model, slow = (fresh(copy) for _ in range(2))
        slow.set_weights(model.get_weights())
        history = train(model, *data, steps_per_execution=2)
        train(slow, *data, features_once=False, steps_per_execution=2)
    finally:
        keras.config.set_dtype_policy(policy)
    assert model.get_layer("high").compute_dtype == "bfloat16"
    assert_same_weights(model, slow)
    assert np.isfinite(history.history["loss"]).all()
    low, high = (weights_of(model, name)[0] for name in ("low", "high"))
    options = {"learning_rate": 1e-3, "steps_per_execution": 2, "batch_size": BATCH, "verbose": 0}
    history = fine_tune(model, *data, unfreeze_from="high", **options)
    assert np.isfinite(history.history["loss"]).all()
    np.testing.assert_array_equal(weights_of(model, "low")[0], low)
    assert not np.array_equal(weights_of(model, "high")[0], high)
    assert model.predict_on_batch(data[0]).dtype == np.float32


def in_bfloat16(layer):
    return type(layer).from_config({**layer.get_config(), "dtype": "mixed_bfloat16"})


def weights_of(model, name):
    return [np.array(weight) for weight in model.get_layer(name).get_weights()]


@pytest.mark.parametrize("train_batch_norm", [False, True])
def test_fine_tuning_trains_what_it_should(base, data, train_batch_norm, capsys):
    model = fresh(base)
    train(model, *data, epochs=1)
    names = ("low", "low_bn", "high", "high_bn", "head_hidden")
    before = {name: weights_of(model, name) for name in names}
    fine_tune(
        model,
        *data,
        unfreeze_from="high",
        learning_rate=1e-3,
        train_batch_norm=train_batch_norm,
        epochs=1,
        batch_size=11,
        verbose=2,
    )
    changed = {
        name: [not np.array_equal(*pair) for pair in zip(weights_of(model, name), old, strict=True)]
        for name, old in before.items()
    }
    assert changed["low"] == [False, False]
    assert changed["low_bn"] == [False] * 4
    # The offset just before a BatchNormalization in training mode has no gradient but noise.
    assert changed["high"][0]
    assert changed["high_bn"] == [train_batch_norm] * 4
    assert changed["head_hidden"] == [True, True]
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    printed = capsys.readouterr().out
    assert "Phase 2, the head and upper layers of the base:" in printed
    trainable = 156 if train_batch_norm else 148
    assert f"base{trainable:>16}" in printed


def test_the_classic_mistake_is_refused(base, data):
    model = fresh(base)
    train(model, *data, epochs=1)
    model.get_layer("high").trainable = True
    message = "`trainable` was changed after the model 'transfer' was compiled: 2 unfrozen"
    with pytest.raises(RuntimeError, match=message):
        fine_tune(model, *data, unfreeze_from=None, verbose=0)
    with pytest.raises(RuntimeError, match="Compile the model again"):
        train(model, *data)
    with pytest.raises(RuntimeError, match=message):
        check_trainable(model)
    kcore.models.compile_classifier(model)
    check_trainable(model)
    fine_tune(model, *data, unfreeze_from=None, batch_size=11, verbose=0)
    model.get_layer("head_hidden").trainable = False
    with pytest.raises(RuntimeError, match=r"2 frozen \(such as 'head_hidden/bias'\)"):
        check_trainable(model)


def test_the_first_phase_wants_a_frozen_base(base, data):
    model = fresh(base)
    model.get_layer("high").trainable = True
    with pytest.raises(ValueError, match="2 variables of the base are trainable, such as 'high"):
        train(model, *data)


def test_what_fine_tuning_refuses(trained, base, data):
    with pytest.raises(RuntimeError, match="never compiled: train the head first"):
        fine_tune(fresh(base), *data, unfreeze_from="high")
    model, _ = trained
    with pytest.raises(ValueError, match=r"smaller than that of the first phase, 0\.01"):
        fine_tune(model, *data, unfreeze_from="high", learning_rate=0.1)
    with pytest.raises(ValueError, match=r"no such layer\. Similar names: 'high'"):
        fine_tune(model, *data, unfreeze_from="hihg")
    check_trainable(model)


def test_what_training_the_head_refuses(trained, data):
    images, labels = data
    model, _ = trained
    with pytest.raises(ValueError, match="x and y: 22 images and 21 labels"):
        train(model, images, labels[1:])
    with pytest.raises(ValueError, match="x and y: 22 images and no labels"):
        train(model, images)
    with pytest.raises(ValueError, match="validation_data must be"):
        train(model, *data, validation_data=3)
    with pytest.raises(ValueError, match=r"has no head made by kcore\.models\.transfer"):
        train(kcore.models.cnn((10, 10, 3)), *data)
    with pytest.raises(ValueError, match="images is empty"):
        extract_features(model, images[:0])


WRONG_FIT_ARGUMENTS = {
    "batch_size": (0, "batch_size=0 must be an integer of at least 1"),
    "steps_per_epoch": (1.5, r"steps_per_epoch=1\.5 must be an integer"),
    "validation_steps": ("x", "validation_steps='x' must be an integer"),
    "validation_batch_size": (-1, "validation_batch_size=-1 must be an integer"),
    "validation_freq": (0, "validation_freq=0 must be an integer of at least 1"),
    "validation_split": (1.0, r"validation_split=1\.0 must be a fraction"),
    "initial_epoch": (-1, "initial_epoch=-1 must be an integer of at least 0"),
    "shuffle": ("yes", "shuffle='yes'"),
    "class_weight": ({9: 1.0}, "class_weight has 9"),
    "sample_weight": (np.ones(3), r"sample_weight of x has shape \(3,\)"),
    "validation_data": (np.zeros((2, 2)), r"validation_data must be \(images, labels\)"),
}


@pytest.mark.parametrize("name", WRONG_FIT_ARGUMENTS)
def test_fine_tune_refuses_by_name_what_fit_would_stumble_over(trained, data, name):
    value, message = WRONG_FIT_ARGUMENTS[name]
    model, (x, y) = trained[0], data
    with pytest.raises((TypeError, ValueError), match=message):
        fine_tune(model, x, y, unfreeze_from=None, verbose=0, **{name: value})


@pytest.mark.parametrize("name", ["batch_size", "sample_weight", "validation_split"])
def test_fine_tune_refuses_what_a_dataset_has_of_its_own(trained, data, name):
    model, (x, y) = trained[0], data
    value = {"batch_size": 4, "sample_weight": np.ones(len(x)), "validation_split": 0.5}[name]
    dataset = kcore.data.from_arrays(x, y, batch_size=4, seed=1)
    with pytest.raises(ValueError, match=f"{name} must be left out if x is a dataset"):
        fine_tune(model, dataset, unfreeze_from=None, verbose=0, **{name: value})


def test_fine_tune_refuses_a_generator_to_evaluate_on(trained, data):
    model, (x, y) = trained[0], data
    with pytest.raises(TypeError, match=r"validation_data=.*ends with the first epoch"):
        fine_tune(model, x, y, unfreeze_from=None, verbose=0, validation_data=iter([(x, y)]))


def test_a_resumed_second_phase_ends_like_a_whole_one(base, data, tmp_path):
    x, y = data

    def run(cut, directory):
        model = fresh(base)
        train(model, x, y, epochs=1)
        history = fine_tune(
            model,
            kcore.data.from_arrays(x, y, batch_size=4, seed=1),
            unfreeze_from="high",
            epochs=2,
            validation_data=kcore.data.from_arrays(x, y, batch_size=4, shuffle=False),
            callbacks=[cut],
            verbose=0,
            resume=directory,
            every=2,
        )
        return everything(model, history)

    whole = run(Cut(), tmp_path / "whole")
    assert len(whole["history"]["val_loss"]) == 2
    np.testing.assert_equal(cut_and_resume(run, tmp_path / "cut", [(0, 4), (1, 1)]), whole)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resume": None, "every": 3}, "every=3 is only for resume"),
        ({"initial_epoch": 1}, "initial_epoch=1 can't be combined with resume"),
        ({"steps_per_epoch": 2}, "steps_per_epoch=2 can't be combined with resume"),
        ({"x": np.zeros((4, 10, 10, 3)), "y": np.zeros(4, int)}, "x is of type ndarray: with res"),
    ],
)
def test_what_a_resumed_second_phase_refuses(trained, data, tmp_path, options, message):
    dataset = kcore.data.from_arrays(*data, batch_size=4, seed=1)
    options = {"x": dataset, "resume": tmp_path, **options}
    with pytest.raises((TypeError, ValueError), match=message):
        fine_tune(trained[0], unfreeze_from=None, verbose=0, **options)
    assert not list(tmp_path.iterdir())
