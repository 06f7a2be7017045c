"""Labels that a compiled model can't be trained on end `fit` before its first step."""

import copy
import gc
import inspect
import pickle
import weakref

import keras
import numpy as np
import pytest

import kcore
from kcore.data._target_checks import check_fit
from kcore.models import compile_binary_classifier, compile_classifier, compile_regression

L = keras.layers
X = np.random.default_rng(0).random((6, 3)).astype("float32")
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), "uint8")


def classifier(units=5):
    model = keras.Sequential([keras.Input((3,)), L.Dense(units, activation="softmax")])
    return compile_classifier(model)


def binary():
    model = keras.Sequential([keras.Input((3,)), L.Dense(1, activation="sigmoid")])
    return compile_binary_classifier(model)


def regression():
    return compile_regression(keras.Sequential([keras.Input((3,)), L.Dense(1)]))


def labels(y):
    """Return an array of 32 bits: on JAX Keras warns of more."""
    array = np.asarray(y)
    return array.astype("float32" if array.dtype.kind == "f" else "int32")


WRONG = {
    "outside": (classifier, [0, 1, 4, 5, 2, 9], r"y\[3\]=5 is not one of the 5 classes"),
    "negative": (classifier, [0, -1, 4, 0, 2, 1], r"y\[1\]=-1 is not one of the 5 classes"),
    "fraction": (classifier, [0, 1, 4, 0.5, 2, 1], r"y\[3\]=0.5 is not one of the 5 classes"),
    "nan": (classifier, [0, 1, 4, 0, 2, np.nan], r"y\[5\]=nan is not one of the 5 classes"),
    "from 1": (classifier, [1, 2, 3, 4, 5, 1], "count from 1: subtract 1"),
    "column": (classifier, [[0], [1], [7], [0], [1], [2]], r"y\[2\]=7 is not one of the 5 classes"),
    "one-hot": (classifier, np.eye(5)[[0, 1, 2, 3, 4, 0]], r"argmax\(axis=-1\)"),
    "text": (classifier, np.array(list("abcdef")), "y holds text: labels must be integers"),
    "1 and 2": (binary, [1, 2, 1, 2, 1, 2], r"y\[1\]=2 is not one of the 2 classes.*subtract 1"),
    "-1 and 1": (binary, [1, -1, 1, 1, 1, 1], r"y\[1\]=-1 is not one of the 2 classes"),
    "nan of two": (binary, [1, 0, np.nan, 1, 1, 1], r"y\[2\]=nan is not one of the 2 classes"),
    "infinite": (regression, [0, 1, 2, np.inf, 4, 5], r"y\[3\]=inf is not a finite number"),
}


@pytest.mark.parametrize("how", ["position", "name", "validation_data"])
@pytest.mark.parametrize("case", WRONG)
def test_wrong_labels_change_no_weight(case, how):
    make, y, message = WRONG[case]
    y = y if case == "text" else labels(y)
    model = make()
    before = model.get_weights()
    right = np.zeros(6, "int32")
    calls = {
        "position": lambda: model.fit(X, y, verbose=0),
        "name": lambda: model.fit(y=y, verbose=0, x=X),
        "validation_data": lambda: model.fit(X, right, validation_data=(X, y), verbose=0),
    }
    if how == "validation_data":
        message = message.replace(r"y\[", r"validation_data\[1\]\[").replace("y h", r".*\] h")
    with pytest.raises(ValueError, match=message):
        calls[how]()
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


RIGHT = {
    "classes": (classifier, labels([0, 1, 4, 3, 2, 4])),
    "column": (classifier, labels([[0], [1], [4], [3], [2], [4]])),
    "floats": (classifier, labels([0.0, 1, 4, 3, 2, 4])),
    "tensor": (classifier, keras.ops.convert_to_tensor(labels([0, 1, 4, 3, 2, 4]))),
    "list of one": (classifier, [labels([0, 1, 4, 3, 2, 4])]),
    "bool": (binary, np.array([True, False] * 3)),
    "smoothed": (binary, labels([0.1, 0.9, 0.1, 0.9, 0.5, 1])),
    "numbers": (regression, labels([-7, 0.5, 2, 3, 4, 1e6])),
}


@pytest.mark.parametrize("case", RIGHT)
def test_right_labels_pass(case):
    make, y = RIGHT[case]
    check_fit(make(), X, y, (X, y))


@pytest.mark.parametrize("case", ["tensor", "smoothed"])
def test_right_labels_train_as_with_the_fit_of_keras(case):
    make, y = RIGHT[case]
    trained = []
    for fit in (lambda model: model.fit, lambda model: type(model).fit.__get__(model)):
        keras.utils.set_random_seed(3)
        model = make()
        fit(model)(X, y, verbose=0, shuffle=False)
        trained.append(model.get_weights())
    for one, other in zip(*trained, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_tensor_of_wrong_labels_is_read():
    y = keras.ops.convert_to_tensor(labels([0, 1, 5, 0, 1, 2]))
    with pytest.raises(ValueError, match=r"y\[2\]=5 is not one of the 5 classes"):
        classifier().fit(X, y, verbose=0)


def test_a_subclassed_model_is_checked_too():
    model = compile_classifier(kcore.models.subclassed_mlp((3,), 5, seed=0))
    with pytest.raises(ValueError, match=r"y\[2\]=5 is not one of the 5 classes"):
        model.fit(X, labels([0, 1, 5, 0, 1, 2]), verbose=0)


def dataset(y, **options):
    return kcore.data.from_arrays(IMAGES, y, batch_size=2, seed=0, **options)


def of_images(compile_it, units=5):
    model = keras.Sequential(
        [keras.Input((4, 4, 3)), L.Flatten(), L.Dense(units, activation="softmax")]
    )
    return compile_it(model)


def test_datasets_are_checked_in_both_arguments():
    right, wrong = dataset(labels([0, 1, 2, 3, 4, 0])), dataset(labels([0, 1, 2, 3, 4, 5]))
    message = r"labels of x\[5\]=5 is not one of the 5 classes"
    with pytest.raises(ValueError, match=message):
        of_images(compile_classifier).fit(wrong, verbose=0)
    with pytest.raises(ValueError, match=message.replace(" x", " validation_data")):
        of_images(compile_classifier).fit(right, validation_data=wrong, verbose=0)


def test_another_loss_is_followed():
    model = classifier(3)
    rows = np.eye(3, dtype="float32")[[0, 1, 2, 0, 1, 2]]
    with pytest.raises(ValueError, match="argmax"):
        model.fit(X, rows, verbose=0)
    model.compile(loss="categorical_crossentropy")
    assert np.isfinite(model.fit(X, rows, verbose=0).history["loss"]).all()
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(ignore_class=-1))
    assert np.isfinite(model.fit(X, labels([0, -1, 2, 0, 1, 2]), verbose=0).history["loss"]).all()
    with pytest.raises(ValueError, match=r"y\[1\]=3 is not one of the 3 classes"):
        model.fit(X, labels([-1, 3, 2, 0, 1, 2]), verbose=0)


class OwnLoss(keras.losses.SparseCategoricalCrossentropy):
    """Takes negative labels for those of class 0, as its author wants it."""

    def call(self, y_true, y_pred):
        return super().call(keras.ops.maximum(y_true, 0), y_pred)


def own_loss(y_true, y_pred):
    known = keras.ops.logical_not(keras.ops.isnan(y_true))
    return keras.ops.mean(keras.ops.where(known, y_pred, 0.0), axis=-1)


@pytest.mark.parametrize(
    ("loss", "y"), [(OwnLoss(), [0, -1, 2, 0, 1, 2]), (own_loss, [[np.nan]] * 6)]
)
def test_a_loss_of_the_user_decides_by_itself(loss, y):
    model = classifier(3)
    model.compile(loss=loss)
    assert np.isfinite(model.fit(X, labels(y), verbose=0).history["loss"]).all()


class OwnStep(keras.Sequential):
    """Moves labels that count from 1, as its author wants it."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x, y - 1, y_pred, sample_weight, training)


def test_a_training_step_of_the_user_decides_by_itself():
    model = compile_classifier(OwnStep([keras.Input((3,)), L.Dense(5, activation="softmax")]))
    assert np.isfinite(model.fit(X, labels([1, 2, 3, 4, 5, 1]), verbose=0).history["loss"]).all()


def test_wrong_calls_are_left_to_keras():
    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        classifier().fit(X, labels([0] * 6), epoch=2)
    with pytest.raises(ValueError, match="cardinality"):
        classifier().fit(X, labels([0, 1]), verbose=0)


def test_the_method_looks_like_that_of_keras():
    model = classifier()
    plain = keras.Sequential([keras.Input((3,)), L.Dense(5)])
    assert inspect.signature(model.fit) == inspect.signature(plain.fit)
    assert model.fit.__doc__ == plain.fit.__doc__
    assert model.fit.__name__ == "fit"
    assert model.fit.__self__ is model


def test_a_fit_that_the_user_has_set_stays():
    model = keras.Sequential([keras.Input((3,)), L.Dense(5, activation="softmax")])
    model.fit = lambda *args, **kwargs: "mine"
    assert compile_classifier(model).fit(X, labels([9] * 6)) == "mine"


def copies(model, folder):
    model.save(folder / "model.keras")
    kcore.models.save(model, folder / "labels.keras")
    model.save_weights(folder / "model.weights.h5")
    return {
        "clone": keras.models.clone_model(model),
        "pickle": pickle.loads(pickle.dumps(model)),
        "deepcopy": copy.deepcopy(model),
        "keras": keras.saving.load_model(folder / "model.keras"),
        "kcore": kcore.models.load(folder / "labels.keras"),
        "weights": kcore.models.load_weights(
            keras.models.clone_model(model), folder / "model.weights.h5"
        ),
    }


def test_copies_and_files_have_the_fit_of_keras(tmp_path):
    model = classifier()
    model.fit(X, labels([0, 1, 2, 3, 4, 0]), verbose=0)
    assert "fit" in vars(model)
    expected = model.predict(X, verbose=0)
    for name, other in copies(model, tmp_path).items():
        assert "fit" not in vars(other), name
        if name != "clone":
            np.testing.assert_allclose(other.predict(X, verbose=0), expected, rtol=1e-6)


def test_a_model_that_nobody_holds_is_collected():
    model = classifier()
    model.fit(X, labels([0, 1, 2, 3, 4, 0]), verbose=0)
    reference = weakref.ref(model)
    del model
    gc.collect()
    assert reference() is None


def test_the_method_holds_its_model():
    # `compile_classifier(...).fit(...)` in one line has no other reference to the model.
    fit = classifier().fit
    gc.collect()
    assert np.isfinite(fit(X, labels([0, 1, 2, 3, 4, 0]), verbose=0).history["loss"]).all()
