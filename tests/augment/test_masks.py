"""Images and masks: paired by name or position, and moved as one."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from kcore.augment import ImageDataGenerator, apply, matrices
from kcore.augment._parameters import Parameters
from kcore.data import BadFileError, ImageFiles

GEOMETRY = {
    "rotation_range": 40,
    "width_shift_range": 0.3,
    "height_shift_range": 0.2,
    "shear_range": 20,
    "zoom_range": 0.4,
    "horizontal_flip": True,
    "vertical_flip": True,
    "data_format": "channels_last",
}
COLORS = {"brightness_range": (0.3, 1.5), "channel_shift_range": 60, "rescale": 1 / 255}
LABELS = np.array([0, 1, 7, 255], np.uint8)
COUNT = 5


def drawn_masks(count=COUNT, height=14, width=9, seed=0):
    """Draw blobs of labels, each at least three pixels wide and high."""
    coarse = np.random.default_rng(seed).choice(LABELS, (count, height // 3 + 1, width // 3 + 1))
    return coarse.repeat(3, axis=1).repeat(3, axis=2)[:, :height, :width]


def as_images(masks):
    """Images that show their masks: the label in each channel."""
    return np.repeat(masks[..., None], 3, axis=-1)


def generator(**options):
    return ImageDataGenerator(**{**GEOMETRY, **options})


def collected(batches, epoch=0):
    """The images and masks of an epoch in the order of their indices."""
    batches.epoch = epoch
    pairs = [(batches.indices(number), batches[number]) for number in range(len(batches))]
    order = np.argsort(np.concatenate([indices for indices, _ in pairs]))
    return tuple(np.concatenate([pair[part] for _, pair in pairs])[order] for part in (0, 1))


@settings(max_examples=8)
@given(
    fill_mode=st.sampled_from(["nearest", "reflect", "wrap", "constant"]),
    seed=st.integers(0, 2**64 - 1),
    epoch=st.integers(0, 5),
)
def test_each_pixel_of_a_mask_moves_as_its_image_does(fill_mode, seed, epoch):
    masks = drawn_masks()
    exact = generator(interpolation_order=0, fill_mode=fill_mode, cval=7)
    batches = exact.flow_with_masks(as_images(masks), masks, seed=seed, batch_size=2, mask_cval=7)
    x, y = collected(batches, epoch)
    np.testing.assert_array_equal(x, as_images(y))
    assert set(np.unique(y)) <= set(LABELS)
    assert (y != masks).any()


@pytest.mark.parametrize("fill_mode", ["nearest", "reflect", "constant"])
def test_masks_are_those_of_scipy(fill_mode):
    masks = drawn_masks(height=31, width=23)
    options = generator(fill_mode=fill_mode, **COLORS)
    batches = options.flow_with_masks(as_images(masks), masks, seed=3, shuffle=False, mask_cval=1)
    _, y = batches[0]
    drawn = options.flow(as_images(masks), seed=3)
    parameters = Parameters.from_dicts([drawn.parameters(index) for index in range(COUNT)])
    for mask, moved, matrix in zip(masks, y, matrices(parameters, 31, 23), strict=True):
        expected = ndimage.affine_transform(
            mask, matrix[:, :2], matrix[:, 2], order=0, mode=fill_mode, cval=1
        )
        # SciPy and kcore may choose differently halfway between two pixels, and on the very edge.
        assert (moved != expected).mean() < 0.01


def test_images_are_those_of_flow_and_masks_keep_their_labels():
    masks = drawn_masks()
    colored = generator(**COLORS, samplewise_center=True)
    batches = colored.flow_with_masks(as_images(masks), masks, seed=3, batch_size=2)
    plain = colored.flow(as_images(masks), seed=3, batch_size=2)
    for number, (x, y) in enumerate(batches):
        np.testing.assert_array_equal(x, plain[number])
        assert x.dtype == np.float32
        assert y.dtype == np.uint8
        assert set(np.unique(y)) <= set(LABELS)
    geometry = generator().flow_with_masks(as_images(masks), masks, seed=3, batch_size=2)
    np.testing.assert_array_equal(collected(geometry)[1], collected(batches)[1])


def test_bilinear_images_lie_where_their_masks_do():
    masks = drawn_masks(height=60, width=45)
    batches = generator().flow_with_masks(as_images(masks), masks, seed=3, shuffle=False)
    x, y = batches[0]
    # So far inside that no step of a zoom passes over the edge of a blob.
    flat = [side(y, (1, 9, 9)) for side in (ndimage.minimum_filter, ndimage.maximum_filter)]
    inner = flat[0] == flat[1]
    np.testing.assert_allclose(x[inner][:, 0], y[inner], atol=1e-3)
    assert inner.sum() > 50


@pytest.mark.parametrize("dtype", ["uint8", "bool", "int64", "uint16", "float64"])
@pytest.mark.parametrize("shape", [(), (1,)])
def test_masks_of_an_array_keep_shape_and_dtype_in_32_bits(dtype, shape):
    masks = drawn_masks().astype(dtype).reshape(COUNT, 14, 9, *shape)
    _, y = generator().flow_with_masks(as_images(drawn_masks()), masks, seed=3)[0]
    in_32_bits = {"int64": "int32", "float64": "float32"}
    assert (y.dtype, y.shape) == (in_32_bits.get(dtype, dtype), masks.shape)
    assert set(np.unique(y)) <= set(np.unique(masks))
    assert len(np.unique(y)) > 1


def test_without_ranges_masks_stay_as_they_are():
    masks = drawn_masks()
    still = ImageDataGenerator(rescale=0.5, data_format="channels_last")
    x, y = still.flow_with_masks(as_images(masks), masks, seed=3, shuffle=False)[0]
    np.testing.assert_array_equal(y, masks)
    np.testing.assert_array_equal(x, as_images(masks) / 2)


def test_channels_first(tmp_path):
    write(tmp_path)
    first = generator(data_format="channels_first", interpolation_order=0)
    of_files = first.flow_with_masks(
        tmp_path / "images", tmp_path / "masks", target_size=(14, 9), seed=3, shuffle=False
    )
    images, masks = as_images(drawn_masks()).transpose(0, 3, 1, 2), drawn_masks()[:, None]
    of_arrays = first.flow_with_masks(images, masks, seed=3, shuffle=False)
    for x, y in (of_files[0], of_arrays[0]):
        assert (x.shape, y.shape) == ((COUNT, 3, 14, 9), (COUNT, 1, 14, 9))
        np.testing.assert_array_equal(x[:, :1], y)
    np.testing.assert_array_equal(of_files[0][1], of_arrays[0][1])


def write(root, kind=Image.fromarray, suffix=".png"):
    """Write images and masks of the same names, the masks in another order of their suffixes."""
    (root / "images").mkdir(parents=True)
    (root / "masks").mkdir()
    masks = drawn_masks()
    for number, (image, mask) in enumerate(zip(as_images(masks), masks, strict=True)):
        Image.fromarray(image).save(root / "images" / f"{number}.bmp")
        kind(mask).save(root / "masks" / f"{number}{suffix}")


def with_palette(mask):
    picture = Image.fromarray(mask)
    picture.putpalette(np.random.default_rng(1).integers(0, 256, 768).astype("uint8").tobytes())
    assert picture.mode == "P"
    return picture


KINDS = {
    "gray": Image.fromarray,
    "palette": with_palette,
    "gray in three channels": lambda mask: Image.fromarray(mask).convert("RGB"),
    "gray and opaque": lambda mask: Image.fromarray(mask).convert("RGBA"),
    "16 bits": lambda mask: Image.fromarray(mask.astype("uint16")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_labels_are_read_as_they_were_written(tmp_path, kind):
    write(tmp_path, KINDS[kind])
    still = ImageDataGenerator(data_format="channels_last")
    x, y = still.flow_with_masks(
        tmp_path / "images", tmp_path / "masks", target_size=(14, 9), seed=1, shuffle=False
    )[0]
    assert (y.dtype, y.shape) == (np.uint8, (COUNT, 14, 9, 1))
    np.testing.assert_array_equal(y[..., 0], drawn_masks())
    np.testing.assert_array_equal(x, as_images(drawn_masks()))


def test_labels_of_one_bit_are_0_and_1(tmp_path):
    write(tmp_path, lambda mask: Image.fromarray(mask > 1), suffix=".tif")
    still = ImageDataGenerator(data_format="channels_last")
    _, y = still.flow_with_masks(
        tmp_path / "images", tmp_path / "masks", target_size=(14, 9), seed=1, shuffle=False
    )[0]
    np.testing.assert_array_equal(y[..., 0], drawn_masks() > 1)


@pytest.mark.parametrize("keep_aspect_ratio", [True, False])
def test_masks_are_resized_as_their_images(tmp_path, keep_aspect_ratio):
    write(tmp_path)
    batches = generator(interpolation_order=0).flow_with_masks(
        tmp_path / "images", tmp_path / "masks", target_size=(20, 7), seed=2, batch_size=3,
        keep_aspect_ratio=keep_aspect_ratio,
    )  # fmt: skip
    for x, y in batches:
        np.testing.assert_array_equal(x[..., :1], y)


@pytest.mark.parametrize("kind", [list, tuple, np.array, ImageFiles.from_paths])
def test_lists_of_files_are_paired_by_position(tmp_path, kind):
    write(tmp_path)
    order = [3, 0, 4]
    images = kind([str(tmp_path / "images" / f"{number}.bmp") for number in order])
    masks = kind([str(tmp_path / "masks" / f"{number}.png") for number in order])
    still = ImageDataGenerator(data_format="channels_last")
    batches = still.flow_with_masks(images, masks, target_size=(14, 9), seed=1, shuffle=False)
    x, y = batches[0]
    np.testing.assert_array_equal(y[..., 0], drawn_masks()[order])
    np.testing.assert_array_equal(x, as_images(drawn_masks()[order]))


def test_a_class_folder_on_each_side_and_a_split(tmp_path):
    write(tmp_path)
    for side in ("images", "masks"):
        (tmp_path / "in" / side).mkdir(parents=True)
        (tmp_path / side).rename(tmp_path / "in" / side / "all")
    split = ImageDataGenerator(validation_split=0.4, data_format="channels_last")
    found = [
        split.flow_with_masks(
            tmp_path / "in" / "images", tmp_path / "in" / "masks", target_size=(14, 9), seed=1,
            shuffle=False, subset=subset, batch_size=8,
        )[0][1][..., 0]
        for subset in ("validation", "training")
    ]  # fmt: skip
    assert [len(part) for part in found] == [2, 3]
    np.testing.assert_array_equal(np.concatenate(found), drawn_masks())


def test_quarantined_images_take_their_masks_along(tmp_path):
    write(tmp_path)
    (tmp_path / "images" / "1.bmp").write_bytes(b"")
    still = ImageDataGenerator(data_format="channels_last")
    with pytest.warns(UserWarning, match="1 of 5 images are bad and left out"):
        batches = still.flow_with_masks(
            tmp_path / "images", tmp_path / "masks", target_size=(14, 9), seed=1, shuffle=False,
            bad_files="quarantine",
        )  # fmt: skip
    np.testing.assert_array_equal(batches[0][1][..., 0], drawn_masks()[[0, 2, 3, 4]])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_bytes(b""), r"masks/2.png: .*"),
        (lambda path: path.unlink(), r"masks/2.png: No such file"),
        (
            lambda path: Image.new("RGB", (9, 14), (1, 2, 3)).save(path),
            "colors or transparency, which are not labels",
        ),
        (lambda path: Image.new("LA", (9, 14), (1, 2)).save(path), "colors or transparency"),
        (
            lambda path: Image.fromarray(np.full((14, 9), 300, "uint16")).save(path),
            "values from 300 to 300: labels are integers from 0 to 255",
        ),
    ],
)
def test_a_bad_mask_is_an_error_that_names_it(tmp_path, spoil, message):
    write(tmp_path)
    names = [f"{number}.png" for number in range(COUNT)]
    images = [tmp_path / "images" / name.replace("png", "bmp") for name in names]
    batches = generator().flow_with_masks(
        images, [tmp_path / "masks" / name for name in names], target_size=(14, 9), seed=1
    )
    spoil(tmp_path / "masks" / "2.png")
    with pytest.raises(BadFileError, match=message):
        batches[0]


def test_fit_knows_its_steps(tmp_path):
    write(tmp_path)
    batches = generator(rescale=1 / 255).flow_with_masks(
        tmp_path / "images", tmp_path / "masks", target_size=(14, 9), batch_size=2, seed=1
    )
    steps = []

    class Count(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            steps.append(batch)

    model = keras.Sequential(
        [keras.Input((14, 9, 3)), keras.layers.Conv2D(256, 1, activation="softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    history = model.fit(batches, epochs=2, verbose=0, callbacks=[Count()])
    assert steps == [0, 1, 2] * 2
    assert np.isfinite(history.history["loss"]).all()
    assert keras.utils.PyDataset in type(batches).__mro__
    assert len(batches) == 3


def test_a_missing_seed_is_printed_unless_told_to_be_silent(capsys):
    pairs = as_images(drawn_masks()), drawn_masks()
    batches = generator().flow_with_masks(*pairs)
    assert f"seed={batches.seed}" in capsys.readouterr().out
    generator().flow_with_masks(*pairs, verbose=False)
    assert capsys.readouterr().out == ""


def test_an_image_is_replayed_with_its_parameters():
    batches = generator().flow_with_masks(as_images(drawn_masks()), drawn_masks(), seed=1)
    batches.epoch = 2
    images, _ = batches[0]
    for position, index in enumerate(batches.indices(0)):
        image, parameters = batches.replay(index, epoch=2)
        np.testing.assert_array_equal(image, images[position])
        np.testing.assert_array_equal(batches.image(index, epoch=2), image)
        drawn = Parameters.from_dicts([parameters])
        moved = apply(as_images(drawn_masks())[[index]], drawn, generator().recipe)[0]
        np.testing.assert_allclose(image, moved, atol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"masks": "folder"}, TypeError, "images is of type ndarray and masks of type str: give"),
        ({"masks": drawn_masks(4)}, ValueError, r"masks with shape \(4, 14, 9\) must have shape"),
        ({"masks": drawn_masks(5, 9, 14)}, ValueError, r"\(5, 14, 9\) or \(5, 14, 9, 1\), as"),
        ({"masks": drawn_masks() * (1 + 0j)}, ValueError, "masks with dtype complex128 must hold"),
        ({"masks": drawn_masks().astype(int) + 2**25}, ValueError, "numbers, integers up to 1677"),
        ({"target_size": (14, 9)}, TypeError, r"target_size=\(14, 9\) is for files, and images"),
        ({"draft": True}, TypeError, "draft=True is for files, and images and masks are arrays"),
        ({"transform": None}, TypeError, "unexpected keyword argument 'transform'"),
        ({"mask_cval": None}, ValueError, "mask_cval=None must be a finite number"),
        ({"subset": "training"}, ValueError, "needs a generator with a validation_split"),
        ({"batch_size": 0}, ValueError, "batch_size=0 must be"),
        ({"images": ["a.png"], "masks": ["a.png", "b.png"]}, ValueError, "images names 1 files"),
        ({"images": [], "masks": []}, ValueError, "images names 0 files and masks 0"),
        ({"images": ["a.png"], "masks": "b"}, TypeError, "masks is of type str: give two folders"),
        ({"images": 5, "masks": 5}, TypeError, "images is of type int: give two folders"),
        ({"images": "no folder", "masks": "no"}, FileNotFoundError, "no folder"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        generator().flow_with_masks(
            **{"images": as_images(drawn_masks()), "masks": drawn_masks(), "seed": 1, **arguments}
        )


def test_files_without_a_partner_are_named(tmp_path):
    write(tmp_path)
    folders = tmp_path / "images", tmp_path / "masks"
    (tmp_path / "masks" / "3.png").rename(tmp_path / "masks" / "3_mask.png")
    with pytest.raises(
        ValueError, match=r"2 files have no partner; the first is '3' of '.*images'"
    ):
        generator().flow_with_masks(*folders, seed=1)
    (tmp_path / "masks" / "3_mask.png").rename(tmp_path / "masks" / "3.png")
    Image.new("L", (9, 14)).save(tmp_path / "masks" / "3.tif")
    with pytest.raises(ValueError, match=r"masks' holds two files '3' that differ in their suffix"):
        generator().flow_with_masks(*folders, seed=1)
