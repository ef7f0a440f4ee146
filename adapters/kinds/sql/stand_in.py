"""A database for the conformance kit: a SQLite file that is really slow, damaged, huge or not there.

Every change of behaviour is a new file in the old one's place, so connections that were kept open
feel it. What a file cannot do by itself is done at the connection: refusing the account (SQLite's
authorizer), failing inside, and repeating the question in an error.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.conformance.bending import bent
from adapters.conformance.faults import CANARY, Fault
from adapters.conformance.stand_in import Asked, StandIn
from adapters.kinds.sql.dialects.dialect import Dialect, Row, Statement, Value
from adapters.kinds.sql.dialects.sqlite import File, Sqlite, SqliteSession
from adapters.kinds.sql.form import SqlAsk, SqlConnection
from adapters.source import Limits, RecordService

if TYPE_CHECKING:
    from adapters.source import Source

_NO_SIGN_IN: Final = "an account of a database does not expire between two questions"
_ONE_STATEMENT: Final = "one statement reads at most N+1 rows; a view has no pages"
_BENT: Final = frozenset({Fault.REMOVED_FIELD, Fault.SECOND_CANDIDATE, Fault.UNKNOWN_CODE})
_SLOW: Final = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE slow()"
_HUGE: Final = "replace(hex(zeroblob(40000000)), '00', 'x')"
_PAGE: Final = b"<html><body>" + CANARY.encode() + b"</body></html>" + b" " * 4096


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    return SqlStandIn(source, folder)


class SqlStandIn(StandIn):
    """A SQLite file with a source's views. Obligations: see `StandIn`."""

    cannot: Mapping[Fault, str] = {
        Fault.EXPIRED_TOKEN: _NO_SIGN_IN,
        Fault.TOO_MANY: "a database names no pause to come back after",
        Fault.REDIRECT: "a database sends nobody elsewhere",
        Fault.BAD_TLS: "the stand-in is a file; TLS is tested on real servers (docs/adapters/sql.md)",
        Fault.ERROR_IN_SUCCESS: "a database answers with rows or with an error, never with both",
        Fault.REPEATED_CURSOR: _ONE_STATEMENT,
        Fault.CHANGED_TOTAL: _ONE_STATEMENT,
    }

    def __init__(self, source: Source, folder: Path) -> None:
        self._file = folder / "stand-in.db"
        services = {
            name: _unqualified(one) if isinstance(one, RecordService) else one
            for name, one in source.services.items()
        }
        connection = _Connection(f"sqlite:///{self._file}", self)
        self._source = replace(source, services=services, connection=connection)
        self._case: Mapping[str, Any] | None = None
        self.fault: Fault | None = None
        self.asked: list[Asked] = []
        self.now = 0
        self.forget()

    @property
    def source(self) -> Source:
        """As `StandIn.source`."""
        return self._source

    async def start(self) -> None:
        """As `StandIn.start`."""
        self._publish()

    async def stop(self) -> None:
        """As `StandIn.stop`."""
        self._file.unlink(missing_ok=True)

    async def play(self, case: Mapping[str, Any]) -> None:
        """As `StandIn.play`."""
        self._case, self.fault = case, None
        self._publish()

    async def behave(self, fault: Fault | None) -> None:
        """As `StandIn.behave`."""
        self.fault = fault
        self._publish()

    def forget(self) -> None:
        """As `StandIn.forget`."""
        self.asked = []
        self.most_at_once = self.broken_off = self.sign_ins = 0

    def written_as(self, value: str) -> frozenset[str]:
        """As `StandIn.written_as`: a bound value stands as it is."""
        del value
        return frozenset()

    def _publish(self) -> None:
        """Put a new file in place of the old one."""
        made = self._file.with_suffix(".new")
        made.unlink(missing_ok=True)
        with closing(sqlite3.connect(made)) as database, database:
            for view, services in self._views():
                self._make(database, view, services)
        if self.fault is Fault.WRONG_TYPE:
            made.write_bytes(_PAGE)
        elif self.fault is Fault.TRUNCATED:
            os.truncate(made, 5000)
        if self.fault is Fault.UNREACHABLE:
            made.unlink()
            self._file.unlink(missing_ok=True)
        else:
            made.replace(self._file)

    def _views(self) -> Iterator[tuple[str, list[RecordService]]]:
        services = [one for one in self._source.services.values() if isinstance(one, RecordService)]
        for view in dict.fromkeys(_ask(one).view for one in services):
            yield view, [one for one in services if _ask(one).view == view]

    def _make(self, database: sqlite3.Connection, view: str, services: Sequence[RecordService]) -> None:
        played = next((one for one in services if self._case and one.name == self._case["service"]), None)
        rows = [dict(row) for row in self._case["rows"]] if self._case and played else []
        keys = {column for one in services for column in _ask(one).where}
        names = sorted(keys.union(*(one.rules.all_columns for one in services)))
        if self.fault in _BENT and played is not None:
            bent_rows = bent(self.fault, rows, played.rules)
            rows = [
                {**{key: row.get(key) for key in keys}, **new}
                for row, new in zip([*rows, *rows], bent_rows, strict=False)
            ]
            if self.fault is Fault.REMOVED_FIELD:
                names = sorted(keys.union(*rows))[: len(keys) + 1]
        columns = ", ".join(_quoted(name) for name in names)
        table = _quoted(f"rows of {view}")
        database.execute(f"CREATE TABLE {table} ({columns})")
        marks = ", ".join("?" for _ in names)
        values = [[row.get(name) for name in names] for row in rows]
        database.executemany(f"INSERT INTO {table} VALUES ({marks})", values)  # noqa: S608 - quoted
        shown = [
            f"{_HUGE} AS {_quoted(name)}"
            if self.fault is Fault.OVERSIZE and name not in keys
            else _quoted(name)
            for name in names
        ]
        slow = f", ({_SLOW})" if self.fault is Fault.SLOW else ""
        query = f"SELECT {', '.join(shown)} FROM {table}{slow}"  # noqa: S608 - quoted
        database.execute(f"CREATE VIEW {_quoted(view)} AS {query}")


@dataclass(frozen=True, slots=True)
class _Connection(SqlConnection):
    """A connection to the stand-in."""

    owner: SqlStandIn = field(repr=False, compare=False)

    def dialect(self, limits: Limits) -> Dialect:
        """As `SqlConnection.dialect`."""
        return _Database(Path(self.dsn.removeprefix("sqlite:///")), limits, self.owner)


class _Database(Sqlite):
    """SQLite, observed."""

    def __init__(self, path: Path, limits: Limits, owner: SqlStandIn) -> None:
        super().__init__(path, limits)
        self._owner = owner

    def session(self, connection: sqlite3.Connection, file: File) -> SqliteSession:
        """As `Sqlite.session`."""
        if self._owner.fault is Fault.BAD_CREDENTIAL:
            connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
        session = _Session(self._threads, connection, self._limits.timeout_s, self._path, file)
        session.follow(self._owner)
        return session


class _Session(SqliteSession):
    """A connection that tells what it was asked."""

    owner: SqlStandIn

    def follow(self, owner: SqlStandIn) -> None:
        """Tell this stand-in. A slow view sleeps in small steps, so that it leaves the processor alone."""
        self.owner = owner
        self._connection.create_function("slow", 0, _sleep)
        self._connection.set_progress_handler(self._expired, 100)

    async def rows(self, statement: Statement, values: Sequence[Value], max_bytes: int) -> Sequence[Row]:
        """As `Session.rows`."""
        owner = self.owner
        if not statement.binds or "sqlite_master" in statement.text:  # how the reader looks at views
            return await super().rows(statement, values, max_bytes)
        owner.asked.append({"statement": statement.text, "parameters": list(values)})
        owner.now += 1
        owner.most_at_once = max(owner.most_at_once, owner.now)
        try:
            return await super().rows(statement, values, max_bytes)
        except asyncio.CancelledError:
            owner.broken_off += 1
            raise
        finally:
            owner.now -= 1

    def query(self, statement: Statement, values: Sequence[Value]) -> Any:
        """As `ThreadedSession.query`."""
        if self.owner.fault is Fault.SERVER_ERROR:
            raise _error(f"disk I/O error {CANARY}", sqlite3.SQLITE_IOERR)
        if self.owner.fault is Fault.ECHO:
            raise _error(f"near {list(values)}: {statement.text} {CANARY}", sqlite3.SQLITE_ERROR)
        return super().query(statement, values)


def _sleep() -> int:
    time.sleep(0.002)
    return 0


def _error(text: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


def _unqualified(service: RecordService) -> RecordService:
    ask = _ask(service)
    return replace(service, ask=replace(ask, view=ask.view.rpartition(".")[2], fingerprint=None))


def _ask(service: RecordService) -> SqlAsk:
    assert isinstance(service.ask, SqlAsk)
    return service.ask


def _quoted(name: str) -> str:
    return f'"{name}"'
