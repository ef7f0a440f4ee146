"""A place where files are dropped: what lies there, and a file's bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from adapters.kinds.file.spool import Spool

MAX_ENTRIES: Final = 10_000
"""Names in one folder; more are refused."""

CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A file: `version` changes whenever its content may have (None: only fetching tells);
    `modified` is epoch seconds, 0 when unknown."""

    name: str
    version: str | None
    modified: int


class Drop(Protocol):
    """Names come from strangers: only regular files of the folder itself are looked at."""

    async def open(self) -> None:
        """Connect. Raises Unreachable."""

    async def close(self) -> None:
        """Give back the connection."""

    async def entries(self) -> Mapping[str, Entry]:
        """What lies there now. Raises Unreachable."""

    async def fetch(self, name: str, into: Spool, known: str | None) -> Entry:
        """Write a file's bytes into a spool; say what was read.

        Raises:
            Unchanged: its version is the known one.
            NotYet: it is not there, or changed while it was read.
            BadFile: it is too large.
            Unreachable: the place does not answer.
        """
