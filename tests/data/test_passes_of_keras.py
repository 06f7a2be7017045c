"""What training receives, whatever else is done with the dataset in the meantime.

The samples are powers of two, so that the sum of what a model received names its samples: each
batch that it trained on can be compared with the batches of its epochs, in order.
"""

import random
import threading

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kcore.data import from_arrays

MOST_STEPS = 64


class Seen(keras.layers.Layer):
    """Keeps the sums of the batches that the model was trained on, in their order."""

    def __init__(self):
        super().__init__()
        self.sums = self.add_weight(shape=(MOST_STEPS,), initializer="zeros", trainable=False)
        self.count = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False)

    def call(self, x, training=None):
        if training:
            spot = keras.ops.one_hot(self.count, MOST_STEPS, dtype="float32")
            self.sums.assign(self.sums + spot * keras.ops.sum(x))
            self.count.assign(self.count + 1)
        return x

    def batches(self):
        sums = keras.ops.convert_to_numpy(self.sums)[: int(self.count)]
        return [int(total) for total in sums]

    def forget(self):
        self.sums.assign(np.zeros(MOST_STEPS))
        self.count.assign(0)


def dataset_of(samples, batch_size=1, shuffle=True, **options):
    x = (2.0 ** np.arange(samples)).astype("float32").reshape(samples, 1)
    y = np.zeros((samples, 1), "float32")
    return from_arrays(x, y, batch_size=batch_size, shuffle=shuffle, seed=1, **options)


def model_of(**options):
    seen = Seen()
    model = keras.Sequential([keras.Input((1,)), seen, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), "mse", **options)
    return model, seen


def expected(dataset, positions):
    """Return the sums of the batches at these positions, counted through all epochs."""
    pairs = (divmod(position, len(dataset)) for position in positions)
    return [
        sum(2 ** int(index) for index in dataset.indices(number, epoch)) for epoch, number in pairs
    ]


class Steps(keras.callbacks.Callback):
    """Counts the steps of each epoch."""

    def __init__(self):
        super().__init__()
        self.counts = []

    def on_epoch_begin(self, epoch, logs=None):
        self.counts.append(0)

    def on_train_batch_end(self, batch, logs=None):
        self.counts[-1] += 1


@pytest.mark.parametrize("steps", [1, 4, 8, 9, 12, 18])
def test_steps_per_epoch_go_on_through_the_epochs(steps):
    dataset, (model, seen), counted = dataset_of(9), model_of(), Steps()
    epochs = min(6, MOST_STEPS // steps)
    model.fit(dataset, steps_per_epoch=steps, epochs=epochs, verbose=0, callbacks=[counted])
    assert counted.counts == [steps] * epochs
    assert seen.batches() == expected(dataset, range(steps * epochs))
    assert dataset.epoch == steps * epochs // 9


def test_another_fit_goes_on_where_steps_ended():
    dataset, (model, seen) = dataset_of(9), model_of()
    for _ in range(3):
        model.fit(dataset, steps_per_epoch=4, epochs=1, verbose=0)
    assert seen.batches() == expected(dataset, range(12))
    seen.forget()
    model.fit(dataset, epochs=1, verbose=0)
    assert seen.batches() == expected(dataset, range(18, 27)), "a fit of whole epochs begins one"


@pytest.mark.parametrize("steps_per_execution", [2, 3])
@pytest.mark.parametrize("steps_per_epoch", [None, 6])
def test_several_steps_in_one_execution(steps_per_execution, steps_per_epoch):
    dataset, (model, seen) = dataset_of(9), model_of(steps_per_execution=steps_per_execution)
    model.fit(dataset, epochs=3, steps_per_epoch=steps_per_epoch, verbose=0)
    assert seen.batches() == expected(dataset, range(3 * (steps_per_epoch or 9)))


@pytest.mark.parametrize("is_built", [False, True])
@pytest.mark.parametrize("steps_per_epoch", [None, 1])
def test_one_batch_an_epoch(is_built, steps_per_epoch):
    dataset, seen = dataset_of(1), Seen()
    model = keras.Sequential([keras.Input((1,))] * is_built + [seen, keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    for last in (2, 4):
        model.fit(dataset, epochs=2, steps_per_epoch=steps_per_epoch, verbose=0)
        assert dataset.epoch == last


@pytest.mark.parametrize("steps_per_epoch", [None, 8])
@pytest.mark.parametrize("shuffle", [True, False])
def test_nothing_that_happens_meanwhile_disturbs_a_training(steps_per_epoch, shuffle):
    dataset, (model, seen) = dataset_of(9, shuffle=shuffle), model_of()
    other, of_other = model_of()
    faults = []

    def look_in_a_thread():
        labels = [int(x[0, 0]) for x, _ in dataset]
        if sorted(labels) != [2**n for n in range(9)]:
            faults.append(labels)

    class Disturb(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                seen_here = np.asarray(other.predict(dataset, verbose=0))
                other.evaluate(dataset, verbose=0)
                other.evaluate(dataset, steps=3, verbose=0)
                assert len(seen_here) == 9
            if batch == 3:
                other.fit(dataset, epochs=1, verbose=0, shuffle=False)
            if batch in (4, 5):
                assert len(list(dataset)) == 9
                np.testing.assert_array_equal(dataset[1][0], dataset[1][0])
            if batch == 6:
                thread = threading.Thread(target=look_in_a_thread)
                thread.start()
                thread.join()

    model.fit(
        dataset,
        epochs=3,
        steps_per_epoch=steps_per_epoch,
        validation_data=dataset,
        validation_steps=steps_per_epoch and 2,
        callbacks=[Disturb()],
        shuffle=shuffle,
        verbose=0,
    )
    assert seen.batches() == expected(dataset, range(3 * (steps_per_epoch or 9)))
    assert not faults
    for start in range(0, 27, 9):
        assert sorted(of_other.batches()[start : start + 9]) == [2**n for n in range(9)]


def test_two_trainings_at_once_in_two_threads():
    dataset = dataset_of(9)
    models = [model_of() for _ in range(2)]
    threads = [
        threading.Thread(target=model.fit, args=(dataset,), kwargs={"epochs": 3, "verbose": 0})
        for model, _ in models
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _, seen in models:
        got = seen.batches()
        first = next(
            epoch
            for epoch in range(4)
            if got[:9] == expected(dataset, range(9 * epoch, 9 * epoch + 9))
        )
        assert got == expected(dataset, range(9 * first, 9 * first + 27))


def test_only_training_moves_on():
    dataset, (model, seen) = dataset_of(9), model_of()
    model.fit(dataset, epochs=2, verbose=0, validation_data=dataset)
    for _ in range(2):
        predicted = model.predict(dataset, verbose=0)
        model.evaluate(dataset, verbose=0)
    assert dataset.epoch == 2
    kernel, bias = model.get_weights()[-2:]
    order = np.concatenate([dataset.indices(number) for number in range(9)])
    np.testing.assert_allclose(predicted, 2.0 ** order[:, None] @ kernel + bias, rtol=1e-5)
    model.fit(dataset, epochs=1, verbose=0)
    assert seen.batches() == expected(dataset, range(27))


def test_validation_steps_begin_with_the_first_batch_each_time():
    training, validation = dataset_of(3), dataset_of(9, shuffle=False)
    model, _ = model_of()
    history = model.fit(
        training, validation_data=validation, validation_steps=2, epochs=3, verbose=0
    )
    losses = history.history["val_loss"]
    assert losses[0] == losses[1] == losses[2]
    np.testing.assert_allclose(losses[0], model.evaluate(validation, steps=2, verbose=0), rtol=1e-6)


def test_loops_are_epochs_of_a_training_of_your_own():
    dataset = dataset_of(9)
    orders = [[int(x[0, 0]) for x, _ in dataset] for _ in range(3)]
    assert orders == [expected(dataset, range(9 * epoch, 9 * epoch + 9)) for epoch in range(3)]
    assert dataset.epoch == 2, "what was looped over last is what evaluate and indices tell"
    assert orders[2] == expected(dataset, [18 + number for number in range(9)])


def test_an_interrupted_loop_begins_again():
    dataset = dataset_of(9)
    for _ in range(3):
        assert int(next(iter(dataset))[0][0, 0]) == expected(dataset, [0])[0]


def test_a_loop_with_on_epoch_end():
    dataset, got = dataset_of(9), []
    for _ in range(3):
        got += [int(dataset[number][0][0, 0]) for number in range(len(dataset))]
        dataset.on_epoch_end()
    assert got == expected(dataset, range(27))


def test_an_epoch_can_be_set_before_and_in_a_training():
    dataset, (model, seen) = dataset_of(9), model_of()

    class Skip(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                dataset.epoch = 7

    dataset.epoch = 3
    model.fit(dataset, epochs=3, verbose=0, callbacks=[Skip()])
    expected_positions = [*range(27, 36), *range(63, 81)]
    assert seen.batches() == expected(dataset, expected_positions)
    assert dataset.epoch == 9


def test_an_epoch_is_not_set_while_keras_counts_the_steps():
    dataset, (model, _) = dataset_of(9), model_of()

    class Skip(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                dataset.epoch = 7

    with pytest.raises(RuntimeError, match=r"epoch=7 is set while fit\(steps_per_epoch=\.\.\.\)"):
        model.fit(dataset, epochs=3, steps_per_epoch=8, verbose=0, callbacks=[Skip()])
    dataset.epoch = 7
    assert dataset.epoch == 7


class Interrupt(keras.callbacks.Callback):
    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.batch:
            raise KeyboardInterrupt


def test_functions_with_a_state_are_called_in_the_order_of_use():
    def run():
        calls = []

        def transform(images, indices, epoch):
            calls.append((epoch, *indices.tolist()))
            return images + len(calls)

        dataset, (model, seen) = dataset_of(9, transform=transform, num_threads=4), model_of()
        model.fit(dataset, epochs=3, verbose=0)
        return calls, seen.batches(), dataset

    calls, received, dataset = run()
    in_order = [
        (epoch, *dataset.indices(number, epoch)) for epoch in range(3) for number in range(9)
    ]
    assert calls == in_order
    plain = expected(dataset, range(27))
    assert received == [total + call for call, total in enumerate(plain, 1)]
    for _ in range(3):
        assert run()[:2] == (calls, received)


class Training(RuleBasedStateMachine):
    """Random sequences of what people do with a dataset, against a plain count of batches."""

    def __init__(self):
        super().__init__()
        self.dataset = dataset_of(5, batch_size=2)  # three batches, the last of one sample
        (self.model, self.seen), (self.other, _) = model_of(), model_of()
        self.position = 0
        self.looped = False
        self.due = []

    def move(self, position):
        self.position, self.looped = position, False

    def first(self):
        return -(-self.position // 3) * 3

    @precondition(lambda self: len(self.due) < MOST_STEPS - 20)
    @rule(
        epochs=st.integers(1, 2),
        steps=st.sampled_from([None, 1, 2, 3, 4, 7]),
        validates=st.booleans(),
        disturbs=st.sampled_from(["", "predict", "evaluate", "loop", "index"]),
        python_seed=st.integers(0, 3),
    )
    def fit(self, epochs, steps, validates, disturbs, python_seed):
        random.seed(python_seed)
        do = self.disturb

        class Disturb(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                do(disturbs)

        self.model.fit(
            self.dataset,
            epochs=epochs,
            steps_per_epoch=steps,
            validation_data=self.dataset if validates else None,
            validation_steps=steps if validates else None,
            callbacks=[Disturb()] if disturbs else [],
            verbose=0,
        )
        start = self.position if steps else self.first()
        stop = start + epochs * (steps or 3)
        self.due += expected(self.dataset, range(start, stop))
        self.move(stop)

    @precondition(lambda self: len(self.due) < MOST_STEPS - 20)
    @rule(after=st.integers(0, 1), steps=st.sampled_from([None, 2, 4]))
    def interrupted_fit(self, after, steps):
        with pytest.raises(KeyboardInterrupt):
            self.model.fit(
                self.dataset,
                epochs=1,
                steps_per_epoch=steps,
                verbose=0,
                callbacks=[Interrupt(after)],
            )
        start = self.position if steps else self.first()
        self.due += expected(self.dataset, range(start, start + after + 1))

    def disturb(self, kind):
        if kind == "predict":
            assert len(self.other.predict(self.dataset, verbose=0)) == 5
        elif kind == "evaluate":
            self.other.evaluate(self.dataset, verbose=0, steps=2)
        elif kind == "loop":
            assert sum(len(x) for x, _ in self.dataset) == 5
        elif kind == "index":
            self.look(1)

    @rule(kind=st.sampled_from(["predict", "evaluate"]))
    def use(self, kind):
        self.disturb(kind)

    @rule(number=st.integers(-3, 2))
    def look(self, number):
        x, _ = self.dataset[number]
        np.testing.assert_array_equal(
            x[:, 0], 2.0 ** self.dataset.indices(number), err_msg="dataset[i] is what indices tell"
        )

    @rule()
    def loop(self):
        if self.looped:
            self.move((self.position // 3 + 1) * 3)
        got = [int(x.sum()) for x, _ in self.dataset]
        start = self.position // 3 * 3
        assert got == expected(self.dataset, range(start, start + 3))
        self.looped = True

    @rule(epoch=st.integers(0, 5))
    def set_epoch(self, epoch):
        self.dataset.epoch = epoch
        self.move(epoch * 3)

    @rule()
    def end_epoch(self):
        self.dataset.on_epoch_end()
        self.move((self.position // 3 + 1) * 3)

    @invariant()
    def training_received_its_epochs_in_order(self):
        assert self.seen.batches() == self.due
        assert self.dataset.epoch == self.position // 3


Training.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=10,
    suppress_health_check=list(HealthCheck),
)
TestTraining = Training.TestCase
