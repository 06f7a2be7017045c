"""The names that arguments of `kcore.data` have in `ImageDataGenerator`."""

from typing import Any

LEGACY_NAMES = {
    "image_size": "target_size",
    "label_mode": "class_mode",
    "class_names": "classes",
    "crop_to_aspect_ratio": "keep_aspect_ratio",
}


def legacy_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return options of `kcore.data.from_directory` as `flow_from_directory` takes them."""
    renamed = {LEGACY_NAMES.get(name, name): value for name, value in options.items()}
    if renamed.get("class_mode") == "int":
        renamed["class_mode"] = "sparse"
    return renamed
