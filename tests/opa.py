"""A real OPA for the system tests: built once with the Go toolchain, at one pinned version.

The executable stays in `~/.cache/isthmus/opa-<version>/`. A server listens on a free loopback port,
with the product's policy files and release document, for as long as the test session runs.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from policies.sources import POLICY_FOLDER, PolicySources, load_sources
from tests.unit.policies import country

OPA_VERSION = "v1.22.2"
"""At least v1.21.3: before it, the signature check of bundles could be side-stepped."""

_MODULE = f"github.com/open-policy-agent/opa@{OPA_VERSION}"
_FOLDER = Path.home() / ".cache" / "isthmus" / f"opa-{OPA_VERSION}"
_START_S = 20


def opa_executable() -> Path:
    """The pinned `opa`; built on first use, which takes some minutes."""
    executable = _FOLDER / "opa"
    if executable.exists():
        return executable
    if shutil.which("go") is None:
        pytest.fail(
            f"OPA is missing; install Go (https://go.dev/dl), then: GOBIN={_FOLDER} go install {_MODULE}"
        )
    _FOLDER.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "GOBIN": str(_FOLDER)}
    built = subprocess.run(
        ["go", "install", "-p", "1", _MODULE], env=environment, capture_output=True, text=True, check=False
    )
    if built.returncode != 0:
        pytest.fail(f"building OPA failed; try: GOBIN={_FOLDER} go install {_MODULE}\n{built.stderr[-2000:]}")
    return executable


@contextmanager
def opa_server(*paths: Path, options: tuple[str, ...] = ()) -> Iterator[int]:
    """An OPA server with these files and options; yields its loopback port."""
    port = _free_port()
    command = [
        str(opa_executable()),
        "run",
        "--server",
        "--addr",
        f"127.0.0.1:{port}",
        "--log-level",
        "error",
    ]
    process = subprocess.Popen(
        [*command, "--skip-version-check", *options, *map(str, paths)], stdout=subprocess.DEVNULL
    )
    try:
        _wait_until_healthy(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="session")
def opa_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server with the product's policy."""
    with opa_serving(load_sources(), tmp_path_factory.mktemp("opa")) as port:
        yield port


@pytest.fixture(scope="session")
def country_opa_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server with the policy of the golden cases."""
    with opa_serving(country.sources(), tmp_path_factory.mktemp("opa")) as port:
        yield port


@contextmanager
def opa_serving(sources: PolicySources, folder: Path) -> Iterator[int]:
    """An OPA server with this policy, its data written into a folder; yields its loopback port."""
    release = folder / "release.json"
    release.write_bytes(orjson.dumps(sources.release()))
    rules = [path for path in POLICY_FOLDER.rglob("*.rego") if not path.name.endswith("_test.rego")]
    with opa_server(release, *rules) as port:
        yield port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_healthy(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    pytest.fail(f"OPA did not start within {_START_S} s (exit status {process.poll()})")


if __name__ == "__main__":
    # Before the tests, because building takes longer than one test may.
    sys.stdout.write(f"{opa_executable()}\n")
