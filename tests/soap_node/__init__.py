"""A SOAP service driven by its WSDL, for the system tests: npm's `soap` on Node.js, at one pinned version.

It reads our requests by the WSDL and writes answers and faults in its own way, so nothing of the wire is our
idea. Its packages are installed once, by `npm ci` from the lock file beside this one (which names no host),
into `~/.cache/isthmus/soap-node-<lock>/`.

    with wsdl_server(wsdl, "text") as url: ...
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Literal

import pytest

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
WSDL = HERE / "tax.wsdl"
USER, PASSWORD = "isthmus", "for tests only"


def home() -> Path:
    """The installed packages; installed on first use."""
    folder = Path.home() / ".cache" / "isthmus" / f"soap-node-{sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if (folder / "installed").exists():
        return folder
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.fail("Node.js is missing; install it with: sudo apt-get install nodejs npm")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(f"installing soap failed; try in {folder}: npm ci\n{done.stderr[-2000:]}")
    (folder / "installed").touch()
    return folder


@contextmanager
def wsdl_server(
    wsdl: Path, mode: Literal["open", "text", "digest"] = "open", version: Literal["1.1", "1.2"] = "1.1"
) -> Iterator[str]:
    """A running service; gives its base URL, below which it answers at `/tax`."""
    environment = {
        **os.environ,
        "SOAP_HOME": str(home()),
        "SOAP_WSDL": str(wsdl),
        "SOAP_MODE": mode,
        "SOAP_12": "yes" if version == "1.2" else "",
        "SOAP_USER": USER,
        "SOAP_PASSWORD": PASSWORD,
    }
    command = ["node", str(HERE / "server.mjs")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            words = process.stdout.readline().split()
            if words[:1] != ["ready"]:
                pytest.fail("the SOAP service did not start")
            yield f"http://127.0.0.1:{words[1]}"
        finally:
            process.terminate()
