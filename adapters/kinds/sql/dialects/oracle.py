"""Oracle Database 12.1 and later, by oracledb without Oracle's client ("thin").

Empty text is NULL here, and a name in lower case is one in upper case unless it was quoted when it
was made: names come from the data dictionary and are always quoted. CHAR is padded with spaces and
must be compared as such. Large objects are read after their rows, and only when they fit; a LONG
column cannot be measured, and is refused.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import oracledb

from adapters.kinds.sql.address import Address
from adapters.kinds.sql.dialects.dialect import (
    BATCH_BYTES,
    Dialect,
    Row,
    Session,
    Statement,
    TooLarge,
    Value,
)
from adapters.kinds.sql.views import Column, ColumnKind, View, declared
from adapters.source import Limits
from schemas.errors import ConfigurationError
from schemas.outcome import DeniedBySource, Misbehaving, Unanswered, Unavailable

_KINDS: Final[Mapping[ColumnKind, frozenset[str]]] = {
    "text": frozenset({"CHAR", "NCHAR", "VARCHAR2", "NVARCHAR2", "CLOB", "NCLOB", "LONG"}),
    "decimal": frozenset({"NUMBER"}),
    "float": frozenset({"FLOAT", "BINARY_FLOAT", "BINARY_DOUBLE"}),
    "boolean": frozenset({"BOOLEAN"}),
    "moment": frozenset({"DATE"}),
    "binary": frozenset({"RAW", "BLOB", "LONG RAW"}),
}
_CATALOGUE: Final = """
SELECT c.COLUMN_NAME, c.DATA_TYPE, c.CHAR_LENGTH, c.DATA_PRECISION, c.DATA_SCALE, c.NULLABLE
FROM ALL_TAB_COLUMNS c
WHERE c.OWNER = NVL(UPPER(:1), SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA'))
  AND c.TABLE_NAME = UPPER(:2) AND EXISTS (
    SELECT 1 FROM ALL_OBJECTS o WHERE o.OWNER = c.OWNER AND o.OBJECT_NAME = c.TABLE_NAME
      AND o.OBJECT_TYPE IN ('VIEW', 'MATERIALIZED VIEW'))
ORDER BY c.COLUMN_ID"""
_LISTING: Final = """
SELECT NULLIF(o.OWNER, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')), o.OBJECT_NAME,
       MAX(CASE o.OBJECT_TYPE WHEN 'TABLE' THEN 0 ELSE 1 END)
FROM ALL_OBJECTS o JOIN ALL_USERS u ON u.USERNAME = o.OWNER
WHERE o.OBJECT_TYPE IN ('VIEW', 'MATERIALIZED VIEW', 'TABLE') AND u.ORACLE_MAINTAINED = 'N'
GROUP BY o.OWNER, o.OBJECT_NAME ORDER BY 1, 2"""
_DENIED: Final = frozenset({1005, 1017, 1031, 1045, 28000, 28001, 28009, 41900})
_MALFORMED: Final = frozenset({904, 932, 942, 1722, 1858, 1861, 4063, 6502, 12899, 980})
_WRITES: Final = frozenset({1456, 14551, 16000})
_TOO_LONG: Final = frozenset({1013, 3156})


def new(at: Address, limits: Limits) -> Dialect:
    """As `new_dialect`."""
    return Oracle(at, limits)


class Oracle(Dialect):
    """An Oracle database."""

    errors: tuple[type[Exception], ...] = (oracledb.Error,)

    def __init__(self, at: Address, limits: Limits) -> None:
        self._at = at
        self._limits = limits
        self._ssl = at.ssl_context()
        if not (at.database or at.options.get("service_name") or at.options.get("sid")):
            raise ConfigurationError(
                "the dsn names no service; write oracle://user:${secret:NAME}@host/service"
            )

    async def connect(self) -> OracleSession:
        """As `Dialect.connect`."""
        at = self._at
        connection = await oracledb.connect_async(
            user=at.user,
            password=at.password,
            host=at.host,
            port=at.port,
            service_name=at.options.get("service_name", None if "sid" in at.options else at.database),
            sid=at.options.get("sid"),
            protocol="tcp" if self._ssl is None else "tcps",
            ssl_context=self._ssl,
            ssl_server_dn_match=at.tls == "verify-full",
            tcp_connect_timeout=self._limits.timeout_s,
        )
        session = OracleSession(connection)
        try:
            await session.prepare(self._limits.timeout_ms)
        except BaseException:
            await session.close()
            raise
        return session

    def mark(self, number: int) -> str:
        """As `Dialect.mark`."""
        return f":{number}"

    def source(self, view: View) -> str:
        """As `Dialect.source`: the names of a file are not quoted ones, so they mean upper case."""
        return super().source(View(view.schema and view.schema.upper(), view.name.upper(), view.columns))

    def catalogue(self, schema: str | None, name: str) -> tuple[Statement, tuple[Value, ...]]:
        """As `Dialect.catalogue`; a synonym is no view."""
        return Statement(_CATALOGUE, (0, 1)), (schema or "", name)

    def listing(self) -> Statement:
        """As `Dialect.listing`."""
        return Statement(_LISTING, ())

    def column(self, row: Row) -> Column:
        """As `Dialect.column`. A NUMBER of scale 0 is a whole number."""
        name, type_, length, precision, scale, nullable = row
        if type_.startswith("LONG"):
            raise ConfigurationError(
                f"column `{name}` is {type_}; publish it with TO_LOB or leave it out of the view"
            )
        kind = declared(_KINDS, type_)
        kind = "moment" if type_.startswith("TIMESTAMP") else kind
        kind = "integer" if type_ == "NUMBER" and scale == 0 else kind
        shown = f"{type_}({length})" if length else type_
        shown = f"{type_}({precision},{scale})" if type_ == "NUMBER" and precision is not None else shown
        return Column(name, shown, kind, nullable == "Y", length if type_ in ("CHAR", "NCHAR") else None)

    def equals(self, column: Column, mark: Callable[[], str]) -> str:
        """As `Dialect.equals`: a CHAR is only found by text that is padded like it."""
        parameter = f"CAST({mark()} AS CHAR({column.length}))" if column.length else mark()
        return f"{self.name(column.name)} = {parameter}"

    def exactly(self, column: Column, mark: Callable[[], str]) -> str:
        """As `Dialect.exactly`; the session compares by bytes, so this only takes padding off."""
        found = self.name(column.name)
        return f"{f'RTRIM({found})' if column.length else found} = {mark()}"

    def read(self, column: Column) -> str:
        """As `Dialect.read`: the driver would drop a zone, so moments that have one are read in UTC."""
        name = self.name(column.name)
        return f"SYS_EXTRACT_UTC({name}) AS {name}" if "TIME ZONE" in column.declared else name

    def size(self, column: Column) -> str:
        """As `Dialect.size`; never asked, large objects are read on their own."""
        return f"LENGTHB({self.name(column.name)})"

    def limited(self, select: str, rest: str, rows: int) -> str:
        """As `Dialect.limited`."""
        return f"SELECT {select} {rest} FETCH FIRST {rows} ROWS ONLY"

    def unanswered(self, error: Exception) -> Unanswered:
        """As `Dialect.unanswered`, by Oracle's error numbers; DPY-4024 is the driver's call timeout."""
        told: Any = error.args[0] if error.args else None
        number = getattr(told, "code", 0)
        if getattr(told, "full_code", "") == "DPY-4024" or number in _TOO_LONG:
            return Unavailable("the database took too long", timeout=True)
        if number in _DENIED:
            return DeniedBySource("the database refused this account")
        if number in _WRITES:
            return Misbehaving("the view tried to write")
        if number in _MALFORMED:
            return Misbehaving("the database refused the query: type, name or right is not as declared")
        return Unavailable("the database cannot be reached")


class OracleSession(Session):
    """A connection by oracledb."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def prepare(self, timeout_ms: int) -> None:
        """A time limit for each round trip, exact numbers, times in UTC, comparison by bytes."""
        self._connection.call_timeout = timeout_ms
        self._connection.outputtypehandler = exact_numbers
        with self._connection.cursor() as cursor:
            await cursor.execute("ALTER SESSION SET NLS_COMP = BINARY NLS_SORT = BINARY TIME_ZONE = '+00:00'")

    async def rows(self, statement: Statement, values: Sequence[Value], max_bytes: int) -> Sequence[Row]:
        """As `Session.rows`."""
        with self._connection.cursor() as cursor:
            await cursor.execute("SET TRANSACTION READ ONLY")
            await cursor.execute(statement.text, [values[index] for index in statement.binds])
            found = await _whole(await cursor.fetchall(), max_bytes)
            await self._connection.rollback()  # after an error the session is given up, not asked again
            return found

    async def batches(self, statement: Statement, size: int) -> AsyncGenerator[Sequence[Row]]:
        """As `Session.batches`: each fetch is a round trip, which `call_timeout` bounds."""
        with self._connection.cursor() as cursor:
            await cursor.execute("SET TRANSACTION READ ONLY")
            await cursor.execute(statement.text)
            while rows := await cursor.fetchmany(size):
                yield await _whole(rows, BATCH_BYTES)

    def alive(self) -> bool:
        """As `Session.alive`."""
        return bool(self._connection.is_healthy())

    async def close(self) -> None:
        """As `Session.close`; the call timeout has ended or ends it at the server."""
        try:
            await self._connection.close()
        except oracledb.Error:
            return  # it was broken


async def _whole(rows: Sequence[Row], max_bytes: int) -> list[Row]:
    """Rows with their large objects, which the driver gives out as handles.

    Raises:
        TooLarge: they do not fit.
    """
    left = max_bytes
    whole: list[Row] = []
    for row in rows:
        values = []
        for value in row:
            if isinstance(value, oracledb.AsyncLOB):
                left -= await value.size()
                if left < 0:
                    raise TooLarge
                values.append(await value.read())
            else:
                values.append(value)
        whole.append(tuple(values))
    return whole


def exact_numbers(cursor: Any, metadata: Any) -> Any:
    """Numbers as int or Decimal: the driver's own choice would be float."""
    if metadata.type_code is not oracledb.DB_TYPE_NUMBER:
        return None
    whole = metadata.scale == 0 and metadata.precision
    return cursor.var(int if whole else Decimal, arraysize=cursor.arraysize)
