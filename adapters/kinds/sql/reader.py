"""Kind `sql`: database views on SQLite and PostgreSQL, read-only.

The owner publishes a *database view* for social protection; a base table is refused, so that the
owner and not this file decides what can be seen. Only columns needed for the asked fields are
selected, every value is a bound parameter, every transaction is read-only and bounded in time, and
one row more than allowed is fetched so that a second candidate is seen.

A database that is down does not keep a gateway from starting: the check that views and columns are
as declared then happens before the first question.

The drivers are asynchronous, and SQLAlchemy's own bridge (`greenlet_spawn`) runs its core on them:
`sqlalchemy.ext.asyncio` would do the same, and bring the whole ORM (7 MiB) into the gateway.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import greenlet_spawn

from adapters.kinds import Kind, Raw
from adapters.kinds.sql.form import SqlAsk, SqlConnection
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError
from schemas.outcome import DeniedBySource, Misbehaving, Unanswered, Unavailable
from schemas.record import Subject

T = TypeVar("T")

_SQLITE_STEPS: Final = 20_000  # virtual-machine steps between two looks at the clock
_SQLITE_ERROR: Final = 1
_SQLITE_INTERRUPT: Final = 9


def new(source: Source) -> Kind:
    """The kind for a source."""
    return Sql(source)


class Sql(Kind):
    """Reads database views. Obligations: see `Kind`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._services = [item for item in source.services.values() if isinstance(item, RecordService)]
        self._engine: sa.Engine | None = None
        self._checked = False
        self._checking = asyncio.Lock()

    async def open(self) -> None:
        """As `Kind.open`."""
        connection = self._source.connection
        if not isinstance(connection, SqlConnection):
            raise ConfigurationError(f"source {self._source.id} has no database connection")
        self._engine = _new_engine(connection.dsn, self._source)
        try:
            await self._check()
        except ConfigurationError:
            await self.close()
            raise
        except (SQLAlchemyError, OSError, TimeoutError):
            return  # down: checked before the first question

    async def close(self) -> None:
        """As `Kind.close`."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await greenlet_spawn(engine.dispose)

    async def health(self) -> Unanswered | None:
        """As `Kind.health`."""
        try:
            await self._run(lambda connection: connection.execute(sa.text("SELECT 1")))
            await self._check()
        except ConfigurationError as error:
            return Misbehaving(error.detail)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            return _unanswered(error)
        return None

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`."""
        try:
            await self._check()
            statement = self._statement(service, subject, fields)
            return await self._run(
                lambda connection: [dict(row) for row in connection.execute(statement).mappings()]
            )
        except ConfigurationError as error:
            return Misbehaving(error.detail)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            return _unanswered(error)

    async def _run(self, work: Callable[[sa.Connection], T]) -> T:
        """Work on a connection, in a read-only, time-bounded transaction."""
        if self._engine is None:
            raise ConnectionError("the source is not open")
        return await greenlet_spawn(_connected, self._engine, self._source.limits.timeout_s, work)

    def _statement(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> sa.Select[Any]:
        ask = _ask(service)
        value = service.subject_value(subject)
        kind = sa.BigInteger() if isinstance(value, int) else sa.String()
        columns = sorted(service.rules.columns(fields) | {ask.where[subject.type]})
        rows = 1 if service.shape == "record" else self._source.limits.max_rows
        selected: Any = sa.select(*[sa.column(name) for name in columns])
        chosen: sa.Select[Any] = (
            selected.select_from(_view(ask))
            .where(sa.column(ask.where[subject.type]) == sa.bindparam("subject", value, kind))
            .limit(rows + 1)
        )
        return chosen

    async def _check(self) -> None:
        """Once: every `from` is a view, and has the columns the file maps."""
        if self._checked:
            return
        async with self._checking:
            await self._run(self._check_services)
            self._checked = True

    def _check_services(self, connection: sa.Connection) -> None:
        for service in self._services:
            self._check_service(connection, service)

    def _check_service(self, connection: sa.Connection, service: RecordService) -> None:
        ask = _ask(service)
        if not _is_view(connection, ask):
            raise ConfigurationError(
                f"source {self._source.id}, service {service.name}: `{ask.view}` is not a database view; "
                "publish one (CREATE VIEW …) and grant this account SELECT on it alone"
            )
        # An empty result tells the columns, and that this account may read them.
        result = connection.execute(sa.select(sa.text("*")).select_from(_view(ask)).limit(0))
        missing = sorted((service.rules.all_columns | set(ask.where.values())) - set(result.keys()))
        if missing:
            raise ConfigurationError(
                f"source {self._source.id}, service {service.name}: view `{ask.view}` has no column "
                f"{', '.join(missing)}; correct the mapping or the view"
            )


def _connected(engine: sa.Engine, timeout_s: float, work: Callable[[sa.Connection], T]) -> T:
    with engine.connect() as connection:
        watch = connection.info.get("watch")
        if watch is not None:
            watch.start(timeout_s)
        return work(connection)


class _Stopwatch:
    """Stops a SQLite query that runs too long, even when nobody waits for it any more."""

    def __init__(self) -> None:
        self._until = float("inf")

    def start(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def expired(self) -> int:
        return int(time.monotonic() > self._until)


def _ask(service: RecordService) -> SqlAsk:
    if not isinstance(service.ask, SqlAsk):
        raise ConfigurationError(f"service {service.name} does not read a database view")
    return service.ask


def _view(ask: SqlAsk) -> sa.TableClause:
    schema, _, name = ask.view.rpartition(".")
    return sa.table(name, schema=schema or None)


def _is_view(connection: sa.Connection, ask: SqlAsk) -> bool:
    schema, _, name = ask.view.rpartition(".")
    inspector = sa.inspect(connection)
    views = set(inspector.get_view_names(schema or None))
    if connection.dialect.name == "postgresql":
        views |= set(inspector.get_materialized_view_names(schema or None))
    return name in views


def _new_engine(dsn: str, source: Source) -> sa.Engine:
    url = sa.make_url(dsn)
    if url.get_backend_name() == "sqlite":
        engine = _engine(_sqlite_url(url), source, {})
        event.listen(engine, "do_connect", _refuse_absent_file(Path(url.database or "")))
        event.listen(engine, "connect", _make_sqlite_read_only)
        return engine
    milliseconds = str(source.limits.timeout_ms)
    settings = {
        "default_transaction_read_only": "on",
        "statement_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds,
        "application_name": "isthmus",
    }
    arguments: dict[str, Any] = {"server_settings": settings, "timeout": source.limits.timeout_s}
    query = dict(url.query)
    if "sslmode" in query:  # libpq's word; the driver calls it ssl
        arguments["ssl"] = query.pop("sslmode")
    if "search_path" in query:
        settings["search_path"] = str(query.pop("search_path"))
    postgres = url.set(drivername="postgresql+asyncpg", query=query)
    return _engine(postgres, source, arguments).execution_options(postgresql_readonly=True)


def _engine(url: sa.URL, source: Source, arguments: Mapping[str, Any]) -> sa.Engine:
    return sa.create_engine(
        url,
        connect_args=dict(arguments),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=source.limits.concurrency,
        max_overflow=0,
        pool_timeout=source.limits.timeout_s,
        hide_parameters=True,
    )


def _sqlite_url(url: sa.URL) -> sa.URL:
    database = "file:" + quote(url.database or "")
    return sa.URL.create("sqlite+aiosqlite", database=database, query={"mode": "ro", "uri": "true"})


def _refuse_absent_file(path: Path) -> Callable[..., None]:
    """The driver starts a thread for every attempt; none is needed to see that no file is there."""

    def refuse(*_: Any) -> None:
        if not path.is_file():
            raise FileNotFoundError

    return refuse


def _make_sqlite_read_only(connection: Any, record: Any) -> None:
    """`mode=ro` protects the file; `query_only` also refuses attached and temporary writes."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()
    watch = record.info["watch"] = _Stopwatch()
    connection.run_async(lambda driver: driver.set_progress_handler(watch.expired, _SQLITE_STEPS))


def _unanswered(error: Exception) -> Unanswered:
    """What a database error means; its text may quote values, so it is never passed on."""
    if isinstance(error, (PoolTimeout, TimeoutError)):
        return Unavailable("no connection to the database in time", timeout=True)
    original = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(original, "sqlstate", None)
    if isinstance(state, str):
        return _of_sqlstate(state)
    code = getattr(original, "sqlite_errorcode", None)
    if code == _SQLITE_INTERRUPT:
        return Unavailable("the database took too long", timeout=True)
    if code == _SQLITE_ERROR:
        return Misbehaving("the database refused the query as malformed")
    return Unavailable("the database cannot be reached")


def _of_sqlstate(state: str) -> Unanswered:
    """PostgreSQL's error classes (appendix A of its manual)."""
    if state == "57014":
        return Unavailable("the database took too long", timeout=True)
    if state == "42501" or state.startswith("28"):
        return DeniedBySource("the database refused this account")
    if _starts(state, ("22", "42")):
        return Misbehaving("the database refused the query: type or name is not as declared")
    return Unavailable("the database cannot answer now")


def _starts(state: str, classes: Sequence[str]) -> bool:
    return any(state.startswith(prefix) for prefix in classes)
