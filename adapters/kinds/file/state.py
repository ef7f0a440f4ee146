"""What became of dropped files, for health, `isthmus source list` and the log: names, reasons, lines.

One worker of a node writes it; all read it. It holds no value of any file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import orjson

_FILE: Final = "state.json"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A file that is not used, in the version that was looked at."""

    version: str | None
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        return self.reason if self.line is None else f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class State:
    """Of each kind of file (its word), the bad ones by name; `unreachable` says why the place could
    not be looked at, `denied` that it refused our account; `importing` counts rows of the file under way."""

    quarantine: Mapping[str, Mapping[str, Quarantined]] = field(default_factory=dict)
    unreachable: str | None = None
    importing: Mapping[str, int] = field(default_factory=dict)
    denied: bool = False

    def bad(self, word: str) -> Mapping[str, Quarantined]:
        """The bad files of one kind."""
        return self.quarantine.get(word, {})


def write_state(folder: Path, state: State) -> None:
    """Put the state in place of the last one."""
    fresh = folder / f"{_FILE}.new"
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as opened:
        opened.write(orjson.dumps(asdict(state)))
    fresh.replace(folder / _FILE)


def read_state(folder: Path) -> State:
    """The last state; an empty one when there is none."""
    try:
        told = orjson.loads((folder / _FILE).read_bytes())
        quarantine = {
            word: {name: Quarantined(**bad) for name, bad in files.items()}
            for word, files in told["quarantine"].items()
        }
        return State(quarantine, told["unreachable"], told["importing"], told.get("denied", False))
    except (OSError, ValueError, TypeError, KeyError):
        return State()
