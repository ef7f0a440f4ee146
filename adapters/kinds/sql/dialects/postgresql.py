"""PostgreSQL, by asyncpg.

Every statement is a transaction of its own, read-only and bounded in time by the session's
settings; when a view's function talked the session out of read-only, its connection is given up. Views and
materialized views.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Final

import asyncpg

from adapters.kinds.sql.address import Address
from adapters.kinds.sql.dialects.dialect import Dialect, Row, Session, Statement, TooLarge, Value
from adapters.kinds.sql.views import Column, ColumnKind, declared
from adapters.source import Limits
from schemas.outcome import DeniedBySource, Misbehaving, Unanswered, Unavailable

_KINDS: Final[Mapping[ColumnKind, frozenset[str]]] = {
    "text": frozenset({"text", "varchar", "bpchar", "citext", "name"}),
    "integer": frozenset({"int2", "int4", "int8"}),
    "decimal": frozenset({"numeric", "money"}),
    "float": frozenset({"float4", "float8"}),
    "boolean": frozenset({"bool"}),
    "date": frozenset({"date"}),
    "moment": frozenset({"timestamp", "timestamptz"}),
    "binary": frozenset({"bytea"}),
}
_SMALL: Final = frozenset({"uuid", "name"})
_CATALOGUE: Final = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.typname, t.typtype::text, a.atttypmod, a.attnotnull
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.oid = to_regclass($1::text) AND c.relkind IN ('v', 'm') ORDER BY a.attnum"""
_LISTING: Final = """
SELECT n.nspname, c.relname, c.relkind IN ('v', 'm')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm', 'r', 'p', 'f') AND n.nspname <> 'information_schema'
  AND n.nspname NOT LIKE 'pg\\_%' AND has_schema_privilege(n.oid, 'USAGE') ORDER BY 1, 2"""
_LONGEST: Final = 4096


def new(at: Address, limits: Limits) -> Dialect:
    """As `new_dialect`."""
    return Postgresql(at, limits)


class Postgresql(Dialect):
    """A PostgreSQL database."""

    errors: tuple[type[Exception], ...] = (asyncpg.PostgresError, asyncpg.InterfaceError)

    def __init__(self, at: Address, limits: Limits) -> None:
        self._at = at
        self._limits = limits
        self._ssl = at.ssl_context()

    async def connect(self) -> PostgresqlSession:
        """As `Dialect.connect`."""
        at, milliseconds = self._at, str(self._limits.timeout_ms)
        settings = {
            "default_transaction_read_only": "on",
            "statement_timeout": milliseconds,
            "idle_in_transaction_session_timeout": milliseconds,
            "application_name": "isthmus",
        }
        if "search_path" in at.options:
            settings["search_path"] = at.options["search_path"]
        connection = await asyncpg.connect(
            host=at.options.get("host", at.host),
            port=at.port,
            user=at.user or None,
            password=at.password or None,
            database=at.database or None,
            timeout=self._limits.timeout_s,
            ssl=self._ssl if self._ssl is not None else False,
            server_settings=settings,
        )
        return PostgresqlSession(connection)

    def mark(self, number: int) -> str:
        """As `Dialect.mark`."""
        return f"${number}"

    def catalogue(self, schema: str | None, name: str) -> tuple[Statement, tuple[Value, ...]]:
        """As `Dialect.catalogue`."""
        named = ".".join(self.name(part) for part in (schema, name) if part is not None)
        return Statement(_CATALOGUE, (0,)), (named,)

    def listing(self) -> Statement:
        """As `Dialect.listing`."""
        return Statement(_LISTING, ())

    def column(self, row: Row) -> Column:
        """As `Dialect.column`. `atttypmod` of text is its length and 4, or -1 without one."""
        name, shown, type_, form, modifier, not_null = row
        kind = declared(_KINDS, type_)
        bounded = kind not in ("text", "binary", "other") or type_ in _SMALL or form == "e"
        large = not bounded and not 0 < modifier <= _LONGEST
        length = modifier - 4 if type_ == "bpchar" and modifier > 0 else None
        return Column(name, shown, kind, not not_null, length, large)

    def exactly(self, column: Column, mark: Callable[[], str]) -> str:
        """As `Dialect.exactly`: past citext and collations; the cast takes the padding off character(n)."""
        return f'{self.name(column.name)}::text COLLATE "C" = {mark()}::text'

    def size(self, column: Column) -> str:
        """As `Dialect.size`."""
        return f"octet_length({self.name(column.name)}::text)"

    def whole(self, inner: str, names: str) -> str:
        """As `Dialect.whole`: the driver takes all rows at once, so their sum counts."""
        summed = "SUM(isthmus_size) OVER () AS isthmus_size"
        return f"SELECT {names}, {summed} FROM ({inner}) isthmus_each"  # noqa: S608 - quoted names

    def unanswered(self, error: Exception) -> Unanswered:
        """As `Dialect.unanswered`, by appendix A of PostgreSQL's manual."""
        state = getattr(error, "sqlstate", None) or ""
        if state == "57014":
            return Unavailable("the database took too long", timeout=True)
        if state == "42501" or state.startswith("28"):
            return DeniedBySource("the database refused this account")
        if state == "25006":
            return Misbehaving("the view tried to write")
        if state.startswith(("22", "42", "3D", "0A")) or isinstance(error, asyncpg.DataError):
            return Misbehaving("the database refused the query: type or name is not as declared")
        return Unavailable("the database cannot answer now")


class PostgresqlSession(Session):
    """A connection by asyncpg."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, statement: Statement, values: Sequence[Value], max_bytes: int) -> Sequence[Row]:
        """As `Session.rows`."""
        found: list[Row] = await self._connection.fetch(statement.text, *[values[i] for i in statement.binds])
        if statement.measured and found and found[0][-1] > max_bytes:
            raise TooLarge
        return found

    async def batches(self, statement: Statement, size: int) -> AsyncGenerator[Sequence[Row]]:
        """As `Session.batches`: a cursor, each fetch a statement of its own, all of one moment."""
        async with self._connection.transaction(isolation="repeatable_read", readonly=True):
            cursor = await self._connection.cursor(statement.text)
            while rows := await cursor.fetch(size):
                yield rows

    def alive(self) -> bool:
        """As `Session.alive`. Servers before 14 do not report the setting."""
        settings = self._connection.get_settings()
        read_only = getattr(settings, "default_transaction_read_only", "on") == "on"
        return read_only and not self._connection.is_closed()

    async def close(self) -> None:
        """As `Session.close`; the statement's own timeout ends it at the server."""
        self._connection.terminate()
