"""A real OpenID provider for the system tests: panva's `oidc-provider` on Node.js, at one pinned version.

Its packages are installed once, by `npm ci` from the lock file beside this one (which names no host), into
`~/.cache/isthmus/oidc-provider-<lock>/`. The server speaks TLS on a free loopback port, as long as a test runs.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.installing import from_npm

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
SECRET = "for tests only"


@dataclass(frozen=True)
class OpenIdProvider:
    """A running provider: its issuer, and the authority of its certificate."""

    issuer: str
    ca: Path


def home() -> Path:
    """The installed packages; installed on first use."""
    return from_npm("oidc-provider", LOCK)


@contextmanager
def openid_provider(
    port: int,
    redirect_uri: str,
    certificate: Path,
    key: Path,
    *,
    alg: str,
    method: str,
    client: Mapping[str, Any] | None = None,
) -> Iterator[OpenIdProvider]:
    """A provider that knows one client, `isthmus`; `method` is how that client proves itself, `client` is
    further metadata of it (OpenID Connect Dynamic Client Registration 1.0, section 2)."""
    environment = {
        **os.environ,
        "OIDC_HOME": str(home()),
        "OIDC_PORT": str(port),
        "OIDC_CERT": str(certificate),
        "OIDC_KEY": str(key),
        "OIDC_REDIRECT": redirect_uri,
        "OIDC_SECRET": SECRET,
        "OIDC_ALG": alg,
        "OIDC_METHOD": method,
        "OIDC_CLIENT": json.dumps(dict(client or {})),
    }
    command = ["node", str(HERE / "provider.mjs")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            if "ready" not in process.stdout.readline():
                pytest.fail("the OpenID provider did not start")
            yield OpenIdProvider(f"https://127.0.0.1:{port}", certificate)
        finally:
            process.terminate()
