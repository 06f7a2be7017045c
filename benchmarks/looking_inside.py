"""Feature grids, activations and Grad-CAM against the course's code and explanation libraries.

The libraries, tf-keras-vis, xplique and tf-explain, run on TensorFlow alone and take part where
they are installed. All candidates take turns in this one process.
"""

import argparse
import functools
import importlib.util
import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import harness
import keras
import numpy as np

import kcore

OURS = "kcore"
CLASS = 3
LAYER = "out_relu"


def main() -> None:
    """Measure, print the tables, save the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    harness.rounds_option(parser, default=5)
    subjects = {"grid": grid, "activations": activations, "grad-cam": grad_cam}
    parser.add_argument("--subjects", nargs="+", choices=subjects, default=list(subjects))
    parser.add_argument("--images", type=int, default=32, help="images for Grad-CAM")
    options = parser.parse_args()
    packages = ["keras", "tensorflow", "jax", "numpy", "tf-keras-vis", "xplique", "tf-explain"]
    about = harness.environment([*packages, "kcore"])
    backend = keras.backend.backend()
    warnings.simplefilter("ignore")
    groups = {}
    for subject in options.subjects:
        print(f"\n{subjects[subject].__doc__} ({backend})\n")
        groups[subject] = list(subjects[subject](options).values())
        print(harness.table(groups[subject], OURS))
    path = harness.save(f"looking_inside-{backend}", groups, about)
    print(f"\nSaved {path}")


def grid(options):
    """200 times the four feature maps of the course's CNN, each in one row."""
    rng = np.random.default_rng(0)
    shapes = [(1, 26, 26, 64), (1, 13, 13, 64), (1, 11, 11, 64), (1, 5, 5, 64)]
    maps = [np.maximum(rng.normal(size=shape), 0).astype("float32") for shape in shapes]
    drawn = functools.partial(
        kcore.visualize.feature_grid,
        layout="row",
        scale=1,
        gap=0,
        cmap="gray",
        data_format="channels_last",
    )
    for one in maps:  # a pixel may differ by one, where rounding falls the other way
        assert np.abs(np.asarray(drawn(one), int) - channel_by_channel(one).astype(int)).max() <= 1

    def repeated(draw):
        return lambda: [draw(one) for _ in range(200) for one in maps]

    candidates = {"course": repeated(channel_by_channel), OURS: repeated(drawn)}
    return harness.measure(candidates, options.rounds)


def channel_by_channel(feature_map):
    """Draw as the course does: normalize one channel after the other and paste it."""
    _, height, width, channels = feature_map.shape
    picture = np.zeros((height, width * channels))
    for channel in range(channels):
        shade = feature_map[0, :, :, channel].copy()
        shade -= shade.mean()
        shade /= shade.std()
        shade = np.clip(shade * 64 + 128, 0, 255).astype("uint8")
        picture[:, channel * width : (channel + 1) * width] = shade
    return picture


def activations(options):
    """The outputs of all layers of the course's CNN for 32 images."""
    model = kcore.models.cnn(seed=0)
    images = np.random.default_rng(0).random((32, 28, 28, 1)).astype("float32")
    outputs = [layer.output for layer in model.layers]
    whole = keras.Model(model.inputs, outputs)
    singles = [keras.Model(model.inputs, output) for output in outputs]
    candidates = {
        "predict of all layers for each layer, as in the course": lambda: [
            whole.predict(images, verbose=0)[number] for number in range(len(outputs))
        ],
        "predict of one layer after the other": lambda: [
            single.predict(images, verbose=0) for single in singles
        ],
        OURS: lambda: kcore.inspect.activations(model, images),
    }
    return harness.measure(candidates, options.rounds)


def grad_cam(options):
    """Grad-CAM of MobileNetV2 at 224×224, at its last feature map."""
    model = keras.applications.MobileNetV2(weights=None, input_shape=(224, 224, 3))
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (options.images, 224, 224, 3)).astype("float32")
    candidates = {
        "a prediction alone": lambda: model.predict_on_batch(images),
        OURS: lambda: kcore.explain.grad_cam(model, images, LAYER, CLASS),
    }
    if keras.backend.backend() == "tensorflow":
        for module, peer in PEERS.items():
            if importlib.util.find_spec(module):
                candidates[module] = peer(model, images)
    return harness.measure(candidates, options.rounds)


def tf_keras_vis(model, images):
    """Return a run of tf-keras-vis."""
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

    explainer = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)
    score = CategoricalScore([CLASS] * len(images))
    return lambda: explainer(score, images, penultimate_layer=LAYER)


def xplique(model, images):
    """Return a run of xplique, on the scores before softmax."""
    from xplique.attributions import GradCAM

    linear = keras.models.clone_model(model)
    linear.set_weights(model.get_weights())
    linear.layers[-1].activation = keras.activations.linear
    explainer = GradCAM(linear, batch_size=32, conv_layer=LAYER)
    labels = np.eye(model.output_shape[-1], dtype="float32")[[CLASS] * len(images)]
    return lambda: explainer.explain(images, labels)


def tf_explain(model, images):
    """Return a run of tf-explain, which explains the probability and draws the map as well."""
    from tf_explain.core.grad_cam import GradCAM

    return lambda: GradCAM().explain((images, None), model, CLASS, layer_name=LAYER)


PEERS = {"tf_keras_vis": tf_keras_vis, "xplique": xplique, "tf_explain": tf_explain}


if __name__ == "__main__":
    main()
