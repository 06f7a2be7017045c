"""Fixtures for datasets: IDX files made from the definition of the format, and a web server."""

import contextlib
import gzip
import http.server
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

ELEMENT_CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def _encode_idx(array: np.ndarray) -> bytes:
    """Write an array as IDX, from the description of the format."""
    kind = array.dtype.kind + str(array.dtype.itemsize)
    header = struct.pack(">BBBB", 0, 0, ELEMENT_CODES[kind], array.ndim)
    lengths = struct.pack(f">{array.ndim}I", *array.shape)
    elements = struct.pack(f">{array.size}{array.dtype.char}", *array.ravel().tolist())
    return header + lengths + elements


@pytest.fixture(scope="session")
def encode_idx() -> Callable[[np.ndarray], bytes]:
    return _encode_idx


@dataclass
class Server:
    """A web server on this machine, and its answers."""

    url: str
    contents: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    fault: str = ""
    zeros: int = 0
    released: threading.Event = field(default_factory=threading.Event)


class _Handler(http.server.BaseHTTPRequestHandler):
    """Serve `contents`, with the fault that a test sets."""

    def do_GET(self) -> None:
        server: Server = self.server.description
        name = self.path.lstrip("/")
        server.requests.append(name)
        body = server.contents.get(name)
        if server.fault == "redirects in a circle" or (
            server.fault == "redirects to a file" and name == "data.bin"
        ):
            is_circle = server.fault == "redirects in a circle"
            self.send_response(302)
            self.send_header("Location", "/data.bin" if is_circle else "ftp://127.0.0.1/x")
            self.end_headers()
            return
        if server.fault == "header drop by drop":
            self._drop(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 10_000)
            return
        if server.fault == "silent":
            server.released.wait()
            return
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        if server.fault != "no length":
            self.send_header("Content-Length", str(len(body)) + "0" * server.zeros)
        if server.fault == "chunk sizes drop by drop":
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if server.fault == "chunk sizes drop by drop":
            self._drop(b"0" * 10_000)
            return
        if server.fault == "drop by drop":
            self._drop(body)
            return
        if server.fault == "sends more":
            body += b"more" * 1000
        if server.fault == "closes early":
            body = body[: len(body) // 2]
        self.wfile.write(body[:10])
        if server.fault == "stalls":
            server.released.wait()
            return
        self.wfile.write(body[10:])

    def _drop(self, data: bytes) -> None:
        """Send single bytes with pauses, until the test ends or the client is gone."""
        with contextlib.suppress(OSError):
            for value in data:
                self.wfile.write(bytes([value]))
                self.wfile.flush()
                if self.server.description.released.wait(0.01):
                    return

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    httpd.daemon_threads = True
    description = Server(f"http://127.0.0.1:{httpd.server_port}/")
    httpd.description = description
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield description
    description.released.set()
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@dataclass(frozen=True)
class TinyDataset:
    """Four small files with the names of Fashion-MNIST's files, and their arrays."""

    arrays: dict[str, np.ndarray]
    contents: dict[str, bytes]

    def compressed(self) -> dict[str, bytes]:
        return {f"{name}.gz": gzip.compress(data) for name, data in self.contents.items()}


@pytest.fixture(scope="session")
def tiny_dataset() -> TinyDataset:
    rng = np.random.default_rng(5)
    arrays = {
        "train-images-idx3-ubyte": rng.integers(0, 256, (6, 4, 4), dtype=np.uint8),
        "train-labels-idx1-ubyte": np.arange(6, dtype=np.uint8),
        "t10k-images-idx3-ubyte": rng.integers(0, 256, (3, 4, 4), dtype=np.uint8),
        "t10k-labels-idx1-ubyte": np.arange(3, dtype=np.uint8),
    }
    return TinyDataset(arrays, {name: _encode_idx(array) for name, array in arrays.items()})
