"""Real servers of features for the system tests: MapServer (Debian's `mapserv`) and pygeoapi (PyPI).

MapServer is a CGI; a small loopback server runs it for each request, and adds nothing. It speaks WFS
2.0 (GML 3.2 and GeoJSON) and OGC API Features. pygeoapi comes at the versions and hashes of
`requirements.lock` into `~/.cache/isthmus/ogc-<lock>/`, an environment of its own.

    with mapserver() as url: ...        # WFS at url + /wfs, OGC API Features below url + /ogc
    with pygeoapi() as url: ...         # OGC API Features below url
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.installing import from_pip

HERE = Path(__file__).parent
LOCK = HERE / "requirements.lock"
DATA = HERE / "rights.geojson"
MAPFILE = HERE / "lumeria.map"
_TEMPLATES = Path("/usr/share/mapserver/ogcapi/templates/html-bootstrap4/")


def home() -> Path:
    """The environment with pygeoapi; made on first use."""
    return from_pip("ogc", LOCK)


@contextmanager
def mapserver() -> Iterator[str]:
    """A running MapServer over `rights.geojson`; gives its URL."""
    program = shutil.which("mapserv")
    if program is None:
        pytest.fail("mapserv is missing; install it with: sudo apt-get install cgi-mapserver")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shutil.copy(DATA, folder / DATA.name)
        server = ThreadingHTTPServer(("127.0.0.1", 0), _cgi(program, folder))
        url = f"http://127.0.0.1:{server.server_port}"
        text = MAPFILE.read_text(encoding="utf-8").replace("$URL", url).replace("$TEMPLATES", str(_TEMPLATES))
        (folder / MAPFILE.name).write_text(text, encoding="utf-8")
        (folder / "mapserver.conf").write_text(f'CONFIG\n MAPS\n  LM "{folder / MAPFILE.name}"\n END\nEND\n')
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield url
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _cgi(program: str, folder: Path) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Runs MapServer for a request: `/wfs` by its map, `/ogc/…` by its map's short name."""

        def do_GET(self) -> None:
            self._run(b"")

        def do_POST(self) -> None:
            self._run(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

        def _run(self, body: bytes) -> None:
            path, _, query = self.path.partition("?")
            environ = {
                "PATH": os.environ["PATH"],
                "MAPSERVER_CONFIG_FILE": str(folder / "mapserver.conf"),
                "REQUEST_METHOD": self.command,
                "QUERY_STRING": query,
                "CONTENT_LENGTH": str(len(body)),
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_ACCEPT": self.headers.get("Accept", ""),
                "SERVER_NAME": "127.0.0.1",
                "SERVER_PORT": str(self.server.server_address[1]),
                "SCRIPT_NAME": "/ogc",
            }
            if path == "/wfs":
                environ["MS_MAPFILE"] = str(folder / MAPFILE.name)
            else:
                environ["PATH_INFO"] = "/LM/ogcapi" + path.removeprefix("/ogc")
            done = subprocess.run([program], input=body, env=environ, capture_output=True, check=False)
            head, _, answer = done.stdout.replace(b"\r\n", b"\n", 20).partition(b"\n\n")
            told = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
            status = int(told.pop("Status", told.pop("STATUS", "200")).split()[0])
            self.send_response(status)
            for name, value in told.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def pygeoapi() -> Iterator[str]:
    """A running pygeoapi over `rights.geojson`; gives its URL."""
    folder = home()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as scratch:
        config = Path(scratch) / "config.yml"
        text = (HERE / "pygeoapi.yml").read_text(encoding="utf-8")
        config.write_text(
            text.replace("$URL", url).replace("$PORT", str(port)).replace("$DATA", str(DATA)),
            encoding="utf-8",
        )
        openapi = Path(scratch) / "openapi.yml"
        environ = {
            **os.environ,
            "PYGEOAPI_CONFIG": str(config),
            "PYGEOAPI_OPENAPI": str(openapi),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        openapi.write_text("openapi: 3.0.2\ninfo: {title: t, version: '1'}\npaths: {}\n", encoding="utf-8")
        start = "from pygeoapi.flask_app import APP; APP.run('127.0.0.1', %d)" % port  # noqa: UP031
        command = [str(folder / "bin" / "python"), "-c", start]
        with subprocess.Popen(
            command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                _wait(url + "/conformance?f=json", process)
                yield url
            finally:
                process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("pygeoapi did not start")


def parsed_cql2(texts: list[str]) -> list[object]:
    """CQL2 texts as cql2-rs (Development Seed) reads them: CQL2 JSON."""
    script = (
        "import cql2, json, sys\n"
        "print(json.dumps([cql2.parse_text(text).to_json() for text in json.load(sys.stdin)]))\n"
    )
    command = [str(home() / "bin" / "python"), "-c", script]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(done.stderr[-1500:])
    result: list[object] = json.loads(done.stdout)
    return result
