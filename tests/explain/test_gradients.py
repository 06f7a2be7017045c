import gc
import weakref

import keras
import numpy as np
import pytest
from oracles.failing_layer import Failing
from oracles.small_network import small_network

from kcore.explain import class_scores, gradients
from kcore.inspect import activations

L = keras.layers


@pytest.fixture(scope="module")
def network():
    return small_network()


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).normal(size=(5, 6, 7, 2))


def model_of(network, last=None):
    model = keras.Sequential(
        [
            keras.Input((6, 7, 2)),
            L.Conv2D(3, 3, activation="relu", name="conv"),
            L.Flatten(),
            *(last or [L.Dense(4, activation="softmax", name="dense")]),
        ]
    )
    model.set_weights(network.weights)
    return model


def test_gradients_of_given_classes_are_those_of_the_definition(network, images):
    model = model_of(network)
    classes = [0, 3, 1, 2, 3]
    at_input = gradients(model, images, class_index=classes, batch_size=2)
    at_conv = gradients(model, images, "conv", classes, batch_size=2)
    for number, (image, one) in enumerate(zip(images, classes, strict=True)):
        assert at_input.values[number] == pytest.approx(
            network.gradient_at_input(image, one), abs=1e-4
        )
        assert at_conv.values[number] == pytest.approx(
            network.gradient_at_feature_map(image, one), abs=1e-4
        )
        assert at_conv.outputs[number] == pytest.approx(network.feature_map(image), abs=1e-4)
        assert at_conv.scores[number] == pytest.approx(network.scores(image)[one], abs=1e-4)
    assert (at_input.layer, at_conv.layer) == ("", "conv")
    assert at_input.outputs == pytest.approx(images, abs=1e-6)


def test_the_predicted_class_is_the_default(network, images):
    found = gradients(model_of(network), images, "conv")
    assert list(found.class_index) == [network.scores(image).argmax() for image in images]
    best = network.gradient_at_feature_map(images[0], int(found.class_index[0]))
    assert found.values[0] == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize(
    ("last", "source"),
    [
        ([L.Dense(4, activation="softmax")], "before softmax"),
        ([L.Dense(4, activation="sigmoid")], "before sigmoid"),
        ([L.Dense(4, activation="log_softmax")], "before log-softmax"),
        ([L.Dense(4, activation=L.Softmax())], "before softmax"),
        ([L.Dense(4), L.Softmax()], "before softmax"),
        ([L.Dense(4), L.Activation("softmax")], "before softmax"),
        ([L.Dense(4, activation="softmax"), L.Dropout(0.5)], "before softmax"),
        ([L.Dense(4)], "output"),
    ],
)
def test_the_score_is_taken_before_the_last_activation(network, images, last, source):
    model = model_of(network, last)
    scores = class_scores(model, images, batch_size=5)
    assert scores.source == source
    truth = np.stack([network.scores(image) for image in images])
    assert scores.values == pytest.approx(truth, abs=1e-4)
    assert (scores.predicted == truth.argmax(1)).all()


class Sliced(keras.Model):
    """Ends with an operation that a backend may or may not leave out."""

    def __init__(self, inner, last):
        super().__init__()
        self.inner, self.last = inner, last

    def call(self, x):
        return self.last(self.inner(x))


def cropped(tensor):
    return tensor[:, :]


def joined(tensor):
    return keras.ops.concatenate([tensor], axis=-1)


def with_operation(inner, operation):
    return keras.Model(inner.inputs, operation(inner.outputs[0]))


CHANGES_NOTHING = {
    "reshape": lambda network: model_of(network, [dense("softmax"), L.Reshape((4,))]),
    "flatten": lambda network: model_of(network, [dense("softmax"), L.Flatten()]),
    "permute": lambda network: model_of(network, [dense("softmax"), L.Permute((1,))]),
    "two": lambda network: model_of(
        network, [dense(), L.Reshape((1, 1, 4)), L.Softmax(), L.Permute((2, 1, 3)), L.Flatten()]
    ),
    "slice": lambda network: with_operation(model_of(network, [dense("softmax")]), cropped),
    "concat": lambda network: with_operation(model_of(network, [dense("softmax")]), joined),
    "layer": lambda network: with_operation(
        model_of(network, [dense("softmax")]), L.Activation("linear", dtype="float32")
    ),
    "subclass": lambda network: Sliced(model_of(network, [dense("softmax")]), cropped),
    "nested": lambda network: with_operation(
        keras.Sequential([keras.Input((6, 7, 2)), model_of(network, [dense("softmax")])]), cropped
    ),
}


def dense(activation=None):
    return L.Dense(4, activation=activation, name="scored")


@pytest.mark.parametrize("tail", CHANGES_NOTHING)
def test_what_changes_nothing_may_follow_the_softmax(network, images, tail):
    model = CHANGES_NOTHING[tail](network)
    truth = np.stack([network.scores(image) for image in images])
    scores = class_scores(model, images, batch_size=2)
    assert scores.source == "before softmax"
    assert scores.values == pytest.approx(truth, abs=1e-4)
    found = gradients(model, images, class_index=2)
    assert found.values[1] == pytest.approx(network.gradient_at_input(images[1], 2), abs=1e-4)
    names = list(activations(model, images))
    with pytest.raises(ValueError, match="comes after the scores"):
        gradients(model, images, names[-1])


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_the_cast_that_ends_mixed_precision_changes_nothing(activation):
    inputs = keras.Input((3,))
    y = L.Dense(2, activation=activation, dtype="mixed_float16")(inputs)
    model = keras.Model(inputs, L.Activation("linear", dtype="float32")(y))
    kernel = np.array([[1.0, -2.0], [0.5, 3.0], [2.0, 0.25]])
    model.set_weights([kernel, np.zeros(2)])
    x = np.array([[1.0, 2.0, -1.0]])
    scores = class_scores(model, x)
    assert scores.source == f"before {activation}"
    assert scores.values == pytest.approx(x @ kernel, abs=1e-2)


@pytest.mark.parametrize("operation", [lambda y: 1 - y, lambda y: y * y, keras.ops.round])
def test_what_changes_something_may_not(network, images, operation):
    model = with_operation(model_of(network, [dense("softmax")]), operation)
    assert class_scores(model, images).source == "output"


def test_weights_of_zero_make_no_difference():
    inputs = keras.Input((2,))
    y = L.Dense(2, activation="softmax", kernel_initializer="zeros", use_bias=False)(inputs)
    models = {True: keras.Model(inputs, L.Reshape((2,))(y)), False: keras.Model(inputs, 1 - y)}
    for keeps, model in models.items():
        source = class_scores(model, np.ones((1, 2))).source
        assert source == ("before softmax" if keeps else "output")


def test_one_logit_scores_two_classes_where_the_loss_takes_logits():
    model = keras.Sequential([keras.Input((2,)), L.Dense(1)])
    model.set_weights([np.array([[2.0], [-3.0]]), np.array([0.5])])
    x = np.array([[1.0, 0.0], [0.0, 1.0]])
    alone = class_scores(model, x)
    assert (alone.values.shape, alone.source) == ((2, 1), "output")
    with pytest.raises(ValueError, match=r"has 1 class, 0\. Its output is one unit without a sigm"):
        gradients(model, x, class_index=1)
    model.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True))
    scores = class_scores(model, x)
    assert scores.source == "output"
    assert scores.values == pytest.approx(np.array([[-2.5, 2.5], [2.5, -2.5]]))
    assert list(gradients(model, x).class_index) == [1, 0]
    assert gradients(model, x, class_index=0).values[0] == pytest.approx([-2.0, 3.0])
    model.compile(loss="binary_crossentropy")
    assert class_scores(model, x).values.shape == (2, 1)


def test_a_softmax_that_is_not_the_last_is_no_source(network, images):
    last = [L.Dense(4, activation="softmax"), L.Rescaling(2.0)]
    scores = class_scores(model_of(network, last), images)
    assert scores.source == "output"
    assert scores.values.sum(axis=1) == pytest.approx(2 * np.ones(5), abs=1e-5)


def one_unit():
    model = keras.Sequential([keras.Input((2,)), L.Dense(1, activation="sigmoid")])
    model.set_weights([np.array([[2.0], [-3.0]]), np.array([0.5])])
    return model


def test_one_sigmoid_unit_scores_two_classes():
    x = np.array([[1.0, 0.0], [0.0, 1.0]])
    scores = class_scores(one_unit(), x)
    assert scores.values == pytest.approx(np.array([[-2.5, 2.5], [2.5, -2.5]]))
    found = gradients(one_unit(), x)
    assert list(found.class_index) == [1, 0]
    assert found.values == pytest.approx(np.array([[2.0, -3.0], [-2.0, 3.0]]))
    assert found.scores == pytest.approx(np.array([2.5, 2.5]))
    assert gradients(one_unit(), x, class_index=0).values[0] == pytest.approx([-2.0, 3.0])


def nested(network):
    """The network with its parts inside two models, one in the other."""
    base = keras.Sequential(
        [keras.Input((6, 7, 2)), L.Conv2D(3, 3, activation="relu", name="mixed7")], name="base"
    )
    inputs = keras.Input((6, 7, 2))
    outer = keras.Model(inputs, L.Flatten()(base(inputs)), name="outer")
    model = keras.Sequential([keras.Input((6, 7, 2)), outer, L.Dense(4, activation="softmax")])
    model.set_weights(network.weights)
    return model


@pytest.mark.parametrize("layer", ["mixed7", "base/mixed7", "outer/base/mixed7", "base"])
def test_a_layer_inside_nested_models(network, images, layer):
    found = gradients(nested(network), images, layer, 2)
    assert found.values[3] == pytest.approx(network.gradient_at_feature_map(images[3], 2), abs=1e-4)


def test_each_call_of_a_shared_layer_has_its_gradient():
    inputs = keras.Input((2,))
    shared = L.Dense(2, use_bias=False, name="shared")
    model = keras.Model(inputs, shared(shared(inputs)))
    kernel = np.array([[1.0, 2.0], [3.0, 5.0]])
    model.set_weights([kernel])
    x = np.ones((1, 2))
    assert gradients(model, x, "shared#1", 0).values[0] == pytest.approx(kernel[:, 0])
    assert gradients(model, x, "shared#2", 0).values[0] == pytest.approx([1.0, 0.0])
    with pytest.raises(ValueError, match="has several outputs: give one of 'shared#1', 'shared#2'"):
        gradients(model, x, "shared")


class Subclassed(keras.Model):
    """Uses a layer in the middle twice over, along two ways."""

    def __init__(self):
        super().__init__()
        self.first = L.Rescaling(3.0, name="first")
        self.out = L.Dense(2, activation="softmax", use_bias=False, kernel_initializer="identity")

    def call(self, x):
        y = self.first(x)
        return self.out(y + y * y)


def test_a_subclassed_model_and_operations_between_layers():
    x = np.array([[1.0, 2.0]])
    found = gradients(Subclassed(), x, "first", 1)
    assert found.values[0] == pytest.approx([0.0, 1 + 2 * 6.0])
    assert gradients(Subclassed(), x, None, 1).values[0] == pytest.approx([0.0, 3 * 13.0])


def test_several_inputs():
    first, second = keras.Input((2,)), keras.Input((2,))
    product = L.Multiply(name="product")([L.Rescaling(2.0, name="twice")(first), second])
    model = keras.Model([first, second], L.Dense(1, kernel_initializer="ones")(product))
    x = [np.array([[1.0, 2.0]]), np.array([[5.0, 7.0]])]
    assert gradients(model, x, "twice", 0).values[0] == pytest.approx([5.0, 7.0])
    with pytest.raises(TypeError, match="x is a list: this function takes a model with one"):
        gradients(model, x)


def test_an_output_that_the_score_does_not_depend_on_has_zero_gradients():
    inputs = keras.Input((2,))
    aside = L.Rescaling(2.0, name="aside")(inputs)
    stopped = L.Lambda(keras.ops.stop_gradient)(aside)
    model = keras.Model(inputs, L.Add()([L.Dense(2)(inputs), stopped]))
    with pytest.warns(UserWarning, match="gradients: the gradients of these samples are all zero"):
        found = gradients(model, np.ones((3, 2)), "aside", 0)
    assert not found.values.any()


def test_the_gradient_is_that_of_inference_mode():
    model = keras.Sequential(
        [keras.Input((2,)), L.BatchNormalization(), L.Dropout(0.5), L.Dense(2, use_bias=False)]
    )
    gamma, beta, mean, variance = np.full((4, 2), [[2.0], [1.0], [5.0], [15.999]])
    kernel = np.array([[1.0, 2.0], [3.0, 4.0]])
    model.set_weights([gamma, beta, mean, variance, kernel])
    found = gradients(model, np.random.default_rng(0).random((4, 2)), class_index=1)
    assert found.values == pytest.approx(np.full((4, 2), [[2 * 2 / 4, 4 * 2 / 4]]), abs=1e-5)


def test_mixed_precision():
    inputs = keras.Input((2,))
    middle = L.Dense(2, use_bias=False, dtype="mixed_bfloat16", name="middle")(inputs)
    model = keras.Model(inputs, L.Dense(1, use_bias=False, dtype="float32")(middle))
    model.set_weights([np.eye(2), np.array([[2.0], [-4.0]])])
    found = gradients(model, np.ones((1, 2)), "middle", 0)
    assert found.values[0] == pytest.approx([2.0, -4.0])
    assert (found.values.dtype, found.outputs.dtype) == (np.float32, np.float32)


def test_new_weights_and_a_new_activation_are_seen(network, images):
    model = model_of(network)
    before = gradients(model, images, "conv", 0).values
    model.set_weights([2 * weight for weight in network.weights])
    assert gradients(model, images, "conv", 0).values == pytest.approx(2 * before, abs=1e-4)
    model.layers[0].activation = keras.activations.linear
    assert activations(model, images, "conv")["conv"].min() < 0


class Counting(L.Layer):
    """Changes its state at each call, whatever the mode."""

    def build(self, shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.calls.assign(self.calls + 1)
        return x


@pytest.fixture(scope="module")
def trained():
    """A compiled model with all kinds of state, after a step of training."""
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            Counting(name="counting"),
            L.RandomFlip(name="flip"),
            L.Conv2D(2, 3, name="conv", activity_regularizer="l2"),
            L.BatchNormalization(name="normalization"),
            Failing(name="failing"),
            L.Dropout(0.5, name="dropout"),
            L.Flatten(name="flatten"),
            L.Dense(2, activation="softmax", name="dense"),
        ]
    )
    model.get_layer("conv").trainable = False
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.train_on_batch(np.ones((2, 6, 6, 1)), np.array([0, 1]))
    return model


def state_of(model):
    """Everything of a model that a look inside might change."""
    kept = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return {
        "values": [keras.ops.convert_to_numpy(variable).tolist() for variable in kept],
        "variables": [id(variable) for variable in kept],
        "trainable": [variable.trainable for variable in model.variables],
        "flags": [(layer.name, layer.trainable) for layer in model.layers],
        "attributes": [
            {name: id(value) for name, value in vars(layer).items()} for layer in model.layers
        ],
        "compiled": [model.optimizer, model.loss, model.train_function, model.compiled],
        "losses": len(model.losses),
    }


def test_the_model_comes_out_untouched(trained):
    images = np.random.default_rng(0).random((5, 6, 6, 1))
    expected = trained.predict(images, verbose=0)
    before = state_of(trained)
    activations(trained, images, batch_size=2)
    gradients(trained, images, batch_size=2)
    gradients(trained, images, "conv", batch_size=2)
    class_scores(trained, images)
    assert state_of(trained) == before
    assert trained.predict(images, verbose=0) == pytest.approx(expected, abs=1e-6)
    trained.train_on_batch(images, np.zeros(5))


def test_the_model_comes_out_untouched_where_it_raises(trained):
    images = np.ones((4, 6, 6, 1))
    before = state_of(trained)
    class_scores(trained, images[:3])
    Failing.fails = True
    try:
        for function in (activations, gradients):
            for some in (images[:3], images):  # the shape of the first is known, but not compiled
                with pytest.raises(Exception, match="told to fail"):
                    function(trained, some)
    finally:
        Failing.fails = False
    assert state_of(trained) == before
    assert gradients(trained, images).values.shape == images.shape


def test_what_was_compiled_does_not_keep_a_model_alive(network, images):
    model = model_of(network)
    gradients(model, images, "conv", 0)
    activations(model, images)
    reference = weakref.ref(model)
    del model
    gc.collect()
    assert reference() is None


def test_a_second_look_compiles_nothing(network, images):
    runs = []

    class Noting(L.Layer):
        def call(self, x):
            runs.append(x)
            return x

    model = model_of(network, [Noting(), L.Dense(4)])
    gradients(model, images, "conv", 0)
    traced = len(runs)
    gradients(model, images + 1, "conv", 3)
    assert len(runs) == traced


@pytest.mark.parametrize(
    ("class_index", "message"),
    [
        (4, "class_index=4 is out of range: the model has 4 classes, 0 to 3"),
        (-1, "class_index=-1 is out of range"),
        ([0, 1], "must be one integer, or one for each of the 5 samples, or None"),
        (1.0, r"class_index=1.0 must be one integer"),
    ],
)
def test_wrong_classes_are_refused(network, images, class_index, message):
    with pytest.raises(ValueError, match=message):
        gradients(model_of(network), images, class_index=class_index)


def test_models_without_a_score_for_each_class_are_refused():
    inputs = keras.Input((2,))
    two = keras.Model(inputs, [L.Dense(1)(inputs), L.Dense(1)(inputs)], name="two")
    with pytest.raises(
        ValueError, match="The model 'two' has 2 outputs: make a model with the output"
    ):
        gradients(two, np.ones((1, 2)))
    dense = keras.Sequential([keras.Input((3, 2)), L.Dense(4)], name="dense")
    with pytest.raises(ValueError, match=r"has shape \(1, 3, 4\): a score for each class needs"):
        class_scores(dense, np.ones((1, 3, 2)))


def test_a_look_inside_from_a_callback_while_fit_goes_on(network, images):
    found = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            scores = gradients(self.model, images, "conv", 0).scores
            again = activations(self.model, images, "dense")["dense"]
            found.append((scores, again, self.model.predict(images, verbose=0)))

    model = model_of(network)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(images, np.zeros(5), epochs=2, verbose=0, callbacks=[Look()])
    assert np.abs(found[0][0] - found[1][0]).max() > 1e-4
    for _, outputs, predicted in found:
        assert outputs == pytest.approx(predicted, abs=1e-5)


def test_a_layer_behind_the_scores_is_refused():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax", name="last")])
    with pytest.raises(ValueError, match=r"layer='last' comes after the scores, .* softmax"):
        gradients(model, np.ones((1, 2), "float32"), "last")


def test_what_is_not_finite_is_said():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax")])
    model.set_weights([np.full((2, 3), np.nan), np.zeros(3)])
    x = np.ones((2, 2), "float32")
    with pytest.warns(UserWarning, match="gradients: the scores of these samples are NaN .*: 0, 1"):
        gradients(model, x, class_index=1)
    with pytest.warns(UserWarning, match="class_scores: the scores of these samples are NaN"):
        class_scores(model, x)


def test_samples_that_are_not_finite_are_refused():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax")])
    x = np.ones((4, 2), "float32")
    for value in (np.nan, np.inf, -np.inf):
        x[2, 1] = value
        with pytest.raises(ValueError, match=r"x\[2\] has values that are NaN or infinite"):
            gradients(model, x)
    with pytest.raises(ValueError, match=r"x\[1\] has values that are NaN or infinite"):
        gradients(model, np.array([[1.0, 2.0], [1.0, 1e300]]))
