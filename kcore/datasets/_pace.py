"""Open a URL, and give up if the server sends too slowly."""

import functools
import http.client
import io
import time
import urllib.request
from collections.abc import Callable
from typing import Any

__all__ = ["Pace", "TooSlowError", "opened"]

_MAX_HEADER_BYTES = 1 << 20


class TooSlowError(TimeoutError):
    """A server sends so slowly that the download might never end."""


class Pace:
    """The minimum that a server must send in each period of waiting.

    Each wait for the next bytes has its own timeout; this limit is for servers that avoid the
    timeout by sending a byte now and then. Only time spent waiting counts, not time spent writing.

    Args:
        seconds: length of a period.
        least_bytes: bytes that must arrive in it.

    Example:
        >>> pace = Pace(seconds=10, least_bytes=1000)
        >>> pace.note(1000, waited=10)
        >>> pace.note(999, waited=10)
        Traceback (most recent call last):
        ...
        kcore.datasets._pace.TooSlowError: only 999 bytes came in 10 seconds
    """

    def __init__(self, seconds: float = 30.0, least_bytes: int = 120_000) -> None:
        self._seconds, self._least_bytes = seconds, least_bytes
        self._waited, self._received = 0.0, 0

    def note(self, received: int, waited: float) -> None:
        """Count bytes that arrived after some seconds of waiting.

        Raises:
            TooSlowError: if too little arrived in a period.
        """
        self._waited += waited
        self._received += received
        if self._waited < self._seconds:
            return
        if self._received < self._least_bytes:
            raise TooSlowError(f"only {self._received:,} bytes came in {self._waited:.0f} seconds")
        self._waited, self._received = 0.0, 0


def opened(url: str, timeout: float, pace: Pace) -> Any:
    """Open an HTTP or HTTPS URL, as `urllib.request.urlopen` does.

    The pace is checked from the first byte of the response, including its header and redirects.

    Raises:
        OSError, http.client.HTTPException: as in `urlopen`; the reason may be a `TooSlowError`.
    """
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),  # for redirects to files, FTP and others
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Handler(pace),
    ):
        opener.add_handler(handler)
    return opener.open(url, timeout=timeout)


class _Handler(urllib.request.HTTPHandler):
    """Open connections that check the pace of their responses."""

    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self._pace = pace

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._paced(http.client.HTTPConnection), req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._paced(http.client.HTTPSConnection), req)

    https_request = urllib.request.HTTPHandler.http_request

    def _paced(self, kind: Callable[..., Any]) -> Any:
        def connection(host: str, **options: Any) -> Any:
            made = kind(host, **options)
            made.response_class = functools.partial(_Response, pace=self._pace)
            return made

        return connection


class _Response(http.client.HTTPResponse):
    """A response that checks the pace, from its header on."""

    def __init__(self, sock: Any, *args: Any, pace: Pace, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._paced = _Raw(self.fp.detach(), pace)
        self.fp = io.BufferedReader(self._paced)

    def begin(self) -> None:
        """Read the header and any interim responses before it, up to a limit for all of them."""
        super().begin()
        self._paced.header_left = None


class _Raw(io.RawIOBase):
    """Read from a socket, and count bytes and waiting time.

    Attributes:
        header_left: bytes that the header may still have; None after its end.
    """

    def __init__(self, raw: Any, pace: Pace) -> None:
        super().__init__()
        self._raw, self._pace = raw, pace
        self.header_left: int | None = _MAX_HEADER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        start = time.monotonic()
        received: int | None = self._raw.readinto(buffer)
        self._pace.note(received or 0, time.monotonic() - start)
        if self.header_left is not None:
            self.header_left -= received or 0
            if self.header_left < 0:
                raise http.client.HTTPException("the header of the answer does not end")
        return received

    def close(self) -> None:
        self._raw.close()
        super().close()
