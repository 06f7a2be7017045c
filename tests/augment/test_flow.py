"""`flow`: batches of arrays, their reproduction, and `fit`."""

import random

import keras
import numpy as np
import pytest
from PIL import Image

import kcore
from kcore.augment import ImageDataGenerator

COURSE = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "rescale": 1 / 255,
    "data_format": "channels_last",
}
COUNT = 10

GOLDEN_PARAMETERS = {
    "theta": -38.8070011138916,
    "tx": 2.3091430664062504,
    "ty": -1.861560583114624,
    "shear": 0.01850895881652832,
    "zx": 0.9861697196960449,
    "zy": 0.9584865093231201,
    "flip_horizontal": True,
    "flip_vertical": False,
    "channel_shift_intensity": None,
    "brightness": None,
}
# SciPy's, by the parameters above; and the legacy class's.
GOLDEN_PIXELS = [
    [90.19463, 186.35511, 182.05675],
    [92.37467, 56.34953, 148.22776],
    [76.97102, 81.30091, 108.71554],
]
LEGACY_PIXELS = [
    [69.90313, 151.48785, 143.39597],
    [145.0, 164.82312, 126.05327],
    [76.32534, 143.51242, 158.76726],
]


def images():
    return np.random.default_rng(0).integers(0, 256, (COUNT, 12, 10, 3)).astype("uint8")


def flow(y=None, seed=7, batch_size=4, **arguments):
    return ImageDataGenerator(**COURSE).flow(
        images(), y, seed=seed, batch_size=batch_size, **arguments
    )


def by_index(batches, epoch):
    """Collect the images of an epoch in the order of their indices."""
    batches.epoch = epoch
    collected = np.zeros((COUNT, 12, 10, 3), "float32")
    for number in range(len(batches)):
        collected[batches.indices(number)] = batches[number]
    return collected


def test_batches_have_a_length_and_keep_the_last_short_one():
    batches = flow(np.arange(COUNT))
    assert (len(batches), batches.samples, batches.batch_size) == (3, 10, 4)
    assert [len(x) for x, _ in batches] == [4, 4, 2]
    x, y = batches[0]
    assert (x.dtype, x.shape, y.shape) == (np.float32, (4, 12, 10, 3), (4,))
    assert 0 <= x.min() < x.max() <= 1


def test_labels_and_weights_go_with_their_images():
    batches = flow(np.arange(COUNT), sample_weight=np.arange(COUNT) / 10)
    for number, (_, y, weight) in enumerate(batches):
        np.testing.assert_array_equal(y, batches.indices(number))
        np.testing.assert_allclose(weight, y / 10)


def test_further_inputs_go_with_their_images():
    batches = ImageDataGenerator(**COURSE).flow(
        (images(), [np.arange(COUNT), np.ones((COUNT, 2))]), np.arange(COUNT), seed=7
    )
    (x, numbers, ones), y = batches[0]
    np.testing.assert_array_equal(numbers, y)
    assert (x.shape, ones.shape) == ((10, 12, 10, 3), (10, 2))


def test_further_inputs_without_targets_are_no_targets():
    batches = ImageDataGenerator(**COURSE).flow((images(), np.arange(COUNT)), seed=7)
    ((x, numbers),) = batches[0]
    assert (x.shape, numbers.shape) == ((10, 12, 10, 3), (10,))


def test_pixels_are_those_of_the_drawn_parameters():
    batches = flow(shuffle=False)
    keys = kcore.random.sample_keys(7, 0, range(4))
    generator = ImageDataGenerator(**COURSE)
    drawn = generator.recipe.draw(keys, (12, 10, 3)).as_dicts()
    for image, result, parameters in zip(images(), batches[0], drawn, strict=False):
        expected = generator.apply_transform(image, parameters) / 255
        np.testing.assert_allclose(result, expected, atol=1e-6)


def test_each_epoch_has_its_own_order_and_transformations():
    batches = flow()
    first, second = by_index(batches, 0), by_index(batches, 1)
    assert (first != second).any(axis=(1, 2, 3)).all()
    orders = [[tuple(batches.indices(i, epoch)) for i in range(3)] for epoch in range(3)]
    assert len({str(order) for order in orders}) == 3
    for order in orders:
        assert sorted(index for batch in order for index in batch) == list(range(COUNT))


def test_without_shuffling_the_order_is_that_of_the_array():
    batches = flow(np.arange(COUNT), shuffle=False)
    assert [y.tolist() for _, y in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@pytest.mark.parametrize("epoch", [0, 3])
def test_an_image_does_not_depend_on_the_host_that_serves_it(epoch):
    hosts = [flow(np.arange(COUNT), shard=(host, 2)) for host in range(2)]
    alone = flow(np.arange(COUNT))
    for batches in (alone, *hosts):
        batches.epoch = epoch
    for number, (x, y) in enumerate(alone):
        blocks = [host[number] for host in hosts]
        np.testing.assert_array_equal(np.concatenate([labels for _, labels in blocks]), y)
        np.testing.assert_allclose(np.concatenate([block for block, _ in blocks]), x, atol=1e-6)


def test_an_image_does_not_depend_on_the_batch_it_is_in():
    expected = by_index(flow(), 1)
    for arguments in ({"batch_size": 3}, {"batch_size": 10}, {"shuffle": False}):
        np.testing.assert_allclose(by_index(flow(**arguments), 1), expected, atol=1e-2 / 255)


def test_the_seed_decides():
    largest = 2**64 - 1
    np.testing.assert_array_equal(by_index(flow(seed=largest), 0), by_index(flow(seed=largest), 0))
    others = by_index(flow(seed=8), 0)
    assert (by_index(flow(seed=7), 0) != others).any(axis=(1, 2, 3)).all()


def test_global_random_state_plays_no_part():
    np.random.seed(1)  # noqa: NPY002 -- the global state is what is tested
    random.seed(1)
    state = np.random.get_state()[1].tobytes(), random.getstate()  # noqa: NPY002
    first = by_index(flow(), 0)
    assert state == (np.random.get_state()[1].tobytes(), random.getstate())  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    np.testing.assert_array_equal(by_index(flow(), 0), first)


def test_a_missing_seed_is_drawn_and_told(capsys):
    batches = flow(seed=None)
    assert f"seed={batches.seed}" in capsys.readouterr().out
    np.testing.assert_array_equal(by_index(flow(seed=batches.seed), 2), by_index(batches, 2))
    assert flow(seed=None).seed != batches.seed


def test_replay_shows_an_image_again():
    batches = flow()
    for epoch in (0, 3):
        expected = by_index(batches, epoch)
        for index in (0, 7):
            image, parameters = batches.replay(index, epoch)
            np.testing.assert_array_equal(image, expected[index])
            assert parameters == batches.parameters(index, epoch)
            assert abs(parameters["theta"]) <= 40


def test_golden_parameters():
    """These are the same on every backend, machine and day."""
    drawn = flow().parameters(index=5, epoch=2)
    assert drawn == GOLDEN_PARAMETERS


@pytest.mark.parametrize(
    ("legacy_geometry", "expected"), [(False, GOLDEN_PIXELS), (True, LEGACY_PIXELS)]
)
def test_golden_pixels(legacy_geometry, expected):
    generator = ImageDataGenerator(**COURSE, legacy_geometry=legacy_geometry)
    image, _ = generator.flow(images(), seed=7).replay(index=5, epoch=2)
    np.testing.assert_allclose(255 * image[::5, ::4, 1], expected, atol=1e-2)


def test_fit_goes_through_the_epochs():
    served = []

    class Recorded(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            served.append((epoch, batches.epoch))

    batches = flow(np.arange(COUNT) % 2)
    model = small_model()
    history = model.fit(batches, epochs=3, verbose=0, callbacks=[Recorded()])
    assert served == [(0, 0), (1, 1), (2, 2)]
    assert batches.epoch == 3
    assert np.isfinite(history.history["loss"]).all()
    model.evaluate(batches, verbose=0)
    assert model.predict(flow(shuffle=False), verbose=0).shape == (COUNT, 2)


def test_training_repeats_whatever_keras_does_with_the_order_of_batches():
    def weights():
        keras.utils.set_random_seed(1)
        model = small_model()
        model.fit(flow(np.arange(COUNT) % 2), epochs=2, verbose=0)
        return model.get_weights()

    for one, other in zip(weights(), weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def small_model():
    model = keras.Sequential(
        [keras.Input((12, 10, 3)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def test_validation_is_the_first_part():
    generator = ImageDataGenerator(validation_split=0.35, data_format="channels_last")
    arguments = {"shuffle": False, "seed": 1, "ignore_class_split": True}
    validation = generator.flow(images(), np.arange(COUNT), subset="validation", **arguments)
    training = generator.flow(images(), np.arange(COUNT), subset="training", **arguments)
    assert validation[0][1].tolist() == [0, 1, 2]
    assert training[0][1].tolist() == [3, 4, 5, 6, 7, 8, 9]
    np.testing.assert_array_equal(training[0][0], images()[3:])


def test_saved_images_are_those_of_the_batch(tmp_path):
    folder = tmp_path / "new" / "folder"
    batches = flow(save_to_dir=folder, save_prefix="aug", save_format="png")
    batches.epoch = 1
    batch = batches[2]
    names = [f"aug_{index}_1.png" for index in batches.indices(2)]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    for name, image in zip(names, batch, strict=True):
        with Image.open(folder / name) as saved:
            stretched = (image - image.min()) / (image.max() - image.min()) * 255
            np.testing.assert_allclose(np.asarray(saved), stretched, atol=1)
    batches.replay(0, 0)
    assert len(list(folder.iterdir())) == 2


def test_flows_that_save_into_one_folder_keep_each_others_images(tmp_path):
    arguments = {"save_to_dir": tmp_path, "save_prefix": "x", "shuffle": False, "batch_size": 2}
    flows = [
        ImageDataGenerator(rescale=1, data_format="channels_last").flow(part, seed=1, **arguments)
        for part in (images()[:2], images()[2:4], images()[4:6])
    ]
    for _ in range(2):  # a batch that is asked for again writes its own files again
        for batches in flows:
            _ = batches[0]
    names = [f"x_{index}_0{suffix}.png" for suffix in ("", "-2", "-3") for index in (0, 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    for name, image in zip(names, images().astype("float64"), strict=False):
        stretched = (image - image.min()) / (image.max() - image.min()) * 255
        with Image.open(tmp_path / name) as saved:
            np.testing.assert_allclose(np.asarray(saved), stretched, atol=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": np.zeros(9)}, r"y with shape \(9,\) must have one entry for each of 10"),
        (
            {"y": np.zeros(10), "sample_weight": np.zeros(3)},
            r"sample_weight with shape \(3,\) must",
        ),
        ({"sample_weight": np.zeros(10)}, "sample_weight is given without y"),
        ({"y": np.array(3)}, r"y with shape \(\) must have one entry for each of 10 samples"),
        ({"x": (images(), [np.float32(2), np.zeros(10)])}, r"x\[1\]\[0\] with shape \(\) must"),
        ({"x": (images(), np.zeros(9))}, r"x\[1\]\[0\] with shape \(9,\) must have one entry"),
        ({"y": {"a": np.zeros(9)}}, r"y\['a'\] with shape \(9,\) must have one entry"),
        ({"num_threads": 0}, "num_threads=0 must be an integer"),
        ({"drop_remainder": 1}, "drop_remainder=1 must be True or False"),
        ({"subset": "training"}, "needs a generator with a validation_split"),
        ({"subset": "test"}, "subset='test' is unknown: use one of 'training', 'validation'"),
        ({"batch_size": 0}, "batch_size=0 must be an integer of at least 1"),
        ({"seed": -3}, r"seed=-3 must be an integer, 0 <= seed < 2\*\*64"),
        ({"save_to_dir": "x", "save_format": "doc"}, "save_format='doc' is not a format that"),
        ({"save_to_dir": 5}, "save_to_dir=5 must be the name of a folder"),
        ({"save_to_dir": "x", "save_prefix": "a/b"}, "save_prefix='a/b' must be the start"),
    ],
)
def test_arguments_that_are_refused(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    generator = ImageDataGenerator(data_format="channels_last")
    with pytest.raises(ValueError, match=message):
        generator.flow(**{"x": images(), "seed": 1, **arguments})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": range(10)}, "x is of type range"),
        ({"x": iter(images())}, "x is of type iterator"),
        ({"x": {"image": images()}}, "x is a dictionary: give an array of images"),
        ({"x": (images(), iter(range(10)))}, r"x\[1\]\[0\] is of type range_iterator"),
        ({"y": range(10)}, r"y is of type range.* np.array\(list\(y\)\)"),
        ({"y": iter(range(10))}, "y is of type range_iterator"),
        ({"y": 3}, "y is of type int"),
        ({"y": np.zeros(10), "sample_weight": 0.5}, "sample_weight is of type float"),
    ],
)
def test_what_is_no_array_is_refused(arguments, message):
    generator = ImageDataGenerator(data_format="channels_last")
    with pytest.raises(TypeError, match=message):
        generator.flow(**{"x": images(), "seed": 1, **arguments})


def test_images_that_are_refused():
    generator = ImageDataGenerator(validation_split=0.1, data_format="channels_last")
    with pytest.raises(ValueError, match=r"x has shape \(2, 3\): images have four axes"):
        generator.flow(np.zeros((2, 3)), seed=1)
    with pytest.raises(ValueError, match="There are no images to flow: x holds 3"):
        generator.flow(np.zeros((3, 2, 2, 1)), subset="validation", seed=1)
    with pytest.raises(ValueError, match="a tuple of 3 entries: give an array of images, or"):
        generator.flow((images(), 1, 2), seed=1)


@pytest.mark.parametrize(
    "kind",
    [
        lambda classes: classes,
        lambda classes: classes[:, None],
        lambda classes: np.eye(2)[classes],
        lambda classes: {"head": np.eye(2, dtype=int)[classes]},
        lambda classes: [np.ones(COUNT), classes],
        lambda classes: np.array(["cat", "dog"])[classes],
    ],
    ids=["integers", "column", "one-hot", "dictionary", "list", "texts"],
)
def test_subsets_with_different_classes_are_an_error(kind):
    generator = ImageDataGenerator(validation_split=0.5, data_format="channels_last")
    in_order, mixed = kind(np.repeat([0, 1], 5)), kind(np.arange(COUNT) % 2)
    for subset in ("training", "validation"):
        message = "The two subsets don't have the same classes.* only one of them has (0, 1|cat, d)"
        with pytest.raises(ValueError, match=message):
            generator.flow(images(), in_order, subset=subset, seed=1)
        allowed = generator.flow(images(), in_order, subset=subset, seed=1, ignore_class_split=True)
        assert (
            allowed.samples == generator.flow(images(), mixed, subset=subset, seed=1).samples == 5
        )


def test_a_class_of_one_hot_rows_is_named():
    generator = ImageDataGenerator(validation_split=0.5, data_format="channels_last")
    rows = np.eye(3)[[0, 1, 0, 1, 0, 0, 1, 2, 1, 0]]
    with pytest.raises(ValueError, match=r"only one of them has 2\. The first part of x"):
        generator.flow(images(), rows, subset="training", seed=1)


@pytest.mark.parametrize("kind", [dict, list, tuple])
def test_several_outputs(kind):
    numbers = np.arange(COUNT)
    y = {"a": numbers, "b": np.stack([numbers, -numbers], 1)}
    y = y if kind is dict else kind(y.values())
    batches = flow(y, sample_weight=numbers / 2)
    labels = list(batches.labels.values()) if kind is dict else batches.labels
    np.testing.assert_array_equal(labels[0], numbers)
    assert labels[1].shape == (COUNT, 2)
    for number, (x, targets, weight) in enumerate(batches):
        one, two = targets.values() if kind is dict else targets
        assert len(x) == len(one)
        np.testing.assert_array_equal(one, batches.indices(number))
        np.testing.assert_array_equal(two[:, 1], -one)
        np.testing.assert_array_equal(weight, one / 2)


def test_several_outputs_are_split_with_their_images():
    generator = ImageDataGenerator(validation_split=0.2, data_format="channels_last")
    y = {"a": np.arange(COUNT)}
    arguments = {"shuffle": False, "seed": 1, "ignore_class_split": True}
    assert generator.flow(images(), y, subset="validation", **arguments)[0][1]["a"].tolist() == [
        0,
        1,
    ]
    x, targets = generator.flow(images(), y, subset="training", **arguments)[0]
    assert targets["a"].tolist() == list(range(2, COUNT))
    np.testing.assert_array_equal(x, images()[2:])


def test_the_remainder_can_be_dropped_and_threads_be_chosen():
    one, many = (flow(np.arange(COUNT), drop_remainder=True, num_threads=n) for n in (1, 3))
    assert len(one) == 2
    for (x, y), (other_x, other_y) in zip(one, many, strict=True):
        assert len(y) == 4
        np.testing.assert_array_equal(y, other_y)
        np.testing.assert_array_equal(x, other_x)


def test_what_there_is_not():
    batches = flow()
    with pytest.raises(IndexError, match="There is no batch 3: there are 3"):
        batches[3]
    with pytest.raises(IndexError, match="index=10 is outside of 0 to 9"):
        batches.replay(10)
    with pytest.raises(ValueError, match="epoch=-1 must be an integer of at least 0"):
        batches.replay(0, epoch=-1)


def test_next_goes_on_from_epoch_to_epoch():
    batches = flow(np.arange(COUNT), shuffle=False)
    labels = [next(batches)[1].tolist() for _ in range(4)]
    assert labels == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], [0, 1, 2, 3]]
    assert batches.epoch == 1
