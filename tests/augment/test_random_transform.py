"""The layer: what it does equals `apply` with the draws of its seed and call."""

import inspect

import keras
import numpy as np
import pytest
from oracles import needs
from oracles.affine_definition import nearest_labels

from kcore import random
from kcore.augment import RandomTransform, Recipe, apply
from kcore.augment._sampling import COLUMNS
from kcore.augment._sampling import drawn as drawn_by

OPTIONS = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": [1, 2, 3],
    "shear_range": 20,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "data_format": "channels_last",
}
SHAPE = (20, 31, 3)


def images(count=4, shape=SHAPE):
    return np.random.default_rng(0).integers(0, 256, (count, *shape)).astype("uint8")


def layer(seed=5, **options):
    return RandomTransform(seed=seed, **{**OPTIONS, **options})


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def drawn(recipe, call, count=4, seed=5, shape=SHAPE):
    return recipe.draw(random.sample_keys(seed, call, np.arange(count)), shape)


@pytest.mark.parametrize(
    "options",
    [
        {"rescale": 1 / 255},
        {"fill_mode": "constant", "cval": 9.0, "vertical_flip": True},
        {"fill_mode": "reflect", "channel_shift_range": 20, "brightness_range": (0.5, 1.5)},
        {"fill_mode": "wrap", "interpolation_order": 0, "width_shift_range": 4},
    ],
    ids=lambda options: options.get("fill_mode", "nearest"),
)
def test_a_call_applies_the_draws_of_its_number(options):
    transform = layer(**options)
    # Rounding to float32 may decide otherwise at edges and halfway between two pixels.
    allowed = 0.01 if options.get("fill_mode") in ("constant", "wrap") else 0
    for call in range(2):
        actual = numpy(transform(images(), training=True))
        expected = apply(images(), drawn(transform.recipe, call), transform.recipe)
        assert (abs(actual - expected) > 0.05).mean() <= allowed


def test_the_parameters_are_the_same_bits_as_float32_arithmetic_gives():
    transform = layer(channel_shift_range=30.0, brightness_range=(0.5, 1.5))
    calls = [transform._drawn(4, 20, 31) for _ in range(16)]
    actual = {name: np.concatenate([numpy(its[name]) for its in calls]) for name in calls[0]}
    keys = np.concatenate([random.sample_keys(5, call, np.arange(4)) for call in range(16)])
    uniform = random.uniform(keys, (len(COLUMNS),))
    for name, wanted in drawn_by(transform.recipe, uniform, 20, 31, np).items():
        # A compiler may fuse the product and the sum of these, and so round once instead of twice.
        ulps = 1 if name in ("zx", "zy", "brightness") else 0
        np.testing.assert_array_max_ulp(
            actual[name].astype("float32"), wanted.astype("float32"), ulps
        )
    expected = transform.recipe.draw(keys, SHAPE).ty
    np.testing.assert_allclose(actual["ty"], expected, rtol=1e-6)


def test_images_differ_within_a_batch_and_between_calls():
    transform = layer()
    same = np.repeat(images(1), 4, axis=0)
    first, second = (numpy(transform(same, training=True)) for _ in range(2))
    both = np.concatenate([first, second])
    assert len(np.unique(both.reshape(8, -1), axis=0)) == 8


def test_not_training_only_rescales():
    transform = layer(rescale=0.5)
    np.testing.assert_array_equal(numpy(transform(images())), images() * np.float32(0.5))
    np.testing.assert_array_equal(numpy(layer()(images(), training=False)), images())
    assert numpy(transform._calls) == 0


def test_masks_move_with_their_images_and_keep_their_classes():
    transform = layer(fill_mode="constant")
    masks = (images()[..., :1] // 64).astype("int32")
    recipe = Recipe(**{**OPTIONS, "fill_mode": "constant", "interpolation_order": 0})
    expected = apply(masks, drawn(recipe, 0), recipe)[..., 0]
    moved, classes = transform((images(), masks[..., 0]), training=True)
    assert keras.backend.standardize_dtype(classes.dtype) == "int32"
    assert classes.shape == (4, 20, 31)
    assert (numpy(classes) != expected).mean() <= 0.01
    alone = layer(fill_mode="constant")(images(), training=True)
    np.testing.assert_array_equal(numpy(moved), numpy(alone))


def test_dictionaries_keep_their_labels():
    masks = images()[..., :1] // 64
    batch = {"images": images(), "segmentation_masks": masks, "labels": np.arange(4)}
    result = layer()(batch, training=True)
    assert list(result) == ["images", "segmentation_masks", "labels"]
    _, moved = layer()((images(), masks), training=True)
    np.testing.assert_array_equal(numpy(result["segmentation_masks"]), numpy(moved))
    assert (numpy(moved) != masks).any()
    np.testing.assert_array_equal(numpy(result["labels"]), np.arange(4))
    only_images = layer()({"images": images()}, training=True)
    np.testing.assert_array_equal(numpy(only_images["images"]), numpy(result["images"]))


def test_channels_first():
    first = np.moveaxis(images(), -1, 1)
    actual = layer(data_format="channels_first")(first, training=True)
    expected = layer()(images(), training=True)
    np.testing.assert_allclose(np.moveaxis(numpy(actual), 1, -1), numpy(expected), atol=1e-3)


def model(transform):
    inputs = keras.Input(SHAPE, dtype="uint8")
    hidden = keras.layers.GlobalAveragePooling2D()(transform(inputs))
    built = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    built.compile("sgd", "mse")
    return built


def test_fit_counts_its_calls_and_a_saved_model_goes_on(tmp_path):
    trained = model(layer(seed=9, rescale=1 / 255))
    trained.fit(images(), np.zeros((4, 1)), batch_size=2, epochs=2, verbose=0)
    assert numpy(trained.layers[1]._calls) == 4
    trained.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[1].get_config() == trained.layers[1].get_config()
    again = [numpy(one.layers[1](images(), training=True)) for one in (trained, loaded)]
    np.testing.assert_array_equal(*again)
    np.testing.assert_allclose(loaded.predict(images(), verbose=0).shape, (4, 1))


def test_what_fit_sees_is_what_the_call_gives():
    """Compiled inside `fit` the layer computes what it computes when it is called."""

    class Keep(keras.layers.Layer):
        def build(self, shape):
            self.kept = self.add_weight(shape=(4, *SHAPE), trainable=False, initializer="zeros")

        def call(self, x):
            self.kept.assign(x)
            return x

    inputs = keras.Input(batch_shape=(4, *SHAPE), dtype="uint8")
    keep = Keep()
    hidden = keras.layers.GlobalAveragePooling2D()(keep(layer(rescale=1 / 255)(inputs)))
    trained = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    trained.compile("sgd", "mse")
    trained.fit(images(), np.zeros((4, 1)), batch_size=4, shuffle=False, verbose=0)
    expected = numpy(layer(rescale=1 / 255)(images(), training=True))
    np.testing.assert_allclose(numpy(keep.kept), expected, atol=1e-4)


def test_mixed_precision_reads_full_pixels():
    transform = layer(dtype="mixed_float16")
    result = transform(images().astype("float32"), training=True)
    assert keras.backend.standardize_dtype(result.dtype) == "float16"
    expected = numpy(layer()(images(), training=True))
    np.testing.assert_allclose(numpy(result).astype("float32"), expected, rtol=1e-3, atol=0.05)


def test_a_missing_seed_is_drawn_and_kept():
    one, other = RandomTransform(rotation_range=40), RandomTransform(rotation_range=40)
    assert one.seed != other.seed
    again = RandomTransform.from_config(one.get_config())
    np.testing.assert_array_equal(*(numpy(each(images(), training=True)) for each in (one, again)))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros(SHAPE), "must have four axes"),
        ({"labels": np.zeros(1)}, r"inputs has the keys \['labels'\]; 'images' is missing"),
        (
            {"images": np.zeros((1, *SHAPE)), "masks": np.zeros((1, *SHAPE))},
            "inputs has the key 'masks', .*: use 'images', 'segmentation_masks' and 'labels'",
        ),
        (
            {"images": np.zeros((1, *SHAPE)), "bounding_boxes": np.zeros((1, 4))},
            "inputs has the key 'bounding_boxes'",
        ),
        ((np.zeros((1, *SHAPE)),) * 3, r"inputs has 3 entries; give \(images, masks\)"),
    ],
)
def test_what_is_refused(inputs, message):
    with pytest.raises(ValueError, match=message):
        layer()(inputs, training=True)


def test_an_unknown_size_is_refused():
    with pytest.raises(ValueError, match="must have a height and width that are known"):
        layer()(keras.Input((None, None, 3)), training=True)


def test_the_options_are_those_of_a_recipe_with_its_defaults():
    ours = inspect.signature(RandomTransform).parameters
    recipe = inspect.signature(Recipe).parameters
    assert all(each.kind is each.KEYWORD_ONLY for each in ours.values())
    assert {name: ours[name].default for name in recipe} == {
        name: each.default for name, each in recipe.items()
    }
    assert set(ours) - set(recipe) == {"seed", "name", "dtype", "trainable"}
    with pytest.raises(TypeError, match="unexpected keyword argument 'rotation'"):
        RandomTransform(rotation=40)


def test_a_wrong_seed_is_refused():
    with pytest.raises(ValueError, match="seed=-1 must be an integer"):
        layer(seed=-1)


@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect"])
@pytest.mark.parametrize("as_dictionary", [False, True])
def test_masks_of_a_functional_model_are_moved_as_scipy_moves_them(as_dictionary, fill_mode):
    """SciPy's nearest pixels, by a matrix built from the definition and the drawn parameters."""
    inputs = [keras.Input(SHAPE, dtype="uint8"), keras.Input(SHAPE[:2], dtype="int32")]
    transform = layer(fill_mode=fill_mode, brightness_range=(0.5, 1.5))
    if as_dictionary:
        outputs = transform({"images": inputs[0], "segmentation_masks": inputs[1]})
        outputs = [outputs["images"], outputs["segmentation_masks"]]
    else:
        outputs = transform((inputs[0], inputs[1]))
    model = keras.Model(inputs, outputs)
    masks = np.random.default_rng(1).integers(1, 1000, (4, *SHAPE[:2])).astype("int32")
    _, moved = model([images(), masks], training=True)
    parameters = drawn(transform.recipe, call=0).as_dicts()
    assert all(one["theta"] and one["tx"] and one["ty"] and one["shear"] for one in parameters)
    for mask, actual, its in zip(masks, numpy(moved), parameters, strict=True):
        expected, is_decided = nearest_labels(mask, its, fill_mode=fill_mode, margin=1e-3)
        assert is_decided.mean() > 0.95
        np.testing.assert_array_equal(actual[is_decided], expected[is_decided])


def test_masks_of_another_size_are_refused():
    layer = RandomTransform(rotation_range=40, seed=1, data_format="channels_last")
    given = np.zeros((2, 8, 8, 3), "uint8"), np.zeros((2, 4, 4), "int32")
    with pytest.raises(ValueError, match=r"masks with shape \(2, 4, 4\) must have .* \(8, 8\)"):
        layer(given, training=True)


@needs.tensorflow  # tests/between_backends has the other backends
def test_it_works_in_a_map_of_tf_data_on_tensorflow():
    import tensorflow as tf

    transform, expected = layer(), layer()
    dataset = tf.data.Dataset.from_tensor_slices(images(8)).batch(4)
    for batch, given in zip(
        dataset.map(lambda x: transform(x, training=True)),
        (images(8)[:4], images(8)[4:]),
        strict=True,
    ):
        np.testing.assert_allclose(batch.numpy(), numpy(expected(given, training=True)), atol=0.05)


def test_legacy_geometry_is_carried_out_and_saved():
    transform = layer(legacy_geometry=True)
    assert RandomTransform.from_config(transform.get_config()).recipe == transform.recipe
    actual = numpy(transform(images(), training=True))
    expected = apply(images(), drawn(transform.recipe, 0), transform.recipe)
    np.testing.assert_allclose(actual, expected, atol=0.05)
    assert (abs(actual - numpy(layer()(images(), training=True))) > 1).mean() > 0.5


def test_what_lies_too_far_for_int32_is_still_on_its_side():
    transform = RandomTransform(zoom_range=(1e7, 1.6e7), seed=1, data_format="channels_last")
    sides = np.repeat(np.array([0, 100], "uint8"), 300)
    pixels = np.broadcast_to(sides[None, None, :, None], (4, 1, 600, 1)).copy()
    np.testing.assert_array_equal(numpy(transform(pixels, training=True)), pixels)
