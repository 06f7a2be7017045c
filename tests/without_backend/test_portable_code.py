"""No module depends on what only some systems have, and the check itself can fail."""

from pathlib import Path

import pytest
from oracles.portable_code import violations

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ("backends_tests", "examples", "kcore")
    for path in (ROOT / folder).rglob("*.py")
)


def test_the_modules_are_found():
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == {
        "backends_tests",
        "examples",
        "kcore",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_works_on_every_system(path):
    assert violations(path.read_text(encoding="utf-8")) == []


WRONG = [
    "path.read_text()",
    "path.write_text(text)",
    "path.open()",
    "path.open('w')",
    "open(path)",
    "open(path, 'w', newline='')",
    "open(path, mode='a')",
    "path.open(mode)",
    "os.fdopen(1, 'w')",
    "io.TextIOWrapper(stream)",
    "tempfile.NamedTemporaryFile('w')",
    "subprocess.run(command, text=True)",
    "Popen(command, universal_newlines=True)",
    "import fcntl",
    "def f():\n    import resource",
    "from pwd import getpwuid",
    "from os import fork",
    "try:\n    import fcntl\nexcept OSError:\n    pass",
    "os.fork()",
    "os.O_NONBLOCK",
    "signal.SIGKILL",
    "try:\n    pass\nexcept AttributeError:\n    os.sysconf(1)",
    "if hasattr(os, 'preadv'):\n    os.pwrite(1, b'', 0)",
    "if os.fork():\n    pass",
]


@pytest.mark.parametrize("source", WRONG)
def test_what_works_on_one_system_alone_is_found(source):
    assert len(violations(source)) == 1


RIGHT = [
    "path.read_text(encoding='utf-8')",
    "path.read_text('utf-8')",
    "path.write_text(text, encoding='utf-8')",
    "path.open('rb')",
    "open(path, 'wb')",
    "path.open('w', encoding='utf-8')",
    "Image.open(path)",
    "os.open(path, os.O_RDONLY)",
    "tempfile.NamedTemporaryFile()",
    "subprocess.run(command, text=True, encoding='utf-8')",
    "subprocess.run(command)",
    "run(text)",
    "io.TextIOWrapper(stream, encoding='ascii')",
    "try:\n    import fcntl\nexcept ImportError:\n    fcntl = None",
    "if hasattr(os, 'fork'):\n    os.fork()",
    "count = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else 1",
    "try:\n    os.sysconf(1)\nexcept (AttributeError, ValueError):\n    pass",
    "getattr(os, 'O_NONBLOCK', 0)",
    "signal.SIGTERM",
]


@pytest.mark.parametrize("source", RIGHT)
def test_what_works_on_every_system_is_let_through(source):
    assert violations(source) == []
