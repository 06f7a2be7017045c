"""Check arguments of `ImageDataGenerator` with legacy names, and translate these names."""

from typing import Any

from kcore._arguments import check_choice, check_integers, check_switch
from kcore.data._targets import check_mode_fits
from kcore.images._resizing import check_one_aspect_ratio

__all__ = ["CLASS_MODES", "check_class_mode", "label_mode_of", "resizing_of"]

CLASS_MODES = ("binary", "categorical", "sparse", "input", None)


def label_mode_of(class_mode: Any) -> str | None:
    """Return the `label_mode` of a `class_mode`, or say which modes exist."""
    check_choice("class_mode", class_mode, CLASS_MODES)
    return "int" if class_mode == "sparse" else class_mode


def resizing_of(
    target_size: Any, keep_aspect_ratio: Any, pad_to_aspect_ratio: Any
) -> dict[str, Any]:
    """Check the options of resizing, and return them by the names of `kcore.data`."""
    if target_size is None:
        raise ValueError(
            "target_size=None: images are augmented together, so they need one size. Use "
            "kcore.data.from_directory for images of their own sizes."
        )
    size = check_integers("target_size", target_size)
    if len(size) != 2:
        raise ValueError(f"target_size={target_size!r} must be (height, width).")
    check_switch("keep_aspect_ratio", keep_aspect_ratio)
    check_switch("pad_to_aspect_ratio", pad_to_aspect_ratio)
    check_one_aspect_ratio(
        keep_aspect_ratio,
        pad_to_aspect_ratio,
        crop_name="keep_aspect_ratio",
        size_name="target_size",
    )
    return {
        "image_size": size,
        "crop_to_aspect_ratio": keep_aspect_ratio,
        "pad_to_aspect_ratio": pad_to_aspect_ratio,
    }


def check_class_mode(class_mode: str | None, class_names: tuple[str, ...]) -> None:
    """Raise a ValueError unless `class_mode` fits the classes."""
    check_mode_fits("class_mode", class_mode, class_names, "'categorical' or 'sparse'", "classes")
