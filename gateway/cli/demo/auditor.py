"""The demonstration's auditor: reads the gateways' logs as an auditor would, from their databases."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audit.fsck import LogReport
from audit.reading import LogReader
from gateway.app import log_access
from gateway.settings import Settings, load

PATIENCE_S: Final = 15.0
"""A gateway publishes a head every ten seconds."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What happened, as the logs say: outcomes by result on the asking side, and all entries."""

    answered: int
    refused: int
    failed: int
    entries: int

    @property
    def exchanges(self) -> int:
        """All exchanges."""
        return self.answered + self.refused + self.failed


def verify(settings_file: Path) -> LogReport:
    """Verify one gateway's whole log, with its cases."""
    return log_access.verify(load(settings_file), with_cases=True)


def verify_signed(settings_file: Path) -> LogReport:
    """As `verify`, once the gateway has signed a head of its log; at most `PATIENCE_S` from now."""
    end = time.monotonic() + PATIENCE_S
    while True:
        found = verify(settings_file)
        if found.heads or not found.ok or time.monotonic() > end:
            return found
        time.sleep(0.5)


def count(settings_files: list[Path]) -> Counts:
    """Count exchanges and entries over several gateways' logs."""
    results: Counter[str | None] = Counter()
    entries = 0
    for path in settings_files:
        found, size = asyncio.run(_outcomes(load(path)))
        results.update(found)
        entries += size
    failed = results["failed"] + results["outcome_unknown"]
    return Counts(results["answered"], results["refused"], failed, entries)


async def _outcomes(settings: Settings) -> tuple[list[str | None], int]:
    async with log_access.opened_store(settings) as store:
        reader = LogReader(store)
        size = (await reader.tree()).size
        outcomes = await reader.entries(side="asking", kind="outcome", limit=size or 1)
        return [logged.entry.result for logged in outcomes], size


@contextmanager
def altered_entry(settings_file: Path, exchange: str) -> Iterator[int]:
    """Alter one stored entry behind the gateway's back, as somebody with the database's password
    could, and put it back afterwards. Yields its index."""
    path = database(load(settings_file))
    with sqlite3.connect(path, timeout=10) as connection:
        index, record = connection.execute(
            "SELECT idx, record FROM log_entry WHERE exchange = ? AND kind = 'outcome'", (exchange,)
        ).fetchone()
    forged = bytes(record).replace(b'"result":"refused"', b'"result":"answered"')
    _write(path, index, forged)
    try:
        yield index
    finally:
        _write(path, index, bytes(record))


def _write(path: Path, index: int, record: bytes) -> None:
    with sqlite3.connect(path, timeout=10) as connection:
        connection.execute("UPDATE log_entry SET record = ? WHERE idx = ?", (record, index))


def database(settings: Settings) -> Path:
    """The gateway's SQLite file."""
    return Path(settings.database.get_secret_value().removeprefix("sqlite:///"))
