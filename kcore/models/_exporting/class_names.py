"""Put the names of classes into an exported model, as metadata of its format."""

import json
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

__all__ = ["add_class_names"]

_KEY = "class_names"


def add_class_names(path: Path, form: str, class_names: Sequence[str]) -> None:
    """Add the names of classes, as a JSON list, to an exported file or folder."""
    text = json.dumps(class_names, ensure_ascii=False)
    {"onnx": _to_onnx, "openvino": _to_openvino, "tf_saved_model": _to_saved_model}[form](
        path, text
    )


def _to_onnx(path: Path, text: str) -> None:
    """Add an entry of metadata.

    An ONNX file is one message of protocol buffers, and such messages are merged by writing one
    after the other. `metadata_props` is field 14 of a model, with the fields 1 for the key and 2
    for the value (onnx.proto, ModelProto and StringStringEntryProto).
    """
    with path.open("ab") as file:
        file.write(_field(14, _field(1, _KEY.encode()) + _field(2, text.encode())))


def _field(number: int, content: bytes) -> bytes:
    """Encode bytes as a field of protocol buffers: tag with wire type 2, length, content."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Encode a number in groups of seven bits, the lowest first."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])


def _to_openvino(path: Path, text: str) -> None:
    """Add an entry `kcore/class_names` to the runtime information of the model."""
    tree = ElementTree.parse(path)
    root = tree.getroot()
    information = root.find("rt_info")
    if information is None:
        information = ElementTree.SubElement(root, "rt_info")
    ours = ElementTree.SubElement(information, "kcore")
    ElementTree.SubElement(ours, _KEY, value=text)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def _to_saved_model(path: Path, text: str) -> None:
    """Write a file into the folder that the format reserves for its users."""
    folder = path / "assets.extra"
    folder.mkdir()
    (folder / f"{_KEY}.json").write_text(text, encoding="utf-8")
