"""Write a ministry's SQLite file anew from its schema and its rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any


def write_database(path: Path, schema: Path, tables: Mapping[str, Iterable[Sequence[Any]]]) -> None:
    """Replace the file at `path`; rows are tuples in the order of the columns of their table."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        # The file is made from a seed: what a crash would lose can be made again.
        database.execute("PRAGMA synchronous = OFF")
        database.executescript(schema.read_text(encoding="utf-8"))
        for table, rows in tables.items():
            columns = len(database.execute(f"SELECT * FROM {table} LIMIT 0").description)  # noqa: S608 our own names
            marks = ", ".join("?" * columns)
            database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 our own names
        database.commit()
