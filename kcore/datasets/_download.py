"""Download a file over HTTP; a broken download leaves nothing behind."""

import http.client
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kcore._files import replacing
from kcore._progress import progress_bar
from kcore.datasets._errors import CorruptFileError, DownloadError
from kcore.datasets._pace import Pace, TooSlowError, opened

__all__ = ["download"]

_CHUNK_BYTES = 1 << 16
_DIGITS = 30

# Errors of reading a response; ValueError if a redirect's URL or the size of a chunk is invalid.
_FAILURES = (OSError, http.client.HTTPException, ValueError)


def download(
    url: str,
    path: Path,
    *,
    verify: Callable[[Path], object],
    max_bytes: int,
    timeout: float,
    pace: Pace | None = None,
) -> None:
    """Download a file, verify it, and only then rename it to `path`.

    The data are written to a temporary file in the directory of `path`, which is made if it doesn't
    exist. Each download has its own temporary file, so two processes may download the same file at
    once: both get the same verified content, and the second rename replaces the first file.

    Args:
        url: address of the file.
        path: path of the file; an existing one is replaced.
        verify: function of the path of the temporary file; raises `CorruptFileError` if the content
            is wrong.
        max_bytes: a longer file is refused, before it arrives if the server announces its length.
        timeout: seconds that connecting, or waiting for the next bytes, may take.
        pace: the minimum that must arrive in each period; `None` for `Pace()`.

    Raises:
        DownloadError: if there is no network, or the server refuses, breaks off, stops sending or
            sends too slowly.
        CorruptFileError: if the content is wrong.
        OSError: if the file can't be written.
    """
    with _opened(url, timeout, pace or Pace()) as response:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, ".part") as part:
            _save(response, url, part, max_bytes)
            _verify(part, url, verify)


def _opened(url: str, timeout: float, pace: Pace) -> Any:
    try:
        return opened(url, timeout, pace)
    except urllib.error.HTTPError as error:
        error.close()
        reason = str(error.reason).partition("\n")[0]  # urllib explains a loop in three lines
        raise DownloadError(url, f"the server answers {error.code} {reason}") from None
    except _FAILURES as error:
        raise DownloadError(url, _network_problem(error)) from error


def _save(response: Any, url: str, part: Path, max_bytes: int) -> None:
    expected = _announced(response)
    if expected is not None and expected > max_bytes:
        raise CorruptFileError(url, f"has {expected:,} bytes, more than {max_bytes:,}")
    label = f"Downloading {url.rpartition('/')[2]}"
    received = 0
    with part.open("xb") as file, progress_bar(label, expected, unit="B") as progress:
        for chunk in _chunks(response, url):
            received += len(chunk)
            if received > max_bytes:
                raise CorruptFileError(url, f"is longer than {max_bytes:,} bytes")
            file.write(chunk)
            progress.update(len(chunk))
    if expected is not None and received != expected:
        raise DownloadError(
            url, f"the connection broke off after {received:,} of {expected:,} bytes"
        )


def _announced(response: Any) -> int | None:
    """Return the length that the server announces, None if it is missing or not a number."""
    length = response.headers.get("Content-Length", "")
    # Python refuses thousands of digits; the first ones suffice to find it too long.
    return int(length.lstrip("0")[:_DIGITS] or 0) if length.isdecimal() else None


def _chunks(response: Any, url: str) -> Iterator[bytes]:
    try:
        while chunk := response.read1(_CHUNK_BYTES):
            yield chunk
    except _FAILURES as error:
        raise DownloadError(url, _network_problem(error)) from error


def _verify(part: Path, url: str, verify: Callable[[Path], object]) -> None:
    try:
        verify(part)
    except CorruptFileError as error:
        raise CorruptFileError(
            url, f"the server sent a wrong file, which {error.problem}"
        ) from error


def _network_problem(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, TooSlowError):
        return f"the server sends too slowly: {reason}"
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    return str(reason) or type(reason).__name__
