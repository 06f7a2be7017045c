"""The path of a file to write, checked before the work begins."""

from pathlib import Path

from kcore._arguments import check_path

__all__ = ["check_target"]


def check_target(name: str, path: object, suffixes: tuple[str, ...]) -> Path:
    """Return the path of a file to write, or say what is wrong with it.

    Args:
        name: name of the argument.
        path: what was given for it.
        suffixes: the allowed endings of the file's name.

    Raises:
        TypeError: if it is not a path.
        ValueError: if no file can have this name, if it has another ending, or if it is a
            directory.
        FileNotFoundError: if the directory that should hold the file doesn't exist.
    """
    target = check_path(name, path)
    if target.suffix.lower() not in suffixes:
        raise ValueError(f"{name}={str(target)!r} must end in {' or '.join(suffixes)}.")
    if target.is_dir():
        raise ValueError(f"{name}={str(target)!r} is a directory; give the path of a file.")
    if not target.absolute().parent.is_dir():
        raise FileNotFoundError(
            f"{name}={str(target)!r}: there is no directory {str(target.parent)!r} to write into."
        )
    return target
