"""Names that no console can show unchanged, in all that a dataset prints."""

import os
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from oracles import needs

from kcore.images import save_img

CLASSES = (
    b"esc\x1b[2J",
    "Käse🧀".encode(),
    b"caf\xe9",
    b"two\nFound 9 images",
    "\u202etac".encode(),
)

SCRIPT = r"""
import os, sys
import kcore
root, out = sys.argv[1:]
options = dict(image_size=(8, 8), seed=1, shuffle=False)
train = kcore.data.from_directory(
    root, bad_files="quarantine",
    cache=os.path.join(out, "cache\x1b[2J\n"), **options,
)
for images, targets in train:
    assert images.shape[1:] == (8, 8, 3)
train.audit.write_csv(os.path.join(out, "audit.csv"))
generator = kcore.augment.ImageDataGenerator()
flow = generator.flow_from_directory(
    root, (8, 8), bad_files="skip", seed=1, shuffle=False
)
for number in range(len(flow)):
    flow[number]
kcore.data.scan(root, class_names=[*train.class_names, "none\x1b[2J"])
kcore.visualize.report(
    os.path.join(out, "report.html"), history={"loss": [1.0]}, bad_files=train.audit,
)
try:
    list(kcore.data.from_directory(root, **options))
except kcore.data.BadFileError as error:
    sys.stdout.flush()
    sys.stdout.buffer.write(str(error).encode(sys.stdout.encoding, "backslashreplace"))
"""

# One that raises an error for what it can't encode, and one of ASCII alone.
CONSOLES = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    picture = tmp_path_factory.mktemp("picture") / "a.png"
    save_img(picture, np.zeros((8, 8, 3), "uint8"), "channels_last", scale=False)
    good = picture.read_bytes()
    for name in map(os.fsdecode, CLASSES):
        (folder / name).mkdir()
        for file, data in (("a\x1b.png", good), ("b\n.png", good), ("c\udcff.png", good[:40])):
            (folder / name / file).write_bytes(data)
    return str(folder)


@pytest.mark.slow
@needs.any_file_names
@pytest.mark.parametrize("console", CONSOLES.values(), ids=CONSOLES)
def test_what_is_printed_is_encodable_and_free_of_control_characters(root, tmp_path, console):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LC_", "LANG", "PYTHONIO", "PYTHONUTF8"))
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, root, str(tmp_path)],
        env=environment | console,
        capture_output=True,
        timeout=300,
        check=False,
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed.decode("ascii", "backslashreplace")
    text = printed.decode("cp1252" if "cp1252" in console.values() else "ascii")
    categories = {unicodedata.category(each) for each in text.replace("\n", "")}
    assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    lines = text.splitlines()
    assert sum(line.startswith("Found") for line in lines) == 1  # of the flow, none of a class
    for shown in (r"  esc\x1b[2J ", r"  two\nFound 9 images ", r"  caf\udce9 "):
        assert any(line.startswith(shown) for line in lines), shown
    csv = (tmp_path / "audit.csv").read_text("utf-8")
    assert csv.count(".png") == len(CLASSES)
    assert "caf\\udce9" in (tmp_path / "report.html").read_text("utf-8")
