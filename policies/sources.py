"""The policy files: which there are, what they say, and the short digest that names this version.

The `.rego` files of this folder are the country-neutral policy. Files ending in `_test.rego` stand
beside what they test and are never part of the policy. An OPA server is given the same files, and
the same release document: `python -m policies.sources` prints it.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from schemas.errors import ConfigurationError

POLICY_FOLDER: Final = Path(__file__).parent
MAX_FILE_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """One `.rego` file: its path under the policy folder, with forward slashes, and its text."""

    name: str
    text: str

    @property
    def is_test(self) -> bool:
        """Whether it only tests."""
        return self.name.endswith("_test.rego")


@dataclass(frozen=True, slots=True)
class PolicySources:
    """All files of one policy, sorted by name; `version` is 16 hexadecimal digits of SHA-256."""

    files: tuple[PolicyFile, ...]
    version: str

    def release(self) -> dict[str, Any]:
        """The data document that goes with the files, so that a decision can name its policy."""
        return {"release": {"policy_version": self.version}}


def load_sources(folder: Path = POLICY_FOLDER) -> PolicySources:
    """Read the policy files below a folder, without the tests.

    Raises:
        ConfigurationError: there is none, or one cannot be read.
    """
    files = tuple(file for file in read_files(folder) if not file.is_test)
    if not files:
        raise ConfigurationError(f"{folder}: no .rego file; correct the policy folder in the settings")
    return PolicySources(files, _digest(files))


def read_files(folder: Path) -> tuple[PolicyFile, ...]:
    """Read every `.rego` file below a folder, tests included, sorted by name; errors as `load_sources`."""
    return tuple(
        PolicyFile(path.relative_to(folder).as_posix(), _read(path))
        for path in sorted(folder.rglob("*.rego"))
    )


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
        if len(data) > MAX_FILE_BYTES:
            raise ConfigurationError(f"{path}:1: longer than {MAX_FILE_BYTES} bytes; split it")
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}:1: cannot be read ({type(error).__name__})") from None


def _digest(files: Iterable[PolicyFile]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(orjson.dumps([file.name, file.text]))
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    sys.stdout.write(orjson.dumps(load_sources().release()).decode() + "\n")
