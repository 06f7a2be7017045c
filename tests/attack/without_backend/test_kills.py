"""Kill processes while they write files: only complete files may be left."""

import subprocess
import sys
from functools import partial

import numpy as np
from attack.killing import kill_after
from attack.tally import RIGHT, Tally

from kcore._files import write_whole
from kcore.images import load_img, save_img

KILLS = 8
SIZE = 300_000
WRITING = """
import os, sys
import numpy as np
from pathlib import Path
from kcore._files import write_whole
from kcore.images import save_img
where = Path(sys.argv[1])
print("ready", flush=True)
number = 0
while True:
    number = (number + 1) % 200
    write_whole(where / "whole.bin", bytes([number]) * 300_000)
    save_img(where / "picture.png", np.full((200, 200, 3), number, "uint8"), "channels_last")
"""


def test_killed_writers(tmp_path):
    tally = Tally("killed writers of files")
    write_whole(tmp_path / "whole.bin", bytes(SIZE))
    save_img(tmp_path / "picture.png", np.zeros((200, 200, 3), "uint8"), "channels_last")
    rng = np.random.default_rng(53)
    for number in range(KILLS):
        command = [sys.executable, "-c", WRITING, str(tmp_path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        kill_after(process, "ready\n", rng.uniform(0, 0.2))
        tally.case(f"kill {number}", partial(whole_files, tmp_path), str, must=RIGHT)
    tally.close(at_least=KILLS)


def whole_files(where):
    data = (where / "whole.bin").read_bytes()
    if len(data) != SIZE or len(set(data)) != 1:
        return "a part of one and a part of another"
    if len(np.unique(load_img(where / "picture.png"))) != 1:
        return "half a picture"
    names = sorted(each.name for each in where.iterdir() if not each.name.startswith("."))
    return RIGHT if names == ["picture.png", "whole.bin"] else f"left {names}"
