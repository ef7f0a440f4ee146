"""`pyiso20022` (MIT) as the bank that writes ISO 20022 files, for the system tests.

It lives in an environment of its own: made once, by pip from the hashes of `requirements.lock`, in
`~/.cache/isthmus/iso20022-<lock>/`; `write.py` runs there.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.installing import from_pip

HERE = Path(__file__).parent
LOCK = HERE / "requirements.lock"

Bank = Callable[[str, Mapping[str, Any]], bytes]
"""Writes a message, such as pain.002.001.10, from its members."""


def home() -> Path:
    """The environment; made on first use."""
    return from_pip("iso20022", LOCK, "--no-deps")


@contextmanager
def bank() -> Iterator[Bank]:
    """The package, writing as long as a test runs."""
    command = [home() / "bin/python", HERE / "write.py"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        taken, given = process.stdin, process.stdout
        assert taken is not None
        assert given is not None

        def write(message: str, data: Mapping[str, Any]) -> bytes:
            print(json.dumps({"message": message, "data": data}), file=taken, flush=True)
            line = given.readline()
            if not line:
                pytest.fail(f"the package did not write {message}")
            return str(json.loads(line)).encode()

        try:
            yield write
        finally:
            process.terminate()
