import keras
import numpy as np
import pytest

import kcore
from kcore.training import CheckTargets

L = keras.layers
X = np.random.default_rng(0).random((6, 3)).astype("float32")


def network(units, activation=None, loss=None, **kwargs):
    model = keras.Sequential([keras.Input((3,)), L.Dense(units, activation=activation)])
    model.compile(optimizer="sgd", loss=loss, **kwargs)
    return model


def sparse(units=5, **kwargs):
    return network(units, "softmax", "sparse_categorical_crossentropy", **kwargs)


def binary(units=1):
    return network(units, "sigmoid", keras.losses.BinaryCrossentropy())


def categorical():
    return network(3, "softmax", keras.losses.CategoricalCrossentropy(label_smoothing=0.1))


def labels(y, dtype="int32"):
    """Return an array of 32 bits: on JAX Keras warns of more."""
    return np.asarray(y).astype(dtype)


def fit(model, y, check=None):
    return model.fit(
        X,
        labels(y, y.dtype if y.dtype.kind == "f" else "int32"),
        callbacks=[check or CheckTargets(y)],
        verbose=0,
        batch_size=2,
    )


def on_train_begin(model, check):
    check.set_model(model)
    check.on_train_begin()


WRONG = {
    "outside": (sparse, [0, 1, 4, 5, 2, 9], r"y\[3\]=5 is not one of the 5 classes"),
    "negative": (sparse, [0, -1, 4, 0, 2, 1], r"y\[1\]=-1 is not one of the 5 classes"),
    "fraction": (sparse, [0, 1, 4, 0.5, 2, 1], r"y\[3\]=0.5 is not one of the 5 classes"),
    "nan": (sparse, [0, 1, 4, 0, 2, np.nan], r"y\[5\]=nan is not one of the 5 classes"),
    "one-hot": (sparse, np.eye(5)[[0, 1, 2, 3, 4, 0]], r"argmax"),
    "1 and 2": (binary, [1, 2, 1, 2, 1, 2], r"y\[1\]=2 is not one of the 2 classes"),
    "-1 and 1": (binary, [1, -1, 1, 1, 1, 1], r"y\[1\]=-1 is not one of the 2 classes"),
    "no row": (categorical, [0, 1, 2, 0, 1, 2], r"\(6,\).*rows of 3 classes.*to_categorical"),
    "row": (categorical, 2 * np.eye(3)[[0, 1, 2, 0, 1, 2]], r"y\[0\]"),
    "units": (lambda: binary(3), np.eye(4)[:3].repeat(2, 0), r"\(6, 4\).*has 3 sigmoid units"),
    "unit": (lambda: binary(3), np.diag([1, 3, 1]).repeat(2, 0), r"y\[:, 1\]\[2\]=3"),
    "regression": (lambda: network(1, loss="mse"), [0, 1, 2, np.inf, 4, 5], r"y\[3\]=inf is not"),
}


OTHER_SHAPE = {"one-hot", "no row", "units"}


@pytest.mark.parametrize("case", WRONG)
def test_labels_that_do_not_fit_end_the_training_before_its_first_step(case):
    make, y, message = WRONG[case]
    y = labels(y, "float32" if case in ("fraction", "nan", "regression") else "int32")
    model = make()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        on_train_begin(model, CheckTargets(y))
    # On JAX Keras itself refuses what differs in shape before it asks any callback.
    with pytest.raises(ValueError, match=None if case in OTHER_SHAPE else message):
        fit(model, y)
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


class OwnLoss(keras.losses.SparseCategoricalCrossentropy):
    """Derived from one that is known."""


RIGHT = {
    "int": (sparse, [0, 1, 4, 3, 2, 4]),
    "column": (sparse, [[0], [1], [4], [3], [2], [4]]),
    "derived": (lambda: network(5, loss=OwnLoss(from_logits=True)), [0, 1, 4, 3, 2, 4]),
    "jit": (lambda: sparse(jit_compile=True), [0, 1, 4, 3, 2, 4]),
    "ignored": (
        lambda: network(5, "softmax", keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)),
        [0, -1, 4, 3, 2, 4],
    ),
    "binary": (binary, [0, 1, 1, 0, 0, 1]),
    "units": (lambda: binary(3), np.eye(3)[[0, 1, 2, 0, 1, 2]]),
    "categorical": (categorical, np.eye(3)[[0, 1, 2, 0, 1, 2]]),
    "regression": (lambda: network(1, loss="mse"), [0.5, -7, 2, 3, 4, 5]),
    "function": (
        lambda: network(5, "softmax", keras.losses.sparse_categorical_crossentropy),
        [0, 1, 4, 3, 2, 4],
    ),
}


@pytest.mark.parametrize("case", RIGHT)
def test_right_labels_train_as_without_the_check(case):
    make, y = RIGHT[case]
    y = labels(y, "float32" if case in ("binary", "regression") else "int32")
    weights = []
    for checks in ([CheckTargets(y)], []):
        keras.utils.set_random_seed(3)
        model = make()
        model.fit(X, y, callbacks=checks, verbose=0, shuffle=False)
        weights.append(model.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_labels_of_the_validation_are_named_so():
    y = np.array([0, 1, 2, 3, 4, 0])
    with pytest.raises(ValueError, match=r"validation_y\[5\]=6 is not one of the 5 classes"):
        fit(sparse(), y, CheckTargets(y, [0, 1, 2, 3, 4, 6]))


def test_a_model_that_was_refused_trains_on_right_labels():
    model = sparse()
    wrong, right = np.array([0, 1, 2, 3, 4, 5]), np.array([0, 1, 2, 3, 4, 0])
    with pytest.raises(ValueError, match=r"y\[5\]=5"):
        fit(model, wrong)
    assert np.isfinite(fit(model, right).history["loss"]).all()


def test_a_model_without_an_input_is_checked_or_asked_for_classes():
    y = np.array([0, 1, 5, 0, 1, 2])
    model = keras.Sequential([L.Dense(5, activation="softmax")])
    model.compile(loss="sparse_categorical_crossentropy")
    with pytest.raises(
        ValueError, match=r"y\[2\]=5 is not one of the 5|begin a Sequential model with"
    ):
        fit(model, y)
    with pytest.raises(ValueError, match=r"y\[2\]=5 is not one of the 5"):
        fit(model, y, CheckTargets(y, classes=5))


class Subclassed(keras.Model):
    """Doesn't tell the shape of its output."""

    def __init__(self):
        super().__init__()
        self.out = L.Dense(5, activation="softmax")

    def call(self, x):
        return self.out(x)


def test_a_subclassed_model_needs_the_number_of_classes():
    y = np.array([0, 1, 5, 0, 1, 2])
    model = Subclassed()
    model.compile(loss="sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="give CheckTargets classes, the number of classes"):
        fit(model, y)
    with pytest.raises(ValueError, match=r"y\[2\]=5 is not one of the 5 classes"):
        fit(model, y, CheckTargets(y, classes=5))


def test_outputs_that_are_not_checked_are_refused():
    inputs = keras.Input((3,))
    model = keras.Model(inputs, [L.Dense(2)(inputs), L.Dense(2)(inputs)])
    model.compile(loss=["mse", "mse"])
    y = np.zeros((6, 2))
    with pytest.raises(ValueError, match="checks models with one output"):
        model.fit(X, [y, y], callbacks=[CheckTargets(y)], verbose=0)


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        for number in range(2):
            kcore.images.save_img(tmp_path / name / f"{number}.png", np.zeros((4, 4, 3)))
    return tmp_path


def dataset(folder, label_mode):
    return kcore.data.from_directory(folder, image_size=(4, 4), batch_size=2, label_mode=label_mode)


def of_images(units, loss):
    model = keras.Sequential(
        [keras.Input((4, 4, 3)), L.Flatten(), L.Dense(units, activation="softmax")]
    )
    model.compile(loss=loss)
    return model


@pytest.mark.parametrize("label_mode", ["int", "categorical"])
def test_datasets_of_kcore_know_their_labels(folder, label_mode):
    data = dataset(folder, label_mode)
    loss = "categorical_crossentropy"
    loss = f"sparse_{loss}" if label_mode == "int" else loss
    assert of_images(3, loss).fit(data, callbacks=[CheckTargets(data)], verbose=0).history["loss"]
    message = r"y\[4\]=2 is not one of the 2" if label_mode == "int" else r"rows of 2 classes"
    with pytest.raises(ValueError, match=message):
        on_train_begin(of_images(2, loss), CheckTargets(data))


def test_one_hot_rows_of_a_dataset_do_not_fit_a_sparse_loss(folder):
    data = dataset(folder, "categorical")
    with pytest.raises(ValueError, match="argmax"):
        on_train_begin(of_images(3, "sparse_categorical_crossentropy"), CheckTargets(data))


def test_the_flow_of_an_image_data_generator_knows_them_too():
    generator = kcore.augment.ImageDataGenerator()
    flow = generator.flow(np.zeros((4, 4, 4, 3)), np.array([0, 1, 2, 3]), batch_size=2)
    with pytest.raises(ValueError, match=r"y\[3\]=3 is not one of the 3 classes"):
        on_train_begin(of_images(3, "sparse_categorical_crossentropy"), CheckTargets(flow))


class OtherDataset(keras.utils.PyDataset):
    """Keeps its labels to itself."""


def test_other_data_are_refused_in_words(folder):
    for data in (OtherDataset(), {"y": [1]}, iter([1])):
        with pytest.raises(TypeError, match=r"give the labels as an array, or a dataset of kcore"):
            CheckTargets(data)
    with pytest.raises(ValueError, match="y has no labels, since its targets are None"):
        CheckTargets(dataset(folder, None))
    with pytest.raises(ValueError, match="classes=0 must be"):
        CheckTargets([1], classes=0)


def test_it_shows_how_many_labels_it_checks_and_prints_a_line_on_demand(capsys):
    silent = CheckTargets(np.zeros(6, "int32"), np.zeros((2, 1)))
    assert repr(silent) == "<CheckTargets: 6 labels in y, 2 labels in validation_y>"
    on_train_begin(sparse(), CheckTargets(np.zeros(6, "int32")))
    assert capsys.readouterr().out == ""
    on_train_begin(sparse(), CheckTargets(np.zeros(6, "int32"), verbose=1))
    assert capsys.readouterr().out == "CheckTargets: 6 labels in y: all fit the loss.\n"
    with pytest.raises(ValueError, match="verbose=2 must be 0, to print nothing, or 1"):
        CheckTargets(np.zeros(6), verbose=2)
