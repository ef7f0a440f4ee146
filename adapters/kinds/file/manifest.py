"""Checksum manifests, as `sha256sum` writes them: `<name>.sha256`, or `SHA256SUMS` for many files.

A comment line `# as_of: 2026-11-01` says the day that the file vouches for; `sha256sum -c` passes
over it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from adapters.kinds.file.bad import BadFile

MAX_BYTES: Final = 1024 * 1024
COMMON: Final = "SHA256SUMS"
_LINE: Final = re.compile(r"\\?([0-9a-fA-F]{64}) [ *](.+)")
_AS_OF: Final = re.compile(r"#\s*as_of:\s*(\S+)\s*")


@dataclass(frozen=True, slots=True)
class Manifest:
    """SHA-256 in hex by file name; `as_of` is epoch seconds."""

    digests: dict[str, str]
    as_of: int | None


def names_for(name: str) -> tuple[str, str]:
    """What the manifest of a file may be called."""
    return f"{name}.sha256", COMMON


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest. Raises BadFile."""
    digests: dict[str, str] = {}
    as_of = None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BadFile("the manifest is not utf-8") from None
    for number, line in enumerate(text.splitlines(), 1):
        said = _AS_OF.fullmatch(line)
        if said is not None:
            as_of = _moment(said[1], number)
        elif line.strip() and not line.startswith("#"):
            match = _LINE.fullmatch(line)
            if match is None or match[2] in digests:
                raise BadFile("the manifest is not as sha256sum writes it", number)
            digests[match[2]] = match[1].lower()
    return Manifest(digests, as_of)


def _moment(text: str, number: int) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadFile("the manifest's `as_of` is no date", number) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
