"""`pyiso20022` (MIT) as the bank that writes ISO 20022 files, for the system tests.

It lives in an environment of its own: made once, by pip from the hashes of `requirements.lock`, in
`~/.cache/isthmus/iso20022-<lock>/`; `write.py` runs there.
"""

from __future__ import annotations

import json
import subprocess
import venv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
LOCK = HERE / "requirements.lock"

Bank = Callable[[str, Mapping[str, Any]], bytes]
"""Writes a message, such as pain.002.001.10, from its members."""


def home() -> Path:
    """The environment; made on first use."""
    folder = Path.home() / ".cache" / "isthmus" / f"iso20022-{sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if (folder / "installed").exists():
        return folder
    venv.create(folder, with_pip=True, clear=True)
    command = [
        folder / "bin/python",
        "-m",
        "pip",
        "install",
        "-q",
        "--require-hashes",
        "--no-deps",
        "-r",
        LOCK,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(f"installing pyiso20022 failed:\n{done.stderr[-2000:]}")
    (folder / "installed").touch()
    return folder


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
