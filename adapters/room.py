"""Where a kind may keep what its owner dropped (DESIGN section 2, promise 1).

Only a gateway of the owner gives a room. Everything kept there is sealed with the room's key; a kind
that gets none keeps things only while it is open, under a key that nobody else ever sees.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Room:
    """A private folder, and the 32 bytes of the key that seals what lies there."""

    folder: Path
    key: bytes = field(repr=False)

    def key_for(self, use: str) -> bytes:
        """A key of its own for each use: HMAC-SHA256 of the use's name."""
        return hmac.digest(self.key, use.encode(), "sha256")

    def below(self, name: str) -> Room:
        """A room in this one; its folder is made, for this user only."""
        folder = self.folder / name
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        return Room(folder, self.key_for(name))


@contextmanager
def passing_room() -> Iterator[Room]:
    """A room that is gone afterwards, with its key."""
    with TemporaryDirectory(prefix="isthmus-") as folder:
        yield Room(Path(folder), os.urandom(_KEY_BYTES))
