"""Exported files, run by the programs that they are for. The oracle is the Keras model.

Needs converters and runtimes that no other test needs, so nox runs it in a session of its own.
"""

import json
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers

import kcore
from kcore.models import ExportError, export, transfer

IS_TENSORFLOW = keras.backend.backend() == "tensorflow"
NAMES = ("hérisson", "red fox", "猫")
# A few hundred bytes of names need a length of two bytes.
LONG_NAMES = (*NAMES[:2], "猫" * 60)
RNG = np.random.default_rng(0)
COLOURS = RNG.uniform(0, 1, (5, 1, 1, 3))  # so that images differ in the mean too
IMAGES = (RNG.integers(0, 256, (5, 17, 16, 3)) * COLOURS).astype("uint8")


def trained_base():
    """A base with what exporters stumble on, and statistics of BatchNormalization that matter."""
    images = keras.Input((17, 16, 3))
    x = layers.Conv2D(6, 3, padding="same", name="conv")(images)
    x = layers.MaxPooling2D(3, 2, padding="same", name="overlapping")(layers.ReLU()(x))
    x = layers.Dropout(0.5, name="drop")(layers.BatchNormalization(name="bn")(x))
    inner = keras.Sequential(
        [
            layers.Normalization(mean=[0.5] * 6, variance=[4.0] * 6),
            layers.MaxPooling2D((2, 1), name="pool"),
        ],
        name="inner",
    )
    x = layers.Activation("gelu", name="gelu")(inner(x))
    model = keras.Model(images, layers.SeparableConv2D(5, 3, name="last")(x))
    rng = np.random.default_rng(3)
    model.set_weights([random_weight(rng, weight.shape) for weight in model.get_weights()])
    return model


def random_weight(rng, shape):
    return rng.normal(0, 0.3, shape) if len(shape) > 1 else rng.uniform(0.1, 0.5, shape)


@pytest.fixture(scope="module")
def base():
    return trained_base()


@pytest.fixture
def images():
    return IMAGES


def classifier(base, preprocessing="caffe", pooling="flatten", classes=3, class_names=NAMES):
    model = transfer(
        base,
        None,
        classes,
        preprocessing=preprocessing,
        pooling=pooling,
        hidden_units=7,
        class_names=class_names,
        seed=1,
    )
    return with_telling_probabilities(model)


def with_telling_probabilities(model):
    """Scale what the head is given, so that its probabilities are neither 0 nor 1."""
    features = kcore.models.extract_features(model, IMAGES)
    hidden = model.get_layer("head_hidden")
    kernel = hidden.get_weights()[0] / (features - features.mean(axis=0)).std()
    hidden.set_weights([kernel, -features.mean(axis=0) @ kernel])
    return model


def run(path, images):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {"images": images.astype("float32")})[0]


def assert_same(answers, model, images):
    expected = model.predict_on_batch(images)
    np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-4)
    # The probabilities must depend on the image, or equality would prove little.
    assert np.ptp(expected, axis=0).max() > 0.01


@pytest.mark.parametrize(
    ("preprocessing", "pooling", "classes"),
    [
        ("caffe", "flatten", 3),
        ("torch", "average", 3),
        ("tf", "flatten", 1),
        ("unit", "average", 1),
        ("raw", "flatten", 3),
    ],
)
def test_onnx_gives_the_probabilities_of_keras(
    base, images, tmp_path, preprocessing, pooling, classes
):
    class_names = NAMES if classes == 3 else NAMES[:2]
    model = classifier(base, preprocessing, pooling, classes, class_names)
    export(model, tmp_path / "model.onnx")
    assert_same(run(tmp_path / "model.onnx", images), model, images)
    one = run(tmp_path / "model.onnx", images[:1])
    np.testing.assert_allclose(one, model.predict_on_batch(images[:1]), rtol=0, atol=1e-4)
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


@pytest.mark.parametrize("class_names", [NAMES, LONG_NAMES])
def test_class_names_are_metadata_of_onnx(base, tmp_path, class_names):
    export(classifier(base, class_names=class_names), tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["class_names"]) == list(class_names)


def test_onnx_of_a_model_that_was_trained_and_tuned(base, images, tmp_path):
    model = classifier(base, "torch")
    labels = np.arange(5) % 3
    optimizer = keras.optimizers.Adam(0.01)
    kcore.models.train_head(model, images, labels, optimizer=optimizer, epochs=2, seed=1, verbose=0)
    kcore.models.fine_tune(
        model, images, labels, unfreeze_from="gelu", learning_rate=1e-3, verbose=0
    )
    before = [np.array(weight) for weight in model.get_weights()]
    export(model, tmp_path / "model.onnx")
    assert_same(run(tmp_path / "model.onnx", images), model, images)
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)
    assert len(model.trainable_variables) == 7  # and nothing was frozen or thawed


def test_onnx_of_a_sequential_model_without_class_names(tmp_path):
    model = kcore.models.cnn((12, 12, 1), 3, filters=(4,), hidden_units=5, seed=1)
    images = 9 * np.random.default_rng(0).random((4, 12, 12, 1), dtype="float32")
    export(model, tmp_path / "model.onnx")
    assert_same(run(tmp_path / "model.onnx", images), model, images)
    nodes = onnx.load(tmp_path / "model.onnx").graph.node
    assert not {node.op_type for node in nodes} & {"If", "Loop", "Scan"}  # of kcore's lowerings


def test_onnx_whose_weights_are_in_a_file_of_their_own(tmp_path):
    """As jax2onnx writes them from a megabyte or so on."""
    model = kcore.models.mlp((28, 28), hidden_units=600, seed=1)
    images = np.random.default_rng(0).random((4, 28, 28), dtype="float32")
    export(model, tmp_path / "model.onnx")
    assert_same(run(tmp_path / "model.onnx", images), model, images)
    names = {path.name for path in tmp_path.iterdir()}
    assert names <= {"model.onnx", "model.onnx.data"}
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) > 4 * 784 * 600


def test_mixed_precision_is_exported_in_float32(base, images, tmp_path):
    in_float32 = classifier(base)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = classifier(keras.models.clone_model(base, clone_function=in_bfloat16))
    finally:
        keras.config.set_dtype_policy("float32")
    model.set_weights(in_float32.get_weights())
    assert model.get_layer("last").compute_dtype == "bfloat16"
    export(model, tmp_path / "model.onnx")
    assert_same(run(tmp_path / "model.onnx", images), in_float32, images)


def in_bfloat16(layer):
    return type(layer).from_config({**layer.get_config(), "dtype": "mixed_bfloat16"})


def test_a_saved_model(base, images, tmp_path):
    model = classifier(base)
    if not IS_TENSORFLOW:
        with pytest.raises(ExportError, match=r"can't be written on jax\. Save the model with"):
            export(model, tmp_path / "model", "tf_saved_model")
        return
    for _ in range(2):  # the second replaces the first
        export(model, tmp_path / "model", "tf_saved_model")
    served = keras.layers.TFSMLayer(tmp_path / "model", call_endpoint="serve")
    assert_same(served(images.astype("float32")), model, images)
    text = (tmp_path / "model/assets.extra/class_names.json").read_text(encoding="utf-8")
    assert json.loads(text) == list(NAMES)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_openvino(base, images, tmp_path):
    model = classifier(base)
    if not IS_TENSORFLOW:
        with pytest.raises(ExportError, match="Or take format='onnx', which OpenVINO reads too"):
            export(model, tmp_path / "model.xml", "openvino")
        return
    import openvino

    export(model, tmp_path / "model.xml", "openvino")
    read = openvino.Core().read_model(tmp_path / "model.xml")
    assert json.loads(read.get_rt_info(["kcore", "class_names"]).value) == list(NAMES)
    # By default OpenVINO computes in bfloat16 where the processor can.
    compiled = openvino.compile_model(read, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    assert_same(compiled({"images": images.astype("float32")})[0], model, images)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.bin", "model.xml"]


def test_gelu_as_an_argument_and_random_layers(tmp_path):
    images = keras.Input((8, 8, 3))
    x = layers.RandomRotation(0.2)(layers.RandomFlip()(layers.Rescaling(1 / 255)(images)))
    x = layers.Dropout(0.5)(layers.Conv2D(4, 3, activation="gelu")(x))
    x = layers.Dense(5, activation="gelu")(layers.Flatten()(x))
    model = keras.Model(images, layers.Dense(3, activation="softmax")(x))
    export(model, tmp_path / "model.onnx")
    x = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype("float32")
    assert_same(run(tmp_path / "model.onnx", x), model, x)


def test_open_sizes_are_checked_at_two(tmp_path):
    images = keras.Input((None, None, 3))
    x = layers.MaxPooling2D()(layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(images)))
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(images, layers.Dense(3, activation="softmax")(x), name="any_size")
    rng = np.random.default_rng(0)
    model.set_weights([5 * random_weight(rng, weight.shape) for weight in model.get_weights()])
    try:
        export(model, tmp_path / "model.onnx")
    except ExportError as error:
        message = str(error)
        assert not IS_TENSORFLOW, message
        assert "fixed input_shape" in message or "can't be exported" in message
        assert not list(tmp_path.iterdir())
        return
    for size in (21, 32, 50):
        x = np.random.default_rng(0).integers(0, 256, (2, size, size, 3)).astype("float32")
        x[1] /= 8  # averages of noise are alike
        assert_same(run(tmp_path / "model.onnx", x), model, x)


@pytest.mark.parametrize(
    ("written", "message"),
    [("another model", "gives other probabilities than the model"), ("junk", "can't be run")],
)
def test_a_wrong_file_is_found_out_and_not_left(base, tmp_path, monkeypatch, written, message):
    export(classifier(base, "raw"), tmp_path / "model.onnx")
    before = (tmp_path / "model.onnx").read_bytes()

    def wrong(_self, filepath, **_options):
        Path(filepath).write_bytes(before if written == "another model" else b"junk")

    monkeypatch.setattr(keras.Model, "export", wrong)
    with pytest.raises(ExportError, match=message):
        export(classifier(base, "unit"), tmp_path / "model.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    assert (tmp_path / "model.onnx").read_bytes() == before


def test_what_a_converter_can_not_do_leaves_no_file(base, tmp_path):
    images = keras.Input((4, 4, 1))
    model = keras.Model(images, layers.Flatten()(Untranslatable()(images)))
    with pytest.raises(ExportError, match=r"(?s)can't be exported as onnx: .*no graph of me"):
        export(model, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


@keras.saving.register_keras_serializable("kcore_tests")
class Untranslatable(layers.Layer):
    """Can be called by a functional model when it is made, and not when it is exported."""

    def call(self, inputs):
        raise ValueError("no graph of me")

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, inputs.dtype)
