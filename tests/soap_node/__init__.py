"""A SOAP service driven by its WSDL, for the system tests: npm's `soap` on Node.js, at one pinned version.

It reads our requests by the WSDL and writes answers and faults in its own way, so nothing of the wire is our
idea. Its packages are installed once, by `npm ci` from the lock file beside this one (which names no host),
into `~/.cache/isthmus/soap-node-<lock>/`.

    with wsdl_server(wsdl, "text") as url: ...
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from tests.installing import from_npm

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
WSDL = HERE / "tax.wsdl"
USER, PASSWORD = "isthmus", "for tests only"


def home() -> Path:
    """The installed packages; installed on first use."""
    return from_npm("soap-node", LOCK)


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
