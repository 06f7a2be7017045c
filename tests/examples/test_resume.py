"""`quickstart.py --resume` goes on where a signal ended it."""

import os
import subprocess
import sys

import pytest
from oracles.scripts import EXAMPLES, run


@pytest.mark.slow
def test_quickstart_goes_on_after_sigterm(tmp_path):
    arguments = ("--resume", "--epochs", "3", "--target", "1", "--output", str(tmp_path))
    command = [sys.executable, str(EXAMPLES / "quickstart.py"), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ) as process:
        seen = b""
        while b"Epoch 2/3" not in seen:
            piece = process.stdout.read1()
            assert piece, seen
            seen += piece
        process.terminate()
        said = process.communicate()[0].decode()
    assert process.returncode == 128 + 15
    assert "received SIGTERM before epoch 2" in said
    assert "Start the same script again" in said
    output = run("quickstart.py", *arguments)
    assert "Epoch 1/3" not in output
    assert "Epoch 2/3" in output
    assert "after 3 epochs in" in output
