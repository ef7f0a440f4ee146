"""References instead of secrets: `${secret:NAME}` and `${env:NAME}` in a source's connection.

A secret comes from `ISTHMUS_SECRET_<NAME>` or from a file named `<NAME>` in the secrets directory.
An absent one is an error that names it. No message ever shows a value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from schemas.errors import ConfigurationError

PREFIX: Final = "ISTHMUS_SECRET_"
MAX_BYTES: Final = 64 * 1024
REFERENCE = re.compile(r"\$\{(secret|env):([A-Z][A-Z0-9_]{0,63})\}")
LOOKS_LIKE_REFERENCE = re.compile(r"\$\{[^}]*\}?")


class Secrets(Protocol):
    """Where secrets are kept."""

    def get(self, name: str) -> str | None:
        """The secret called `name`, or None when there is none."""


@dataclass(frozen=True, slots=True)
class EnvironmentSecrets:
    """Secrets of the process's environment, then of a directory with one file each."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    directory: Path | None = None

    def get(self, name: str) -> str | None:
        """Look a secret up; a file's trailing newline is not part of it.

        Raises:
            ConfigurationError: its file cannot be read.
        """
        value = self.environment.get(PREFIX + name)
        if value is not None or self.directory is None:
            return value
        path = self.directory / name
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return None
        try:
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            # Without its cause, which holds what was read.
            raise ConfigurationError(f"secret {name} is no readable file of UTF-8 text") from None


def references(text: str) -> Iterator[tuple[str, str]]:
    """The references in a text, as (`secret` or `env`, name)."""
    for match in REFERENCE.finditer(text):
        yield match[1], match[2]


def has_broken_reference(text: str) -> bool:
    """Whether something looks like a reference and is none, such as `${secret:lower}`."""
    return LOOKS_LIKE_REFERENCE.search(REFERENCE.sub("", text)) is not None


def resolve(value: Any, secrets: Secrets, environment: Mapping[str, str]) -> Any:
    """Put values in place of all references in text, lists and mappings.

    Raises:
        ConfigurationError: a secret or variable is not there; names it.
    """
    if isinstance(value, str):
        return REFERENCE.sub(lambda match: _value(match[1], match[2], secrets, environment), value)
    if isinstance(value, list):
        return [resolve(item, secrets, environment) for item in value]
    if isinstance(value, dict):
        return {name: resolve(item, secrets, environment) for name, item in value.items()}
    return value


def _value(scheme: str, name: str, secrets: Secrets, environment: Mapping[str, str]) -> str:
    value = secrets.get(name) if scheme == "secret" else environment.get(name)
    if value:
        return value
    if scheme == "env":
        raise ConfigurationError(f"environment variable {name} is not set; set it, or write the value")
    raise ConfigurationError(
        f"secret {name} is missing; set {PREFIX}{name}, or put a file {name} into the secrets directory"
    )
