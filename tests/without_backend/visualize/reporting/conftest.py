from types import SimpleNamespace

import numpy as np
import pytest

from kcore.visualize import overlay

HOSTILE = "<script>document.title = 'taken over'</script>"
NAMES = ["cat", HOSTILE, '"onmouseover="alert(1)', "猫 & \u202edog", "a" * 80]


def row(name, **values):
    """Return a row as `kcore.inspect.trace` makes it, for which a backend would be needed."""
    empty = dict.fromkeys(("kernel_size", "strides", "pads", "dropped", "receptive_field"))
    return SimpleNamespace(
        **{
            "name": name,
            "kind": "Conv2D",
            "input_shape": (28, 28, 1),
            "output_shape": (26, 26, 64),
            "parameters": 640,
            "multiply_adds": 389_376,
            **empty,
            **values,
        }
    )


@pytest.fixture(scope="session")
def everything():
    """All arguments of a report, with names that try to break out of it."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 5, 40)
    probabilities = generator.dirichlet(np.ones(5), 40)
    images = generator.integers(0, 256, (40, 16, 12, 3), dtype=np.uint8)
    return {
        "title": f"Training {HOSTILE}",
        "status": "stopped",
        "stop_reason": f"stopped in epoch 3: {HOSTILE}",
        "note": f"synthetic {HOSTILE}",
        "history": {
            "accuracy": [0.5, 0.75, 0.875],
            "loss": [1.0, 0.5, float("nan")],
            "val_loss": [1.0, 0.75, 0.7],
            HOSTILE: [1, 2, 3],
        },
        "epoch_seconds": [12.5, 2.0, 2.25],
        "metrics": {"accuracy": 0.9375, HOSTILE: 0.5},
        "model": [
            row("conv", kernel_size=(3, 3), strides=(1, 1), pads=((0, 1), (2, 0)), dropped=(0, 1)),
            row(HOSTILE, receptive_field=(5, 5), multiply_adds=None),
        ],
        "labels": labels,
        "probabilities": probabilities,
        "images": images,
        "class_names": NAMES,
        "feature_maps": {
            "conv": generator.normal(size=(1, 6, 6, 5)),
            HOSTILE: generator.normal(size=(9, 9, 70)),
            "dense": np.zeros((1, 10)),
        },
        "overlays": {HOSTILE: overlay(images[0], np.eye(4))},
        "seeds": {"weights": 17, HOSTILE: 4},
        "bad_files": [("\udc80/\x00.jpg", HOSTILE, "truncated"), ("b.png", "cat", "p" * 300)],
        "data_format": "channels_last",
    }
