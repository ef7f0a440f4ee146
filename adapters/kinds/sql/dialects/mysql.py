"""MySQL 5.7 and later and MariaDB 10.3 and later, by aiomysql.

The driver writes values into the text of a statement. So that none of its characters can ever mean
anything, text travels as hexadecimal digits (`_utf8mb4 X'3132'`). Dates that do not exist
(`0000-00-00`) stay text. Rows are read one by one, and a server without TLS is refused before the
password is sent, where the driver would go on in plain text.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

import aiomysql
import pymysql
from pymysql.constants import CLIENT, FIELD_TYPE
from pymysql.converters import conversions

from adapters.kinds.sql.address import Address
from adapters.kinds.sql.dialects.dialect import Dialect, Row, Session, Statement, TooLarge, Value
from adapters.kinds.sql.views import Column, ColumnKind, declared
from adapters.source import Limits
from schemas.outcome import DeniedBySource, Misbehaving, Unanswered, Unavailable

_KINDS: Final[Mapping[ColumnKind, frozenset[str]]] = {
    "text": frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum"}),
    "integer": frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "year", "bit"}),
    "decimal": frozenset({"decimal"}),
    "float": frozenset({"float", "double"}),
    "date": frozenset({"date"}),
    "moment": frozenset({"datetime", "timestamp"}),
    "binary": frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}),
}
_LONGEST: Final = 16_384
_CATALOGUE: Final = """
SELECT c.COLUMN_NAME, c.COLUMN_TYPE, c.DATA_TYPE, c.CHARACTER_MAXIMUM_LENGTH, c.CHARACTER_OCTET_LENGTH,
       c.IS_NULLABLE
FROM information_schema.TABLES v
JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = v.TABLE_SCHEMA AND c.TABLE_NAME = v.TABLE_NAME
WHERE v.TABLE_TYPE = 'VIEW' AND v.TABLE_SCHEMA = COALESCE(NULLIF(%s, ''), DATABASE()) AND v.TABLE_NAME = %s
ORDER BY c.ORDINAL_POSITION"""
_LISTING: Final = """
SELECT NULLIF(TABLE_SCHEMA, DATABASE()), TABLE_NAME, TABLE_TYPE = 'VIEW' FROM information_schema.TABLES
WHERE TABLE_TYPE IN ('VIEW', 'BASE TABLE')
  AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1, 2"""
_DENIED: Final = frozenset({1044, 1045, 1142, 1143, 1227, 1370, 1449, 1698, 1820, 1862, 3118})
_MALFORMED: Final = frozenset({1049, 1054, 1064, 1146, 1267, 1270, 1271, 1292, 1356, 1366, 1525})
_TOO_LONG: Final = frozenset({1317, 1969, 3024})
_WRITES: Final = frozenset({1290, 1792})


def new(at: Address, limits: Limits) -> Dialect:
    """As `new_dialect`."""
    return Mysql(at, limits)


class Mysql(Dialect):
    """A MySQL or MariaDB database."""

    errors: tuple[type[Exception], ...] = (pymysql.err.Error,)
    quotes: ClassVar = ("`", "`")

    def __init__(self, at: Address, limits: Limits) -> None:
        self._at = at
        self._limits = limits
        self._ssl = at.ssl_context()

    async def connect(self) -> MysqlSession:
        """As `Dialect.connect`."""
        at = self._at
        connection = _Connection(
            host=at.host,
            port=at.port,
            unix_socket=at.options.get("unix_socket"),
            user=at.user,
            password=at.password,
            db=at.database,
            charset="utf8mb4",
            conv={**conversions, FIELD_TYPE.BIT: _bits},
            connect_timeout=self._limits.timeout_s,
            autocommit=True,
            ssl=self._ssl,
            program_name="isthmus",
        )
        await connection._connect()  # noqa: SLF001 - what `aiomysql.connect` calls, for its own class
        session = MysqlSession(connection)
        try:
            await session.prepare(self._limits.timeout_ms)
        except BaseException:
            await session.close()
            raise
        return session

    def mark(self, number: int) -> str:
        """As `Dialect.mark`."""
        del number
        return "%s"

    def name(self, name: str) -> str:
        """As `Dialect.name`; values are written into the text at `%s`, so other `%` stand twice."""
        return super().name(name).replace("%", "%%")

    def catalogue(self, schema: str | None, name: str) -> tuple[Statement, tuple[Value, ...]]:
        """As `Dialect.catalogue`."""
        return Statement(_CATALOGUE, (0, 1)), (schema or "", name)

    def listing(self) -> Statement:
        """As `Dialect.listing`."""
        return Statement(_LISTING, ())

    def column(self, row: Row) -> Column:
        """As `Dialect.column`. The server pads no text it gives out, so none counts as fixed-width."""
        name, shown, type_, _, octets, nullable = row
        kind = declared(_KINDS, str(type_).lower())
        large = kind in ("text", "binary", "other") and not (octets and int(octets) <= _LONGEST)
        return Column(name, _text(shown), kind, nullable == "YES", None, large)

    def exactly(self, column: Column, mark: Callable[[], str]) -> str:
        """As `Dialect.exactly`: past collations, and past the spaces they ignore; in one character set."""
        found = f"CAST(CONVERT({self.name(column.name)} USING utf8mb4) AS BINARY)"
        return f"{found} = CAST({mark()} AS BINARY)"

    def size(self, column: Column) -> str:
        """As `Dialect.size`."""
        return f"OCTET_LENGTH({self.name(column.name)})"

    def unanswered(self, error: Exception) -> Unanswered:
        """As `Dialect.unanswered`, by the error numbers of both servers."""
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        if number in _TOO_LONG:
            return Unavailable("the database took too long", timeout=True)
        if number in _DENIED:
            return DeniedBySource("the database refused this account")
        if number in _WRITES:
            return Misbehaving("the view tried to write")
        if number in _MALFORMED:
            return Misbehaving("the database refused the query: type or name is not as declared")
        if number == _NO_TLS:
            return Unavailable("the database offers no TLS")
        return Unavailable("the database cannot be reached")


_NO_TLS: Final = -1


class _Connection(aiomysql.Connection):  # type: ignore[misc]
    """A connection that never falls back to plain text."""

    async def _get_server_information(self) -> None:
        await super()._get_server_information()
        if self._ssl_context is not None and not self.server_capabilities & CLIENT.SSL:
            raise pymysql.err.OperationalError(_NO_TLS)


class MysqlSession(Session):
    """A connection by aiomysql."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._limit = "max_execution_time"
        self._timeout_s = 0.0

    async def prepare(self, timeout_ms: int) -> None:
        """Read-only transactions, a time limit for each statement, times in UTC."""
        self._timeout_s = timeout_ms / 1000
        mariadb = "mariadb" in self._connection.get_server_info().lower()
        self._limit = "max_statement_time" if mariadb else "max_execution_time"
        limit = f"{self._limit} = {self._timeout_s if mariadb else timeout_ms}"
        async with self._connection.cursor() as cursor:
            await cursor.execute(f"SET SESSION {limit}, time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES'")
            await cursor.execute("SET SESSION TRANSACTION READ ONLY")

    async def rows(self, statement: Statement, values: Sequence[Value], max_bytes: int) -> Sequence[Row]:
        """As `Session.rows`."""
        text = statement.text % tuple(literal(values[index]) for index in statement.binds)
        kept: list[Row] = []
        left = max_bytes
        cursor = await self._connection.cursor(aiomysql.SSCursor)
        await cursor.execute(text)
        while (row := await cursor.fetchone()) is not None:
            left -= row[-1] if statement.measured else 0
            if left < 0:
                raise TooLarge  # the session is given up: closing the cursor would read all that follows
            kept.append(row)
        await cursor.close()
        return kept

    async def batches(self, statement: Statement, size: int) -> AsyncGenerator[Sequence[Row]]:
        """As `Session.batches`. The server's own limit counts until the last row is sent, so it is
        lifted here, and each batch is bounded on this side: who goes away ends the statement."""
        async with self._connection.cursor() as cursor:
            await cursor.execute(f"SET SESSION {self._limit} = 0")
        cursor = await self._connection.cursor(aiomysql.SSCursor)
        async with asyncio.timeout(self._timeout_s):
            await cursor.execute(statement.text % ())
        rows: list[Row] = []
        while True:
            async with asyncio.timeout(self._timeout_s):
                rows = await cursor.fetchmany(size)
            if not rows:
                break
            yield rows
        await cursor.close()

    def alive(self) -> bool:
        """As `Session.alive`."""
        return not self._connection.closed

    async def close(self) -> None:
        """As `Session.close`; the statement's own timeout ends it at the server."""
        self._connection.close()


def literal(value: Value) -> str:
    """A value in a statement: digits alone, or text and dates as the hexadecimal digits of their UTF-8."""
    if isinstance(value, int):
        return str(value)
    digits = str(value).encode().hex().upper()
    return f"_utf8mb4 X'{digits}'"


def _bits(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
