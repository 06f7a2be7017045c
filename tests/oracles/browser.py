"""Open pages in a headless Chromium, driven by its DevTools protocol.

The protocol uses a pair of pipes (`--remote-debugging-pipe`), so only the browser is needed. A
message is JSON, followed by a null byte.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 120
# Chromium reads commands from descriptor 3 and answers on 4.
_START = """
import fcntl, os, sys
pipes = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
for number, pipe in enumerate(pipes, start=3):
    os.dup2(pipe, number)
os.execv(sys.argv[3], sys.argv[3:])
"""


def executable():
    """Return the path of a browser, or raise an error that says what to install."""
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    raise FileNotFoundError(
        f"None of {', '.join(NAMES)} is installed: apt-get install --no-install-recommends chromium"
    )


@dataclass
class Browser:
    """A running browser with one open page.

    Attributes:
        events: messages, exceptions and requests of the page since it was opened.
    """

    process: subprocess.Popen
    reading: int
    writing: int
    session: str | None = None
    events: list = field(default_factory=list)
    _last: int = 0
    _rest: bytes = b""

    def call(self, method, **params):
        """Send a command and wait for its result."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.writing, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._last:
                assert "error" not in answer, answer["error"]
                return answer["result"]
            self.events.append(answer)

    def open(self, path, width=1280, height=900, dark=False, query=""):
        """Load a file in a window of a given size, and wait until it is complete."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=path.absolute().as_uri() + (query and f"?{query}"))
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def evaluate(self, expression):
        """Return the value of a JavaScript expression in the page."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def complaints(self):
        """Return what the page wrote to the console, and its exceptions."""
        wanted = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [event for event in self.events if event.get("method") in wanted]

    def requested(self):
        """Return the addresses that the page requested."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def screenshot(self):
        """Return a PNG of the whole page."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    def _receive(self):
        while b"\0" not in self._rest:
            chunk = os.read(self.reading, 1 << 16)
            assert chunk, "the browser has gone"
            self._rest += chunk
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)


@contextmanager
def running(seconds=SECONDS):
    """Start a browser, open a page in it, and end it, at the latest after some seconds."""
    profile = tempfile.mkdtemp()
    from_us, to_browser = os.pipe()
    from_browser, to_us = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", _START, str(from_us), str(to_us), *_command(profile)],
        pass_fds=(from_us, to_us),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(from_us)
    os.close(to_us)
    # A browser that hangs is ended, which ends the reading of its answers too.
    watchdog = threading.Timer(seconds, process.kill)
    watchdog.start()
    browser = Browser(process, from_browser, to_browser)
    try:
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
        browser.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            browser.call(f"{domain}.enable")
        yield browser
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        os.close(from_browser)
        os.close(to_browser)
        shutil.rmtree(Path(profile), ignore_errors=True)


def _command(profile):
    return [
        executable(),
        "--headless=new",
        "--remote-debugging-pipe",
        f"--user-data-dir={profile}",
        # Containers let no user namespaces be made, and give little shared memory.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
