"""What `isthmus source test` last found about a gateway's sources: a small file beside the fixtures.

It says of which file it speaks by its digest, so a file that was changed since counts as untested.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson

_SUFFIX: Final = ".tested.json"


@dataclass(frozen=True, slots=True)
class Tested:
    """One test: the tier (None: it did not even reach bronze, or a fixture failed), when (epoch seconds),
    and the SHA-256 of the file."""

    tier: str | None
    at: int
    digest: str


def remember(path: Path, tier: str | None) -> None:
    """Keep what a test of a source file found, where it has fixtures and may be written."""
    place = _place(path)
    if place.parent.is_dir():
        found = Tested(tier, int(time.time()), _digest(path))
        place.write_bytes(orjson.dumps(asdict(found)))


def last_test(path: Path) -> Tested | None:
    """The last test of a source file as it is now; None when there was none since it changed."""
    try:
        found = Tested(**orjson.loads(_place(path).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.digest == _digest(path) else None


def _place(path: Path) -> Path:
    return path.parent / "fixtures" / f"{path.stem}{_SUFFIX}"


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
