"""Files behind a real web server (nginx): conditional requests, manifests, bounds, no redirects."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from adapters.kinds.file.reader import File
from adapters.mapped import Mapped
from adapters.source_file import load_source
from schemas.outcome import Match, Unavailable
from tests.unit.adapters.kinds.file.dropping import DAY, FILE, GOOD, NAME
from tests.unit.adapters.small_source import Secrets, ask, write

pytestmark = pytest.mark.system
MANIFEST = ("finished: renamed", "finished: manifest")
ONE_NAME = (
    ('"people_{date:%Y%m%d}.csv"', "people.csv"),
    ("as_of: name", "as_of: modified"),
)


@dataclass(frozen=True)
class Nginx:
    """A server that shows a folder."""

    port: int
    folder: Path
    log: Path

    @property
    def lines(self) -> list[str]:
        """What was asked, and how it was answered."""
        return self.log.read_text().splitlines()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Nginx]:
    """An nginx of this test."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    shown = tmp_path / "shown"
    shown.mkdir()
    tmp_path.chmod(0o755)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"""daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;
events {{}}
http {{
  log_format asked '$request_method $uri $status';
  access_log {tmp_path}/access.log asked;
  client_body_temp_path {tmp_path}/t1; proxy_temp_path {tmp_path}/t2; fastcgi_temp_path {tmp_path}/t3;
  uwsgi_temp_path {tmp_path}/t4; scgi_temp_path {tmp_path}/t5;
  server {{
    listen 127.0.0.1:{port}; root {shown};
    location = /moved.csv {{ return 302 http://127.0.0.1:{port}/people.csv; }}
  }}
}}
"""
    )
    with subprocess.Popen([program, "-c", str(config), "-p", str(tmp_path)]) as process:
        for _ in range(200):
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield Nginx(port, shown, tmp_path / "access.log")
        process.terminate()


def https_file(folder: Path, server: Nginx, *changes: tuple[str, str]) -> File:
    """A source behind the server."""
    place = f"{{https: {{base_url: http://127.0.0.1:{server.port}, auth: {{kind: none}}}}}}"
    path = write(folder, FILE, ("{folder: drop}", place), *changes)
    return File(load_source(path, Secrets(), {}))


async def answer(kind: File) -> object:
    """What an open source answers."""
    return await Mapped(kind._source, kind).fetch(ask("status", "1000000017", "status"))


async def test_https__one_name__unchanged_file_is_not_sent_again(tmp_path: Path, server: Nginx):
    """`If-None-Match` and `If-Modified-Since`: the second look is answered 304."""
    (server.folder / "people.csv").write_text(GOOD)
    kind = https_file(tmp_path, server, *ONE_NAME)
    await kind.open()
    try:
        first = await answer(kind)
        watcher = kind._watcher
        assert watcher is not None
        await watcher.look()
    finally:
        await kind.close()

    assert isinstance(first, Match)
    assert first.as_of == int((server.folder / "people.csv").stat().st_mtime)
    assert server.lines[0] == "GET /people.csv 200"
    assert set(server.lines[1:]) == {"GET /people.csv 304"}


async def test_https__manifest__names_and_checks_the_files(tmp_path: Path, server: Nginx):
    """`SHA256SUMS` says which files there are, and what they are."""
    (server.folder / NAME).write_text(GOOD)
    digest = sha256(GOOD.encode()).hexdigest()
    (server.folder / "SHA256SUMS").write_text(f"{digest}  {NAME}\n")
    kind = https_file(tmp_path, server, MANIFEST)
    await kind.open()
    try:
        assert await answer(kind) == Match({"status": "approved"}, DAY)
    finally:
        await kind.close()
    assert server.lines.count(f"GET /{NAME} 200") == 1


async def test_https__redirect__is_not_followed(tmp_path: Path, server: Nginx):
    """A web server cannot send the gateway elsewhere."""
    (server.folder / "people.csv").write_text(GOOD)
    kind = https_file(tmp_path, server, (ONE_NAME[0][0], "moved.csv"), ONE_NAME[1])
    await kind.open()
    try:
        assert await answer(kind) == Unavailable("the web server answered HTTP 302")
    finally:
        await kind.close()
    assert set(server.lines) == {"GET /moved.csv 302"}


async def test_https__file_longer_than_allowed__is_broken_off(tmp_path: Path, server: Nginx):
    """`max_bytes` ends a download while it arrives."""
    (server.folder / "people.csv").write_text(GOOD * 100)
    bound = ("as_of: modified", "as_of: modified\n      max_bytes: 1000")
    kind = https_file(tmp_path, server, *ONE_NAME, bound)
    await kind.open()
    try:
        assert getattr(await answer(kind), "cause", "").endswith("the file is longer than 1000 bytes")
    finally:
        await kind.close()
