"""Run hostile web servers, whose answers are given byte for byte."""

import contextlib
import gzip
import itertools
import socket
import struct
import threading
from contextlib import contextmanager

from attack.corpora.idx_files import CONTENT

BODY = gzip.compress(CONTENT, mtime=0)
OTHER = gzip.compress(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]), mtime=0)
LABELS = gzip.compress(struct.pack(">4BI", 0, 0, 8, 1, 7) + bytes(7), mtime=0)
HTML = b"<!DOCTYPE html><html><body>Sign in to the network</body></html>"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
HALF = len(BODY) // 2


def with_length(body, length=None, first=OK):
    return first + b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


def chunked(body):
    parts = [body[start : start + 50] for start in range(0, len(body), 50)]
    return CHUNKED + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


def status(code, *headers, body=b""):
    lines = [b"HTTP/1.1 %d Word" % code, *headers, b"Content-Length: %d" % len(body), b"", body]
    return b"\r\n".join(lines)


# Name -> answer, after which the connection is closed; the files in these are intact.
SOUND = {
    "a length": with_length(BODY),
    "no length": OK + b"\r\n" + BODY,
    "chunks": chunked(BODY) + b"0\r\n\r\n",
    "chunks with extensions": chunked(BODY).replace(b"32\r\n", b"32;a=b\r\n") + b"0\r\n\r\n",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    "more than the length": with_length(BODY + b"more", len(BODY)),
    "a false type": OK + b"Content-Type: text/html\r\n\r\n" + BODY,
    "a false name": OK + b"Content-Disposition: attachment; filename=../../x\r\n\r\n" + BODY,
    "a length in words": OK + b"Content-Length: many\r\n\r\n" + BODY,
    "a length in Arabic": OK + "Content-Length: ٣\r\n\r\n".encode() + BODY,
    "a length below 0": with_length(BODY, -5),
}
BROKEN = {
    "nothing": b"",
    "a part of the status": b"HTTP/1.",
    "a status alone": OK,
    "a part of the headers": OK + b"Content-Le",
    "half of the body": with_length(BODY[:HALF], len(BODY)),
    "half of the body without a length": OK + b"\r\n" + BODY[:HALF],
    "half of the chunks": chunked(BODY)[:-60],
    "chunks without an end": chunked(BODY)[:-10],
    "a body that is empty": with_length(b""),
    "a length of a petabyte": with_length(BODY, 10**15),
    "a length of 10**30": with_length(BODY, 10**30),
    "half of the length": with_length(BODY, HALF),
    "two lengths": OK + b"Content-Length: 5\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY,
    "a length and chunks": OK + b"Content-Length: 5\r\n" + chunked(BODY)[len(OK) :],
    "chunks of no size": CHUNKED + b"zz\r\n" + BODY,
    "a chunk below 0": CHUNKED + b"-5\r\n" + BODY,
    "a chunk of an exabyte": CHUNKED + b"fffffffffffffff\r\n" + BODY,
    "chunks of nothing but a size": CHUNKED + b"1" * 100_000,
    "other numbers": with_length(OTHER),
    "the labels": with_length(LABELS),
    "HTML": with_length(HTML),
    "HTML that is compressed": with_length(gzip.compress(HTML)),
    "NUL bytes": with_length(bytes(len(BODY))),
    "twice compressed": with_length(gzip.compress(BODY), None, OK + b"Content-Encoding: gzip\r\n"),
    "a bomb": with_length(gzip.compress(CONTENT[:16] + bytes(1 << 26))),
    "no HTTP": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "no HTTP but zeros": bytes(5000),
    "a status in words": b"HTTP/1.1 fine\r\n\r\n" + BODY,
    "a status of 999": status(999, body=BODY),
    "a header without end": OK + b"X: " + b"a" * 200_000,
    "headers without end": OK + b"".join(b"X-%d: a\r\n" % number for number in range(5000)),
    "a header that is none": OK + b"\xff\xfe\0\r\n\r\n",
    **{f"status {code}": status(code, body=HTML) for code in (204, 400, 401, 403, 404, 410, 429)},
    **{f"status {code} with the file": status(code, body=BODY) for code in (404, 500, 502, 503)},
    "a part, as if asked for": status(206, b"Content-Range: bytes 0-4/9", body=BODY[:HALF]),
    "a redirection without end": status(302, b"Location: /again"),
    "a redirection to nowhere": status(302),
    "a redirection to a file": status(302, b"Location: file:///etc/passwd"),
    "a redirection to a data URL": status(302, b"Location: data:text/plain,hello"),
    "a redirection to no URL": status(302, b"Location: http://[::1"),
    "a redirection to no port": status(302, b"Location: http://127.0.0.1:99999/"),
    "a redirection to FTP": status(301, b"Location: ftp://127.0.0.1:1/x"),
    "a redirection to a closed port": status(307, b"Location: http://127.0.0.1:1/x"),
}


# Name -> pieces that are sent one by one; None waits until the client closes the connection.
def slow():
    yield "silence", [None]
    yield "silence after the status", [OK, None]
    yield "silence within the headers", [OK + b"Content-", None]
    yield "silence within the body", [with_length(BODY[:HALF], len(BODY)), None]
    yield "silence after the body", [OK + b"Content-Length: 9999\r\n\r\n" + BODY, None]
    yield "silence within chunks", [chunked(BODY)[:-60], None]
    yield "a body without end", itertools.chain([OK + b"\r\n"], itertools.repeat(bytes(1 << 16)))
    yield (
        "chunks without end",
        itertools.chain([CHUNKED], itertools.repeat(b"10000\r\n" + bytes(1 << 16) + b"\r\n")),
    )
    yield "interim answers without end", itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 999)


def trickling():
    """Yield the answers of servers that send something all the time, but never end."""
    body = with_length(b"", len(BODY))
    yield "a byte at a time", itertools.chain([body], _bytes_of(BODY))
    headers = itertools.chain([OK], itertools.cycle([b"X", b":", b"a", b"\r\n"]))
    yield "a byte of the headers at a time", headers
    yield "an interim answer at a time", itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n")


def _bytes_of(data):
    return (data[index : index + 1] for index in range(len(data)))


@contextmanager
def serving(pieces, pause=0.0):
    """Send these pieces to each client, and yield the URL; a list is sent again to each."""
    stop = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection):
        with connection, contextlib.suppress(OSError):
            connection.recv(1 << 16)
            for piece in pieces:
                if stop.is_set():
                    return
                if piece is None:
                    stop.wait()
                    return
                connection.sendall(piece)
                stop.wait(pause)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):  # otherwise the system may drop what was sent
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/train-images-idx3-ubyte.gz"
    finally:
        stop.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
