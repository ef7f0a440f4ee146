"""`python -m benchmarks.adapters`: what an adapter costs beyond its bare client library, in CPU.

One process asks the same read-only question, in turns, of the bare library and of the adapter as a
gateway composes it (deadline, retry, breaker, concurrency, mapping, schema check). CPU of all
threads counts; the database's own does not, except SQLite's, which runs in the process of both.
PostgreSQL is reached by `ISTHMUS_BENCH_POSTGRES` (a URL), and left out without it.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Final

import aiosqlite
import asyncpg

from adapters.contract import Query
from adapters.opening import open_source
from adapters.source_file import load_source
from benchmarks.adapters_rest import rest
from schemas.outcome import Match
from schemas.record import Subject

TARGET_US: Final = 150.0
ROUNDS: Final = 9
CALLS: Final = 300
_SUBJECT: Final = "1000000017"
_TABLE: Final = """
CREATE TABLE t_bench (national_id VARCHAR(10) PRIMARY KEY, is_certified BOOLEAN, valid_to DATE, is_protected
                      BOOLEAN, district_code VARCHAR(10));
CREATE VIEW v_bench AS SELECT * FROM t_bench;
"""
_ROWS: Final = (
    f"INSERT INTO t_bench SELECT '{number}', true, '2030-01-31', false, 'LM-01'"
    for number in (1000000009, _SUBJECT)
)
_READ: Final = (
    "SELECT district_code, is_certified, is_protected, national_id, valid_to FROM v_bench WHERE national_id ="
)
_SOURCE: Final = """
id: bench
title: Certificates
kind: sql
owner: {{ministry: Council}}
subsystem: LM/GOV/NDC/disability
connection: {{dsn: "{dsn}"}}
services:
  status:
    title: Certificate
    canonical: disability/1
    subject: {{national_id: {{pattern: "[0-9]{{10}}"}}}}
    from: v_bench
    where: {{national_id: $national_id}}
    restricted: is_protected
    area: district_code
    map:
      national_id: {{from: national_id, to: text}}
      has_certificate: {{from: is_certified, to: boolean}}
      valid_to: {{from: valid_to, to: date}}
"""

Call = Callable[[], Awaitable[Any]]


async def main() -> int:
    """Measure and print; 0 when the target was reached."""
    reached = True
    print("| kind and library | bare, µs | adapter, µs | over it, µs (least–most) | at most |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
        reached &= await _row("`sql`, SQLite by aiosqlite", _sqlite(Path(folder)))
        reached &= await _row("`rest`, JSON by httpx", rest(Path(folder)))
        dsn = os.environ.get("ISTHMUS_BENCH_POSTGRES")
        if dsn is not None:
            reached &= await _row("`sql`, PostgreSQL by asyncpg", _postgresql(Path(folder), dsn))
    return 0 if reached else 1


async def _row(title: str, calls: Any) -> bool:
    async with calls as (bare, adapter):
        await _cpu_us(bare), await _cpu_us(adapter)
        pairs = [(await _cpu_us(bare), await _cpu_us(adapter)) for _ in range(ROUNDS)]
    over = sorted(mine - theirs for theirs, mine in pairs)
    median = statistics.median(over)
    theirs, mine = (statistics.median(column) for column in zip(*pairs, strict=True))
    spread = f"{over[0]:.0f}–{over[-1]:.0f}"
    print(f"| {title} | {theirs:.0f} | {mine:.0f} | {median:.0f} ({spread}) | {TARGET_US:.0f} |")
    return median <= TARGET_US


async def _cpu_us(call: Call) -> float:
    started = time.process_time()
    for _ in range(CALLS):
        await call()
    return (time.process_time() - started) / CALLS * 1e6


@asynccontextmanager
async def _adapter(folder: Path, dsn: str) -> AsyncIterator[Call]:
    path = folder / "bench.yaml"
    path.write_text(_SOURCE.format(dsn=dsn), encoding="utf-8")
    adapter = open_source(load_source(path))
    await adapter.open()
    query = Query("status", Subject("national_id", _SUBJECT), ("national_id", "has_certificate", "valid_to"))

    async def call() -> None:
        outcome = await adapter.fetch(query)
        if not isinstance(outcome, Match):
            sys.exit(f"the adapter did not answer: {outcome}")

    try:
        yield call
    finally:
        await adapter.close()


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[tuple[Call, Call]]:
    file = folder / "bench.db"
    with closing(sqlite3.connect(file)) as database, database:
        database.executescript(_TABLE)
        for row in _ROWS:
            database.execute(row)
    async with (
        aiosqlite.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None) as connection,
        _adapter(folder, f"sqlite:///{file}") as adapter,
    ):

        async def bare() -> None:
            async with connection.execute(f"{_READ} ? LIMIT 2", (_SUBJECT,)) as cursor:
                await cursor.fetchall()

        yield bare, adapter


@asynccontextmanager
async def _postgresql(folder: Path, dsn: str) -> AsyncIterator[tuple[Call, Call]]:
    owner = await asyncpg.connect(dsn)
    await owner.execute("DROP VIEW IF EXISTS v_bench; DROP TABLE IF EXISTS t_bench;" + _TABLE)
    await owner.execute("INSERT INTO t_bench VALUES ($$1000000017$$, true, $$2030-01-31$$, false, $$LM-01$$)")
    settings = {"default_transaction_read_only": "on"}
    connection = await asyncpg.connect(dsn, server_settings=settings)
    try:
        async with _adapter(folder, dsn) as adapter:

            async def bare() -> None:
                await connection.fetch(f"{_READ} $1 LIMIT 2", _SUBJECT)

            yield bare, adapter
    finally:
        await connection.close()
        await owner.execute("DROP VIEW v_bench; DROP TABLE t_bench")
        await owner.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
