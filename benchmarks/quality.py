"""`python -m benchmarks.quality [ROWS]`: how fast data quality is counted, and in how much memory.

The same records (one million unless said otherwise) are counted over a SQLite view and over a dropped
CSV file, each in a process of its own; beside them, the view is read and nothing is done.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from adapters.quality.assessing import assess
from adapters.source_file import load_source
from benchmarks.files import apart

ROWS: Final = 1_000_000
_SERVICE: Final = """\
    title: Person
    canonical: civil_status/1
    subject: {national_id: {pattern: "[0-9]{10}"}}
    from: v_people
    where: {nid: $national_id}
    area: district
    map:
      national_id: nid
      given_names: given
      family_name: family
      sex: {from: sex, codes: {M: male, F: female}, else: error}
      birth_date: {from: born, to: date}
      death_date: {from: died, to: date}
"""
_HEAD: Final = """\
id: bench
title: People
owner: {ministry: Interior}
subsystem: LM/GOV/NIA/identity
"""
_SQL: Final = _HEAD + 'kind: sql\nconnection: {dsn: "sqlite:///people.db"}\nservices:\n  person:\n' + _SERVICE
_FILE: Final = (
    _HEAD
    + """\
kind: file
connection:
  drop: {folder: drop}
  files:
    v_people:
      name: people.csv
      format: {kind: csv, encoding: utf-8, delimiter: ","}
      finished: renamed
      as_of: modified
services:
  person:
"""
    + _SERVICE
)
_COLUMNS: Final = ("nid", "given", "family", "sex", "born", "died", "district")


def main() -> None:
    """Measure and print two rows."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as name:
        folder = Path(name)
        _write(folder, rows)
        bare, bare_mib = apart(_bare, folder)
        print("| quality | rows/s | MiB at most | reading alone, rows/s | MiB at most |")
        print("|---|---|---|---|---|")
        for kind in ("sql", "file"):
            ours, mib = apart(_assess, folder / f"{kind}.yaml", rows)
            title = f"{kind}: {rows:,} records"
            print(f"| {title} | {rows / ours:,.0f} | {mib:.0f} | {rows / bare:,.0f} | {bare_mib:.0f} |")


def _write(folder: Path, rows: int) -> None:
    (folder / "sql.yaml").write_text(_SQL, encoding="utf-8")
    (folder / "file.yaml").write_text(_FILE, encoding="utf-8")
    (folder / "drop").mkdir()
    with closing(sqlite3.connect(folder / "people.db")) as database:
        database.execute(f"CREATE TABLE people ({', '.join(_COLUMNS)})")
        database.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?)", map(_row, range(rows)))
        database.execute("CREATE VIEW v_people AS SELECT * FROM people")
        database.commit()
    with (folder / "drop" / "people.csv").open("w", encoding="utf-8") as opened:
        opened.write(",".join(_COLUMNS) + "\n")
        opened.writelines(",".join(_row(number)) + "\n" for number in range(rows))


def _row(number: int) -> tuple[str, ...]:
    born = f"{1930 + number % 89}-{1 + number % 12:02}-{1 + number % 28:02}"
    return (
        f"{number:010}",
        f"G{number % 5003}",
        f"F{number % 20011}",
        "MF"[number % 2],
        born,
        "",
        f"LM-{number % 90:02}",
    )


def _bare(folder: Path) -> float:
    started = time.perf_counter()
    with closing(sqlite3.connect(folder / "people.db")) as database:
        for _ in database.execute("SELECT * FROM v_people"):
            pass
    return time.perf_counter() - started


def _assess(file: Path, rows: int) -> float:
    started = time.perf_counter()
    [report] = asyncio.run(assess(load_source(file), by_area=True))
    if report.records != rows or report.selectors[0].subjects != rows:
        sys.exit("records were lost")
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
