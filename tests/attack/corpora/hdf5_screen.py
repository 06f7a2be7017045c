"""Find files on which the HDF5 library hangs or crashes, which no caller can prevent.

This is a separate program, without backend and threads, so it can fork for each file:

    python hdf5_screen.py FOLDER

It prints the names of the files that a child process did not finish reading.
"""

import contextlib
import io
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

CPU_SECONDS = 3


def hopeless(contents):
    """Return the indices of the files that the HDF5 library can't read without harm."""
    with tempfile.TemporaryDirectory() as folder:
        for number, content in enumerate(contents):
            Path(folder, str(number)).write_bytes(content)
        command = [sys.executable, __file__, folder]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {int(line) for line in printed.split()}


def read_all(path):
    """Read each attribute and array of a file, as far as possible."""
    import h5py

    def look(group):
        for name in list(group.attrs):
            with contextlib.suppress(Exception):
                group.attrs[name]
        for name in list(group):
            with contextlib.suppress(Exception):
                member = group[name]
                look(member) if isinstance(member, h5py.Group) else member[()]

    with h5py.File(io.BytesIO(path.read_bytes()), "r") as file:
        look(file)


def main():
    """Read each file of a directory in a child process."""
    import h5py  # noqa: F401 -- once, for all children

    for path in sorted(Path(sys.argv[1]).iterdir()):
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
            resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
            with contextlib.suppress(BaseException):
                read_all(path)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            print(path.name)


if __name__ == "__main__":
    main()
