"""SQLite: a file opened read-only (`mode=ro` and `query_only`).

A query that runs too long is stopped by a handler that SQLite calls as it works; a value or row
longer than `max_bytes` is refused by SQLite itself. A file that was replaced is opened anew.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from adapters.kinds.sql.address import Address
from adapters.kinds.sql.dialects.dialect import Dialect, Row, Statement, Value
from adapters.kinds.sql.dialects.threaded import ThreadedSession, Threads
from adapters.kinds.sql.views import Column, ColumnKind
from adapters.source import Limits
from schemas.outcome import DeniedBySource, Misbehaving, Unanswered, Unavailable

_STEPS: Final = 20_000  # virtual-machine steps between two looks at the clock
_LEAST_LENGTH: Final = 65_536  # SQLite's limit holds for the text of a statement too
_KINDS: Final[tuple[tuple[str, ColumnKind], ...]] = (
    ("INT", "integer"),
    ("CHAR", "text"),
    ("TEXT", "text"),
    ("CLOB", "text"),
)
_CATALOGUE: Final = """
SELECT c.name, c.type, c."notnull" FROM sqlite_master AS v, pragma_table_xinfo(v.name) AS c
WHERE v.type = 'view' AND v.name = ? COLLATE NOCASE ORDER BY c.cid"""
_LISTING: Final = (
    "SELECT NULL, name, type = 'view' FROM sqlite_master "
    "WHERE type IN ('view', 'table') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
)


def new(at: Address, limits: Limits) -> Dialect:
    """As `new_dialect`."""
    return Sqlite(Path(at.database), limits)


class Broken(sqlite3.DatabaseError):
    """A file that is no SQLite database, or has lost its end."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


class Sqlite(Dialect):
    """A SQLite file."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        self._threads = Threads(limits.concurrency)

    async def connect(self) -> SqliteSession:
        """As `Dialect.connect`; no thread is needed to see that no file is there."""
        file = look(self._path)
        if file is None:
            raise FileNotFoundError
        if not is_whole(self._path):
            raise Broken
        connection = await self._threads.run(self._open)
        return self.session(connection, file)

    def session(self, connection: sqlite3.Connection, file: File) -> SqliteSession:
        """What asks over a connection to a file."""
        return SqliteSession(self._threads, connection, self._limits.timeout_s, self._path, file)

    def close(self) -> None:
        """As `Dialect.close`."""
        self._threads.close()

    def catalogue(self, schema: str | None, name: str) -> tuple[Statement, tuple[Value, ...]]:
        """As `Dialect.catalogue`; a file has no schemas."""
        del schema
        return Statement(_CATALOGUE, (0,)), (name,)

    def listing(self) -> Statement:
        """As `Dialect.listing`."""
        return Statement(_LISTING, ())

    def column(self, row: Row) -> Column:
        """As `Dialect.column`; what is computed has no type, and other types bind no value."""
        name, declared, not_null = row
        kind: ColumnKind = next((kind for part, kind in _KINDS if part in declared.upper()), "unknown")
        return Column(name, declared, kind, not not_null)

    def equals(self, column: Column, mark: Callable[[], str]) -> str:
        """As `Dialect.equals`. A column without a type may hold numbers, which equal no text here: they
        are found all the same, and then refused, so that they do not look like nobody."""
        condition = super().equals(column, mark)
        if column.kind != "unknown":
            return condition
        name = self.name(column.name)
        return f"({condition} OR (typeof({name}) <> 'text' AND CAST({name} AS TEXT) = {mark()}))"

    def exactly(self, column: Column, mark: Callable[[], str]) -> str:
        """As `Dialect.exactly`: past `COLLATE NOCASE`."""
        return f"CAST({self.name(column.name)} AS BLOB) = CAST({mark()} AS BLOB)"

    def value(self, column: Column, value: Value) -> Value:
        """As `Dialect.value`: dates are text here."""
        del column
        return value

    def size(self, column: Column) -> str:
        """As `Dialect.size`; never asked, SQLite itself refuses what is too long."""
        return f"LENGTH(CAST({self.name(column.name)} AS BLOB))"

    def unanswered(self, error: Exception) -> Unanswered:
        """As `Dialect.unanswered` (https://www.sqlite.org/rescode.html)."""
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_INTERRUPT:
                return Unavailable("the database took too long", timeout=True)
            case sqlite3.SQLITE_TOOBIG:
                return Misbehaving(f"a record is longer than {self._limits.max_bytes} bytes")
            case sqlite3.SQLITE_ERROR | sqlite3.SQLITE_MISMATCH | sqlite3.SQLITE_RANGE:
                return Misbehaving("the database refused the query as malformed")
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return Misbehaving("the database file is damaged, or is none")
            case sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
                return DeniedBySource("the database file may not be read")
            case sqlite3.SQLITE_READONLY:
                return Misbehaving("the view tried to write")
        return Unavailable("the database cannot be reached")

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(self._path))}?mode=ro",
            timeout=self._limits.timeout_s,
            uri=True,
            check_same_thread=False,
            isolation_level=None,
        )
        connection.execute("PRAGMA query_only = ON").close()  # attached and temporary tables too
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(self._limits.max_bytes, _LEAST_LENGTH))
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        return connection


class SqliteSession(ThreadedSession):
    """A connection to a file, with a stopwatch."""

    def __init__(
        self,
        threads: Threads,
        connection: sqlite3.Connection,
        timeout_s: float,
        path: Path,
        file: File,
    ) -> None:
        super().__init__(threads, connection)
        self._timeout_s = timeout_s
        self._path = path
        self._file = file
        self._until = float("inf")
        connection.set_progress_handler(self._expired, _STEPS)

    def alive(self) -> bool:
        """As `Session.alive`: as long as the file is the one that was opened."""
        return self._file.still(self._path)

    def query(self, statement: Statement, values: Sequence[Value]) -> Any:
        """As `ThreadedSession.query`."""
        self.renew()
        return self._connection.execute(statement.text, [values[index] for index in statement.binds])

    def renew(self) -> None:
        """As `ThreadedSession.renew`."""
        self._until = time.monotonic() + self._timeout_s

    def interrupt(self) -> None:
        """As `ThreadedSession.interrupt`: the handler stops it at its next look."""
        self._until = 0.0

    def _expired(self) -> int:
        return int(time.monotonic() > self._until)


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was opened: device, number, size in bytes."""

    device: int
    number: int
    size: int

    def still(self, path: Path) -> bool:
        """Whether the file of this path is the same one and has not become shorter."""
        now = look(path)
        return (
            now is not None
            and (now.device, now.number) == (self.device, self.number)
            and now.size >= self.size
        )


def look(path: Path) -> File | None:
    """The file of a path; None when none is there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return File(status.st_dev, status.st_ino, status.st_size)


def is_whole(path: Path) -> bool:
    """Whether a file is as long as its header says (https://www.sqlite.org/fileformat2.html).

    SQLite reads what a broken copy has lost as empty: everybody in it would be "not found".
    """
    with path.open("rb") as file:
        header = file.read(100)
        length = file.seek(0, 2)
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        return False
    page = int.from_bytes(header[16:18], "big")
    return length >= (65_536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
