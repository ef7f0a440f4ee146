"""MOSIP's own `mosip-auth-sdk` (MPL-2.0) as the other side of kind `mosip-ida`, for the system tests.

It needs an older `cryptography` than ours, so it lives in an environment of its own: made once, by pip
from the hashes of `requirements.lock`, in `~/.cache/isthmus/mosip-<lock>/`; `sdk.py` runs there.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.installing import from_pip

HERE = Path(__file__).parent
LOCK = HERE / "requirements.lock"

Sdk = Callable[..., Any]
"""Does one task of `sdk.py`, by its name."""


def home() -> Path:
    """The environment; made on first use."""
    return from_pip("mosip", LOCK, "--no-deps")


@contextmanager
def mosip_sdk(folder: Path) -> Iterator[Sdk]:
    """The package over `partner.pem`, `partner.p12`, `ida.pem` and `ida.p12` in a folder."""
    command = [home() / "bin/python", HERE / "sdk.py"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        taken, given = process.stdin, process.stdout
        assert taken is not None
        assert given is not None

        def do(task: str, **members: Any) -> Any:
            print(json.dumps({"do": task, "folder": str(folder), **members}), file=taken, flush=True)
            line = given.readline()
            if not line:
                pytest.fail(f"the package did not do: {task}")
            return json.loads(line)

        try:
            yield do
        finally:
            process.terminate()
