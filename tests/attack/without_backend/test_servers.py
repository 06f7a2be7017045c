"""Attack downloads with servers that lie, redirect, break off, or send too much or nothing."""

from functools import partial

import pytest
from attack.corpora.idx_files import ARRAY, SHA256
from attack.corpora.servers import BODY, BROKEN, SOUND, serving, slow, trickling
from attack.tally import REFUSED, RIGHT, Tally

from kcore.datasets import CorruptFileError, DownloadError
from kcore.datasets._download import download
from kcore.datasets._idx import read_idx
from kcore.datasets._pace import Pace

TIMEOUT = 0.5


def fetch(url, path):
    download(
        url,
        path,
        verify=lambda part: read_idx(part, shape=ARRAY.shape, sha256=SHA256),
        max_bytes=1 << 20,
        timeout=TIMEOUT,
        pace=Pace(seconds=1.0, least_bytes=10_000),
    )
    return path.read_bytes()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


def judge(folder, content):
    left = [path.name for path in folder.iterdir()]
    return RIGHT if content == BODY and left == ["data.gz"] else f"left {left}"


def test_servers(tmp_path):
    tally = Tally("hostile servers")
    servers = [(name, [sent], RIGHT) for name, sent in SOUND.items()]
    servers += [(name, [sent], REFUSED) for name, sent in BROKEN.items()]
    servers += [(name, pieces, REFUSED) for name, pieces in slow()]
    trickles = dict(trickling())
    servers += [(name, pieces, REFUSED) for name, pieces in trickles.items()]
    for number, (name, pieces, must) in enumerate(servers):
        folder = tmp_path / str(number)
        folder.mkdir()
        with serving(pieces, pause=0.2 if name in trickles else 0.0) as url:
            tally.case(
                name,
                partial(fetch, url, folder / "data.gz"),
                partial(judge, folder),
                refusals=(DownloadError, CorruptFileError),
                named=url,
                must=must,
                seconds=20,
            )
        if must == REFUSED and any(folder.iterdir()):
            tally.count(f"{name}, afterwards", f"left {[each.name for each in folder.iterdir()]}")
    tally.close(at_least=50)
