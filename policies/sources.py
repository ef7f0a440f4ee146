"""The policy: its rules, the national and provider's data they read, and the digest that names both.

The `.rego` files of this folder are the country-neutral rules. Files ending in `_test.rego` stand
beside what they test and are never part of the policy. An OPA server is given the same files, and
the same data document: `python -m policies.sources` prints it.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from policies.national import National
from policies.national_file import read_national
from policies.provider import Provider
from schemas.errors import ConfigurationError
from schemas.strict_json import canonical

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


def _shipped_national() -> dict[str, Any]:
    return read_national().as_data()


def _no_rules() -> dict[str, Any]:
    return Provider().as_data(read_national())


@dataclass(frozen=True, slots=True)
class PolicySources:
    """One whole policy: its files, sorted by name, and its data as the rules read it.

    `version` is 16 hexadecimal digits of SHA-256 over all of it, so that a decision names both.
    """

    files: tuple[PolicyFile, ...]
    version: str
    national: Mapping[str, Any] = field(default_factory=_shipped_national)
    provider: Mapping[str, Any] = field(default_factory=_no_rules)

    def release(self) -> dict[str, Any]:
        """The data document that goes with the files: `release`, `national` and `provider`."""
        return {
            "release": {"policy_version": self.version},
            "national": self.national,
            "provider": self.provider,
        }


def load_sources(
    folder: Path = POLICY_FOLDER, *, national: National | None = None, provider: Provider | None = None
) -> PolicySources:
    """Read the policy files below a folder, without the tests, and join them with their data.

    `national` is the shipped one unless given; without `provider`, no service has rules of its own.

    Raises:
        ConfigurationError: there is no file, or one cannot be read.
    """
    files = tuple(file for file in read_files(folder) if not file.is_test)
    if not files:
        raise ConfigurationError(f"{folder}: no .rego file; correct the policy folder in the settings")
    return join_sources(files, national or read_national(), provider or Provider())


def join_sources(files: Iterable[PolicyFile], national: National, provider: Provider) -> PolicySources:
    """Rules and data as one policy, named by their digest."""
    files = tuple(files)
    data = (national.as_data(), provider.as_data(national))
    return PolicySources(files, digest_of(files, data), *data)


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


def digest_of(files: Iterable[PolicyFile], data: Iterable[Mapping[str, Any]]) -> str:
    """The version of a policy: 16 hexadecimal digits of SHA-256 over its files and its data."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(orjson.dumps([file.name, file.text]))
    for document in data:
        digest.update(canonical(document))
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    sys.stdout.write(orjson.dumps(load_sources().release()).decode() + "\n")
