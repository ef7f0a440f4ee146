"""SQL Server 2016 and later, by pyodbc in a thread (Microsoft's ODBC driver must be installed).

There are no read-only transactions here: the account's rights (SELECT on the views alone) and
`ApplicationIntent=ReadOnly`, which an availability group sends to a readable copy, stand in their
place, and this file writes no statement but SELECT and its session's SET.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar, Final

import pyodbc

from adapters.kinds.sql.address import Address
from adapters.kinds.sql.dialects.dialect import Dialect, Row, Statement, Value
from adapters.kinds.sql.dialects.threaded import ThreadedSession, Threads
from adapters.kinds.sql.views import Column, ColumnKind, declared
from adapters.source import Limits
from schemas.errors import ConfigurationError
from schemas.outcome import DeniedBySource, Misbehaving, Unanswered, Unavailable

DRIVER: Final = "ODBC Driver 18 for SQL Server"
_DATETIMEOFFSET: Final = -155
_NATIVE: Final = re.compile(r"\((\d{1,6})\)")
_KINDS: Final[Mapping[ColumnKind, frozenset[str]]] = {
    "text": frozenset({"char", "nchar", "varchar", "nvarchar", "text", "ntext", "sysname"}),
    "integer": frozenset({"tinyint", "smallint", "int", "bigint"}),
    "decimal": frozenset({"decimal", "numeric", "money", "smallmoney"}),
    "float": frozenset({"float", "real"}),
    "boolean": frozenset({"bit"}),
    "date": frozenset({"date"}),
    "moment": frozenset({"datetime", "datetime2", "smalldatetime", "datetimeoffset"}),
    "binary": frozenset({"binary", "varbinary", "image", "timestamp"}),
}
_CATALOGUE: Final = """
SELECT c.name, t.name, c.max_length, c.precision, c.scale, c.is_nullable
FROM sys.views v JOIN sys.columns c ON c.object_id = v.object_id
JOIN sys.types t ON t.user_type_id = c.system_type_id
WHERE v.name = ? AND v.schema_id = SCHEMA_ID(COALESCE(NULLIF(?, ''), SCHEMA_NAME())) ORDER BY c.column_id"""
_LISTING: Final = """
SELECT NULLIF(SCHEMA_NAME(schema_id), SCHEMA_NAME()), name, CASE type WHEN 'V' THEN 1 ELSE 0 END
FROM sys.objects WHERE type IN ('V', 'U') AND is_ms_shipped = 0 ORDER BY 1, 2"""
_DENIED: Final = frozenset({"229", "230", "297", "300", "916", "4060", "18456"})


def new(at: Address, limits: Limits) -> Dialect:
    """As `new_dialect`."""
    return Mssql(at, limits)


class Mssql(Dialect):
    """A SQL Server database."""

    errors: tuple[type[Exception], ...] = (pyodbc.Error,)
    quotes: ClassVar = ("[", "]")

    def __init__(self, at: Address, limits: Limits) -> None:
        self._limits = limits
        self._threads = Threads(limits.concurrency)
        self._connection_string = connection_string(at)

    async def connect(self) -> MssqlSession:
        """As `Dialect.connect`."""
        return MssqlSession(self._threads, await self._threads.run(self._open))

    def close(self) -> None:
        """As `Dialect.close`."""
        self._threads.close()

    def catalogue(self, schema: str | None, name: str) -> tuple[Statement, tuple[Value, ...]]:
        """As `Dialect.catalogue`; a synonym is no view."""
        return Statement(_CATALOGUE, (0, 1)), (name, schema or "")

    def listing(self) -> Statement:
        """As `Dialect.listing`."""
        return Statement(_LISTING, ())

    def column(self, row: Row) -> Column:
        """As `Dialect.column`. `max_length` is in bytes, two for each character of the n-types, -1
        for those without a limit."""
        name, type_, size, precision, scale, nullable = row
        kind = declared(_KINDS, type_)
        length = size // 2 if type_ in ("nchar", "nvarchar") else size
        shown = f"{type_}({'max' if size < 0 else length})" if kind in ("text", "binary") else type_
        shown = f"{type_}({precision},{scale})" if kind == "decimal" else shown
        large = size < 0 or type_ in ("text", "ntext", "image", "xml")
        return Column(
            name, shown, kind, bool(nullable), length if type_ in ("char", "nchar") else None, large
        )

    def equals(self, column: Column, mark: Callable[[], str]) -> str:
        """As `Dialect.equals`. The driver binds text as nvarchar, which would keep an index on varchar
        from being used; what the cast loses, the exact comparison finds."""
        parameter = mark()
        if column.declared.startswith(("varchar", "char")):
            parameter = f"CAST({parameter} AS varchar(8000))"
        return f"{self.name(column.name)} = {parameter}"

    def exactly(self, column: Column, mark: Callable[[], str]) -> str:
        """As `Dialect.exactly`: past collations and the spaces that `=` ignores."""
        found = f"CAST({self.name(column.name)} AS nvarchar(max))"
        found = f"RTRIM({found})" if column.length is not None else found
        return f"CAST({found} AS varbinary(max)) = CAST(CAST({mark()} AS nvarchar(max)) AS varbinary(max))"

    def size(self, column: Column) -> str:
        """As `Dialect.size`."""
        return f"DATALENGTH({self.name(column.name)})"

    def limited(self, select: str, rest: str, rows: int) -> str:
        """As `Dialect.limited`."""
        return f"SELECT TOP ({rows}) {select} {rest}"

    def unanswered(self, error: Exception) -> Unanswered:
        """As `Dialect.unanswered`: by SQLSTATE, and the server's own number where that is too coarse."""
        state = str(error.args[0]) if error.args else ""
        numbers = set(_NATIVE.findall(str(error.args[1]))) if len(error.args) > 1 else set()
        if state in ("HYT00", "HYT01"):
            return Unavailable("the database took too long", timeout=True)
        if state == "28000" or numbers & _DENIED:
            return DeniedBySource("the database refused this account")
        if state.startswith(("22", "42")):
            return Misbehaving("the database refused the query: type or name is not as declared")
        return Unavailable("the database cannot be reached")

    def _open(self) -> Any:
        seconds = max(1, round(self._limits.timeout_s))
        try:
            connection = pyodbc.connect(
                self._connection_string, autocommit=True, readonly=True, timeout=seconds
            )
        except pyodbc.Error as error:
            if error.args and error.args[0] in ("01000", "IM002"):
                raise ConfigurationError(
                    f"the ODBC driver is not installed; install `{DRIVER}`, or name another with `?driver=`"
                ) from None
            raise
        connection.timeout = seconds
        connection.add_output_converter(_DATETIMEOFFSET, datetimeoffset)
        connection.execute(f"SET LOCK_TIMEOUT {self._limits.timeout_ms}").close()
        return connection


class MssqlSession(ThreadedSession):
    """A connection by pyodbc."""

    def __init__(self, threads: Threads, connection: Any) -> None:
        super().__init__(threads, connection)
        self._cursor: Any = None

    def query(self, statement: Statement, values: Sequence[Value]) -> Any:
        """As `ThreadedSession.query`."""
        self._cursor = self._connection.cursor()
        return self._cursor.execute(statement.text, [values[index] for index in statement.binds])

    def interrupt(self) -> None:
        """As `ThreadedSession.interrupt`."""
        if self._cursor is not None:
            with suppress(pyodbc.Error):
                self._cursor.cancel()


def connection_string(at: Address) -> str:
    """What ODBC is told; every value is in braces, so that none can add a setting.

    Raises:
        ConfigurationError: `sslrootcert`, which this driver does not take.
    """
    if at.ca_file is not None:
        raise ConfigurationError("SQL Server's driver takes authorities from the system: install it there")
    settings = {
        "DRIVER": at.options.get("driver", DRIVER),
        "SERVER": f"{at.host},{at.port}",
        "DATABASE": at.database,
        "UID": at.user,
        "PWD": at.password,
        "Encrypt": "no" if at.tls == "disable" else "yes",
        "TrustServerCertificate": "yes" if at.tls == "require" else "no",
        "ApplicationIntent": "ReadOnly",
        "APP": "isthmus",
    }
    return ";".join(f"{name}={{{value.replace('}', '}}')}}}" for name, value in settings.items())


def datetimeoffset(data: bytes) -> datetime:
    """A `datetimeoffset`, as ODBC gives it out, in UTC."""
    year, month, day, hour, minute, second, nanoseconds, hours, minutes = struct.unpack("<6hI2h", data)
    zone = timezone(timedelta(hours=hours, minutes=minutes))
    return datetime(year, month, day, hour, minute, second, nanoseconds // 1000, zone).astimezone(UTC)
