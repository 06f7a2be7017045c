"""Allowed arguments for each public function, small so that the calls are fast."""

import functools
import os
import tempfile
from pathlib import Path

import keras
import numpy as np
from PIL import Image

import kcore
from kcore.data._sources import ArraySource

chdir = os.chdir


def constantly(value):
    return lambda: value


def copied(array):
    return lambda: array.copy()


rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, (2, 8, 8, 3)).astype(np.uint8)
FLOATS = (IMAGES / 255).astype(np.float32)
LABELS = np.array([0, 1])
PROBABILITIES = np.array([[0.9, 0.1], [0.7, 0.3]], np.float32)


@functools.cache
def folder():
    """Make a directory of two classes with two images each, and files of a model beside it."""
    root = Path(tempfile.mkdtemp(prefix="kcore-arguments-"))
    for name in ("cat", "dog"):
        (root / "images" / name).mkdir(parents=True)
        for number in range(2):
            Image.fromarray(IMAGES[number]).save(root / "images" / name / f"{number}.png")
    return root


def images_folder():
    return str(folder() / "images")


def image_path():
    return str(folder() / "images" / "cat" / "0.png")


@functools.cache
def image_files():
    return kcore.data.scan(images_folder())


def fresh_model():
    """Return a tiny compiled classifier of images with two classes."""
    return kcore.models.compile_classifier(plain_model())


def plain_model():
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(2, 3, activation="relu", name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax", name="dense"),
        ]
    )


shared_model = functools.cache(fresh_model)


@functools.cache
def model_file():
    path = folder() / "model.keras"
    kcore.models.save(fresh_model(), path)
    return str(path)


@functools.cache
def weights_file():
    path = folder() / "model.weights.h5"
    fresh_model().save_weights(path)
    return str(path)


def binary_model():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid")])


def named_model():
    return kcore.models.set_class_names(fresh_model(), ["cat", "dog"])


shared_named_model = functools.cache(named_model)


def transfer_model():
    return kcore.models.transfer(base_model(), None, 2, preprocessing="unit", hidden_units=2)


def compiled_transfer_model():
    return kcore.models.compile_classifier(transfer_model())


def base_model():
    return keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, activation="relu", name="conv")]
    )


def generator():
    return kcore.augment.ImageDataGenerator(rotation_range=5, data_format="channels_last")


def fitted_generator():
    found = kcore.augment.ImageDataGenerator(featurewise_center=True, data_format="channels_last")
    found.fit(FLOATS)
    return found


def recipe():
    return kcore.augment.Recipe(rotation_range=5, data_format="channels_last")


def parameters():
    return kcore.augment.Parameters.from_dicts([{"theta": 5.0}, {"flip_horizontal": True}])


def flow():
    return generator().flow(IMAGES, LABELS, batch_size=1, seed=1)


def scene_parameters():
    return kcore.datasets.scenes.draw_parameters(0)


def history():
    return {"loss": [1.0, 0.5], "accuracy": [0.1, 0.9], "val_loss": [1.0, 0.6]}


COMMON = {"data_format": constantly("channels_last")}

OF_SUBPACKAGES = {
    "random": {"key": lambda: kcore.random.key(3), "shape": constantly(3)},
    "nn": {
        "x": copied(FLOATS),
        "filters": lambda: np.ones((2, 2, 3, 4), np.float32),
        "ksize": constantly(2),
    },
    "initializers": {"model": fresh_model, "seed": constantly(1)},
    "layers": {
        "model": fresh_model,
        "noise_shape": constantly((None, 1)),
        "rate": constantly(0.5),
        "seed": constantly(1),
        "stddev": constantly(0.5),
    },
    "shapes": {
        "size": constantly(8),
        "sizes": constantly((8, 9)),
        "kernel": constantly(3),
        "kernel_size": constantly(3),
        "pool_size": constantly(2),
        "output_size": constantly(2),
        "position": constantly(1),
        "strides": constantly(2),
        "dilation_rate": constantly(1),
        "shape": constantly((2, 8, 9, 3)),
    },
    "images": {"x": copied(IMAGES[0])},
    "preprocess": {"x": copied(IMAGES)},
    "models": {
        "model": fresh_model,
        "x": copied(FLOATS),
        "y": copied(LABELS),
        "images": copied(FLOATS),
        "input_shape": constantly((16, 16, 3)),
        "classes": constantly(2),
        "hidden_units": constantly(2),
        "seed": constantly(1),
        "verbose": constantly(0),
    },
    "explain": {
        "model": shared_model,
        "x": copied(FLOATS),
        "images": copied(FLOATS),
        "maps": lambda: np.ones((2, 8, 8), np.float32),
        "layer": constantly("conv"),
        "steps": constantly(2),
        "samples": constantly(2),
    },
    "inspect": {"model": shared_model, "x": copied(FLOATS)},
    "training": {"y": copied(LABELS)},
    "augment": {
        "image": copied(IMAGES[0]),
        "images": copied(IMAGES),
        "keys": lambda: kcore.random.sample_keys(0, 0, np.arange(2)),
        "matrices": lambda: np.tile(np.eye(3)[:2], (2, 1, 1)),
        "parameters": parameters,
        "recipe": recipe,
        "height": constantly(8),
        "width": constantly(8),
        "index": constantly(0),
        "number": constantly(0),
        "seed": constantly(1),
        "directory": images_folder,
        "target_size": constantly((8, 8)),
        "image_shape": constantly((8, 8, 3)),
        "img_shape": constantly((8, 8, 3)),
        "num_threads": constantly(1),
    },
    "data": {
        "directory": images_folder,
        "files": image_files,
        "image_size": constantly((8, 8)),
        "seed": constantly(1),
        "num_threads": constantly(1),
        "index": constantly(0),
        "number": constantly(0),
    },
    "datasets": {"image_size": constantly((16, 16)), "index": constantly(0)},
    "visualize": {
        "labels": copied(LABELS),
        "predictions": copied(LABELS),
        "probabilities": copied(PROBABILITIES),
        "images": copied(IMAGES),
        "image": copied(IMAGES[0]),
        "history": history,
        "path": constantly("report.html"),
    },
}
_KERNELS = {
    "depthwise_filters": lambda: np.ones((2, 2, 3, 1), np.float32),
    "pointwise_filters": lambda: np.ones((1, 1, 3, 2), np.float32),
}
_FLOW_OPTIONS = {
    "apply_exif_orientation": constantly(True),
    "background": constantly(None),
    "bad_files": constantly("raise"),
    "before_resize": constantly(None),
    "cache": constantly(None),
    "draft": constantly(False),
    "drop_remainder": constantly(False),
    "formats": constantly(("PNG",)),
    "max_file_bytes": constantly(10**6),
    "pad_to_aspect_ratio": constantly(False),
    "shard": constantly((0, 1)),
}

OF_FUNCTIONS = {
    "training.fit": {
        "model": fresh_model,
        "data": flow,
        "epochs": constantly(1),
        "resume": constantly("run"),
        "every": constantly(1),
        "every_seconds": constantly(1),
        "validation_data": flow,
        "class_weight": constantly({0: 1.0}),
        "validation_batch_size": constantly(1),
        "validation_steps": constantly(1),
        "validation_freq": constantly(1),
        "verbose": constantly(0),
    },
    "random.fold_in": {"data": constantly(3)},
    "random.integers": {"maxval": constantly(9)},
    "random.key": {"seed": constantly(1)},
    "random.permutation": {"n": constantly(4)},
    "random.sample_keys": {
        "seed": constantly(0),
        "epoch": constantly(0),
        "indices": lambda: np.arange(3),
    },
    "nn.conv2d_transpose": {"filters": lambda: np.ones((2, 2, 4, 3), np.float32)},
    "nn.dense": {
        "x": lambda: np.ones((2, 3), np.float32),
        "weights": lambda: np.ones((3, 4), np.float32),
    },
    "nn.depthwise_conv2d": {"filters": _KERNELS["depthwise_filters"]},
    "nn.separable_conv2d": _KERNELS,
    "shapes.ReceptiveField": {"size": constantly(3), "step": constantly(1)},
    "shapes.ReceptiveField.through": {"window": lambda: kcore.shapes.Window(8, 3)},
    "shapes.ReceptiveField.union": {"other": lambda: kcore.shapes.ReceptiveField(3)},
    "shapes.Windows": {"axes": lambda: (kcore.shapes.Window(8, 3),)},
    "shapes.Windows.output_shape": {"batch": constantly(2), "channels": constantly(3)},
    "images.img_to_array": {"img": lambda: Image.fromarray(IMAGES[0])},
    "images.load_img": {"path": image_path},
    "images.save_img": {"path": constantly("saved.png")},
    "models.SubclassedMLP": {},
    "models.mlp": {"input_shape": constantly((4, 4))},
    "models.functional_mlp": {
        "input_shape": constantly((4,)),
        "hidden_units": constantly((2, 2)),
    },
    "models.subclassed_mlp": {"input_shape": constantly((4,))},
    "models.linear": {"input_shape": constantly((4,))},
    "models.cnn": {"filters": constantly((2,))},
    "models.binary_cnn": {"filters": constantly((2,))},
    "models.check_trainable": {"model": transfer_model},
    "models.parameter_summary": {"model": transfer_model},
    "models.classify": {"model": shared_named_model, "paths": lambda: [image_path()]},
    "models.export": {"path": constantly("model.onnx")},
    "models.compile_binary_classifier": {"model": binary_model},
    "models.extract_features": {"model": transfer_model},
    "models.fine_tune": {
        "model": compiled_transfer_model,
        "unfreeze_from": constantly(None),
        "epochs": constantly(1),
    },
    "models.load": {"path": model_file},
    "models.load_weights": {"path": weights_file},
    "models.save": {"path": constantly("saved.keras")},
    "models.set_class_names": {"class_names": lambda: ["cat", "dog"]},
    "models.train_head": {"model": transfer_model},
    "models.transfer": {
        "base": base_model,
        "cut_at": constantly(None),
        "preprocessing": constantly("unit"),
        "defaults": ("input_shape",),
    },
    "inspect.audit": {},
    "explain.maximize_activation": {"filters": constantly(0)},
    "training.CheckTargets": {},
    "training.StopAtTarget": {"monitor": constantly("loss"), "target": constantly(0.5)},
    "augment.Parameters": {
        **{name: lambda: np.ones(2) for name in ("theta", "tx", "ty", "shear", "zx", "zy")},
        "flip_horizontal": lambda: np.zeros(2, bool),
        "flip_vertical": lambda: np.zeros(2, bool),
    },
    "augment.Parameters.from_dicts": {"transforms": lambda: [{"theta": 5.0}]},
    "augment.RandomTransform": {
        "rotation_range": constantly(5),
        "fill_mode": constantly("nearest"),
    },
    "augment.ImageDataGenerator.apply_transform": {
        "x": copied(FLOATS[0]),
        "transform_parameters": lambda: {"theta": 5.0},
    },
    "augment.ImageDataGenerator.fit": {"x": copied(FLOATS)},
    "augment.ImageDataGenerator.flow": {"x": copied(IMAGES), "y": copied(LABELS)},
    "augment.ImageDataGenerator.flow_from_directory": _FLOW_OPTIONS,
    "augment.ImageDataGenerator.flow_from_dataframe": {
        "dataframe": lambda: {"filename": ["cat/0.png", "dog/0.png"], "class": ["cat", "dog"]},
        **_FLOW_OPTIONS,
    },
    "augment.ImageDataGenerator.flow_with_masks": {
        "masks": lambda: np.zeros((2, 8, 8, 1), np.uint8),
        "defaults": ("num_threads", "target_size"),
    },
    "augment.ImageDataGenerator.random_transform": {"x": copied(FLOATS[0])},
    "augment.ImageDataGenerator.standardize": {"x": copied(FLOATS[0])},
    "data.ImageBatches": {
        "source": lambda: ArraySource(IMAGES),
        "targets": copied(LABELS),
        "defaults": ("files", "origin"),
    },
    "data.FileAudit.write_csv": {"path": constantly("audit.csv")},
    "data.ImageFiles": {
        "table": lambda: kcore.data.scan(images_folder()).table,
        "rows": lambda: [0, 1],
    },
    "data.ImageFiles.from_paths": {"paths": lambda: [image_path()]},
    "data.ImageFiles.select": {"indices": lambda: [0, 1]},
    "data.from_arrays": {"x": copied(IMAGES), "y": copied(LABELS)},
    "data.pure": {"function": lambda: lambda images: images},
    "data.split": {"validation_split": constantly(0.5)},
    "datasets.load": {"source": constantly("fashion-mnist")},
    "datasets.fashion_mnist.load_data": {"path": constantly(None)},
    "datasets.scenes.SceneParameters": {
        name: functools.partial(lambda key: getattr(scene_parameters(), key), name)
        for name in (
            "label class_name variation size position rotation shear squeeze mirrored "
            "object_color detail_color background_colors background_angle noise noise_seed clutter"
        ).split()
    },
    "datasets.scenes.load_data": {"train": constantly(2), "test": constantly(1)},
    "datasets.scenes.paint": {"parameters": scene_parameters},
    "datasets.scenes.write_directory": {
        "path": constantly("scenes"),
        "train": constantly(10),
        "validation": constantly(10),
    },
    "visualize.FeatureMapWriter": {"path": constantly("maps"), "defaults": ("data_format",)},
    "visualize.LiveReport": {},
    "visualize.plot_confusion_matrix": {"matrix": lambda: np.eye(2, dtype=int)},
    "visualize.feature_grid": {"feature_map": lambda: np.ones((4, 4, 2), np.float32)},
    "visualize.filters": {"kernel": lambda: np.ones((3, 3, 3, 2), np.float32)},
    "visualize.gallery": {},
    "visualize.overlay": {"heat_map": lambda: np.ones((8, 8), np.float32)},
}
_WINDOW = "AdaptiveWindow", "TransposedWindow", "Window"
INSTANCES = {
    "shapes.AdaptiveWindow": lambda: kcore.shapes.AdaptiveWindow(8, 2),
    "shapes.ReceptiveField": lambda: kcore.shapes.ReceptiveField(3),
    "shapes.TransposedWindow": lambda: kcore.shapes.TransposedWindow(8, 3),
    "shapes.Window": lambda: kcore.shapes.Window(8, 3),
    "shapes.Windows": lambda: kcore.shapes.conv_windows((8, 9), 3),
    "augment.ImageDataGenerator": generator,
    "augment.Recipe": recipe,
    "data.ImageBatches": flow,
    "data.ImageFiles": image_files,
    "data.FileAudit": lambda: (
        kcore.data.from_directory(images_folder(), image_size=(8, 8), seed=1, verbose=False).audit
    ),
}
