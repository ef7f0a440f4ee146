"""`python -m benchmarks.files [ROWS]`: how fast dropped files are imported, and in how much memory.

The same CSV file (one million rows unless said otherwise) is imported by kind `file` in a process of
its own, and by Python's `csv` and `sqlite3` into a table with an index, in the same run.
"""

from __future__ import annotations

import asyncio
import csv
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from adapters.contract import Query
from adapters.opening import open_source
from adapters.room import Room
from adapters.source_file import load_source
from schemas.outcome import Match
from schemas.record import Subject

ROWS: Final = 1_000_000
_SOURCE: Final = """\
id: bench
title: Attendance
kind: file
owner: {ministry: Education}
subsystem: LM/GOV/EDU/attendance
connection:
  drop: {folder: drop}
  files:
    people:
      name: people.csv
      format: {kind: csv, encoding: utf-8, delimiter: ","}
      finished: renamed
      as_of: modified
services:
  status:
    title: Status
    canonical: disability/1
    subject: {national_id: {pattern: "[0-9]{10}"}}
    from: people
    where: {NID: $national_id}
    map:
      national_id: {from: NID, to: text}
      status: {from: STATUS, codes: {A: approved}, else: error}
"""


def main() -> None:
    """Measure and print one row."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as name:
        folder = Path(name)
        _write(folder, rows)
        bare, bare_mib = apart(_bare, folder)
        ours, ours_mib = apart(_import, folder, rows)
    print("| import | rows/s | MiB at most | sqlite3 and csv, rows/s | MiB at most |")
    print("|---|---|---|---|---|")
    title = f"file: import {rows:,} rows"
    print(f"| {title} | {rows / ours:,.0f} | {ours_mib:.0f} | {rows / bare:,.0f} | {bare_mib:.0f} |")


def _write(folder: Path, rows: int) -> None:
    (folder / "drop").mkdir()
    (folder / "source.yaml").write_text(_SOURCE, encoding="utf-8")
    with (folder / "drop" / "people.csv").open("w", encoding="utf-8") as opened:
        opened.write("NID,STATUS,SCHOOL,NAME,DAYS\n")
        opened.writelines(f"{number:010d},A,SCH-0107,Somebody Else,{number % 20}\n" for number in range(rows))


def apart(work: Callable[..., float], *arguments: Any) -> tuple[float, float]:
    """Seconds and MiB of a work in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        seconds, mebibytes = pool.apply(_measured, (work, arguments))
    return seconds, mebibytes


def _measured(work: Callable[..., float], arguments: tuple[Any, ...]) -> tuple[float, float]:
    seconds = work(*arguments)
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _bare(folder: Path) -> float:
    started = time.perf_counter()
    with (
        closing(sqlite3.connect(folder / "bare.db")) as database,
        database,
        (folder / "drop" / "people.csv").open(encoding="utf-8", newline="") as opened,
    ):
        reader = csv.reader(opened)
        next(reader)
        database.execute("CREATE TABLE people (nid TEXT, status TEXT)")
        database.executemany("INSERT INTO people VALUES (?, ?)", (row[:2] for row in reader))
        database.execute("CREATE INDEX by_nid ON people (nid)")
    return time.perf_counter() - started


def _import(folder: Path, rows: int) -> float:
    return asyncio.run(_imported(folder, rows))


async def _imported(folder: Path, rows: int) -> float:
    source = load_source(folder / "source.yaml")
    adapter = open_source(source, room=Room(folder / "staging", b"k" * 32))
    query = Query("status", Subject("national_id", f"{rows - 1:010d}"), ("status",))
    started = time.perf_counter()
    await adapter.open()
    try:
        for _ in range(100_000):
            if await adapter.health() is None:
                break
            await asyncio.sleep(0.05)
        seconds = time.perf_counter() - started
        if not isinstance(await adapter.fetch(query), Match):
            sys.exit("the last row was not found")
    finally:
        await adapter.close()
    return seconds


if __name__ == "__main__":
    main()
