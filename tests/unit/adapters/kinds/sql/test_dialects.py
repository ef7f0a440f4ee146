"""What each database is told, and what its errors mean. SQL Server and Oracle have no server here:
their statements, addresses and error tables are held to what their manuals say."""

from __future__ import annotations

import builtins
import sys
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType, SimpleNamespace
from typing import Any

import asyncpg
import oracledb
import pymysql
import pytest

from adapters.kinds.sql.address import address
from adapters.kinds.sql.dialects import new_dialect
from adapters.kinds.sql.dialects.dialect import Dialect
from adapters.kinds.sql.dialects.mysql import literal
from adapters.kinds.sql.statement import ask, same
from adapters.kinds.sql.views import Column, View
from adapters.source import Limits
from schemas.errors import ConfigurationError
from schemas.outcome import DeniedBySource, Misbehaving, Unavailable

COLUMNS = {
    "nid": Column("NID", "CHAR(12)", "text", True, 12),
    "notes": Column("NOTES", "text", "text", True, None, True),
}


@pytest.fixture
def odbc(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The names of pyodbc that are used, where unixODBC is not installed."""
    try:
        import pyodbc
    except ImportError:
        pyodbc = ModuleType("pyodbc")
        pyodbc.Error = type("Error", (Exception,), {})
        monkeypatch.setitem(sys.modules, "pyodbc", pyodbc)
        sys.modules.pop("adapters.kinds.sql.dialects.mssql", None)
    return pyodbc


def statement(dialect: Dialect, columns: dict[str, Column] = COLUMNS) -> str:
    """The statement about one person."""
    return ask(dialect, View("sp", "v_status", ()), columns, {"nid": "national_id"}, 2, 1000).statement.text


def test_statement__postgresql__exact_and_measured():
    """Twice compared, large text measured over all rows."""
    text = statement(new_dialect("postgresql://u@h/d", Limits()))

    assert 'FROM "sp"."v_status" WHERE "NID" = $1 AND "NID"::text COLLATE "C" = $2::text LIMIT 2' in text
    assert 'CASE WHEN isthmus_size <= 1000 THEN "NOTES" END' in text
    assert "SUM(isthmus_size) OVER ()" in text


def test_statement__sql_server__top_bytes_and_brackets(odbc: ModuleType):
    """SQL Server compares without case and without trailing spaces: bytes are compared as well."""
    column = Column("NID", "char(12)", "text", True, 12)

    text = statement(new_dialect("mssql://u:p@h/d", Limits()), {"nid": column})

    assert text == (
        "SELECT TOP (2) [NID] FROM [sp].[v_status] WHERE [NID] = CAST(? AS varchar(8000)) AND "
        "CAST(RTRIM(CAST([NID] AS nvarchar(max))) AS varbinary(max)) = "
        "CAST(CAST(? AS nvarchar(max)) AS varbinary(max))"
    )


def test_statement__oracle__padded_upper_case_and_without_large_objects():
    """A CHAR is found by padded text, names are upper case, large objects come as handles."""
    text = statement(new_dialect("oracle://u:p@h/service", Limits()), {"nid": COLUMNS["nid"]})

    assert text == (
        'SELECT "NID" FROM "SP"."V_STATUS" WHERE "NID" = CAST(:1 AS CHAR(12)) AND RTRIM("NID") = :2 '
        "FETCH FIRST 2 ROWS ONLY"
    )


def test_column__oracle__types_of_the_dictionary():
    """DATE is a moment, NUMBER of scale 0 a whole number, LONG is refused, a zone is read in UTC."""
    dialect = new_dialect("oracle://u:p@h/service", Limits())
    zoned = dialect.column(("SEEN", "TIMESTAMP(6) WITH TIME ZONE", None, None, 6, "Y"))

    assert dialect.column(("N", "NUMBER", None, 10, 0, "N")) == Column("N", "NUMBER(10,0)", "integer", False)
    assert dialect.column(("D", "DATE", None, None, None, "Y")).kind == "moment"
    assert dialect.read(zoned) == 'SYS_EXTRACT_UTC("SEEN") AS "SEEN"'
    with pytest.raises(ConfigurationError, match="TO_LOB"):
        dialect.column(("L", "LONG", None, None, None, "Y"))


def test_numbers__oracle__never_floats():
    """A NUMBER is int or Decimal."""
    from adapters.kinds.sql.dialects.oracle import exact_numbers

    cursor = SimpleNamespace(arraysize=1, var=lambda kind, **_: kind)
    number = oracledb.DB_TYPE_NUMBER

    assert exact_numbers(cursor, SimpleNamespace(type_code=number, scale=0, precision=10)) is int
    assert exact_numbers(cursor, SimpleNamespace(type_code=number, scale=-127, precision=0)) is Decimal
    assert (
        exact_numbers(cursor, SimpleNamespace(type_code=oracledb.DB_TYPE_VARCHAR, scale=0, precision=0))
        is None
    )


def test_connection_string__sql_server__no_value_adds_a_setting(odbc: ModuleType):
    """A brace in a password stays in the password; the connection says that it only reads."""
    from adapters.kinds.sql.dialects.mssql import connection_string

    text = connection_string(address("mssql://u:a%7D;Encrypt=no@h/d"))

    assert (
        "PWD={a}};Encrypt=no};Encrypt={yes};TrustServerCertificate={no};ApplicationIntent={ReadOnly}" in text
    )
    with pytest.raises(ConfigurationError, match="authorities from the system"):
        connection_string(address("mssql://u:p@h/d?sslrootcert=/ca.pem"))


def test_datetimeoffset__sql_server__in_utc(odbc: ModuleType):
    """The bytes that ODBC gives out."""
    import struct

    from adapters.kinds.sql.dialects.mssql import datetimeoffset

    data = struct.pack("<6hI2h", 2026, 1, 1, 3, 0, 0, 500_000_000, 3, 0)
    assert datetimeoffset(data) == datetime(2026, 1, 1, 0, 0, 0, 500_000, UTC)


@pytest.mark.parametrize(("system", "module"), [("mssql", "pyodbc"), ("oracle", "oracledb")])
def test_new_dialect__driver_not_installed__the_command_that_would(
    monkeypatch: pytest.MonkeyPatch, system: str, module: str
):
    """An extra that is missing is a configuration error with its cure."""
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **named: Any) -> Any:
        if name == module:
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.delitem(sys.modules, f"adapters.kinds.sql.dialects.{system}", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(
        ConfigurationError,
        match=rf"driver for {system} is not installed; .*pip install 'isthmus\[{system}\]'",
    ):
        new_dialect(f"{system}://u:p@h/d", Limits())


@pytest.mark.parametrize(
    ("dsn", "told"),
    [
        ("ftp://h/d", "begins with none of"),
        ("postgresql://h/d?sslmode=prefer", "`sslmode` is verify-full"),
        ("mysql://h/d?local_infile=1", "something after `\\?`"),
        ("postgresql://h:port/d", "no database URL"),
    ],
)
def test_address__what_cannot_be__refused_without_quoting_it(dsn: str, told: str):
    """A URL may hold a password, so nothing of it is repeated."""
    with pytest.raises(ConfigurationError, match=told) as caught:
        address(dsn)

    assert dsn not in str(caught.value)


def test_address__tls__verified_unless_near_or_said_otherwise():
    """A database on the network is verified by default."""
    assert address("mysql://u:p@db.example/d").tls == "verify-full"
    assert address("postgresql://u@localhost/d").tls == "disable"
    assert address("postgresql://u@/d?host=/run/postgresql").tls == "disable"
    assert address("oracle://u:p@db.example/d?sslmode=require").tls == "require"
    assert "p@ss" not in repr(address("mysql://u:p%40ss@h/d"))


def mysql_error(number: int) -> Exception:
    """An error of MySQL or MariaDB."""
    return pymysql.err.OperationalError(number, "CANARY")


def oracle_error(number: int, full_code: str = "") -> Exception:
    """An error of Oracle."""
    return oracledb.DatabaseError(SimpleNamespace(code=number, full_code=full_code, message="CANARY"))


def postgres_error(state: str) -> Exception:
    """An error of PostgreSQL."""
    error = asyncpg.PostgresError("CANARY")
    error.sqlstate = state
    return error


@pytest.mark.parametrize(
    ("dsn", "error", "outcome"),
    [
        ("mysql://h/d", mysql_error(1045), DeniedBySource),
        ("mysql://h/d", mysql_error(3024), Unavailable),
        ("mysql://h/d", mysql_error(1969), Unavailable),
        ("mysql://h/d", mysql_error(1054), Misbehaving),
        ("mysql://h/d", mysql_error(1792), Misbehaving),
        ("mysql://h/d", mysql_error(2013), Unavailable),
        ("oracle://h/d", oracle_error(1017), DeniedBySource),
        ("oracle://h/d", oracle_error(0, "DPY-4024"), Unavailable),
        ("oracle://h/d", oracle_error(942), Misbehaving),
        ("oracle://h/d", oracle_error(1456), Misbehaving),
        ("oracle://h/d", oracle_error(12514), Unavailable),
        ("postgresql://h/d", postgres_error("28P01"), DeniedBySource),
        ("postgresql://h/d", postgres_error("42501"), DeniedBySource),
        ("postgresql://h/d", postgres_error("57014"), Unavailable),
        ("postgresql://h/d", postgres_error("25006"), Misbehaving),
        ("postgresql://h/d", postgres_error("42703"), Misbehaving),
        ("postgresql://h/d", postgres_error("53300"), Unavailable),
    ],
)
def test_unanswered__each_error__one_outcome_and_no_text(dsn: str, error: Exception, outcome: type):
    """A database's words may quote values; only their class is told."""
    told = new_dialect(dsn, Limits()).unanswered(error)

    assert isinstance(told, outcome)
    assert "CANARY" not in told.cause


@pytest.mark.parametrize(
    ("state", "text", "outcome"),
    [
        ("28000", "Login failed (18456)", DeniedBySource),
        ("42000", "SELECT permission was denied (229) (SQLExecDirectW)", DeniedBySource),
        ("HYT00", "Query timeout expired", Unavailable),
        ("42S22", "Invalid column name CANARY (207)", Misbehaving),
        ("08S01", "Communication link failure", Unavailable),
    ],
)
def test_unanswered__sql_server__by_state_and_number(odbc: ModuleType, state: str, text: str, outcome: type):
    """ODBC's state, and the server's number where the state is too coarse."""
    told = new_dialect("mssql://h/d", Limits()).unanswered(odbc.Error(state, text))

    assert isinstance(told, outcome)
    assert "CANARY" not in told.cause


def test_literal__mysql__digits_only():
    """Nothing of a value can end its literal."""
    assert literal("a' OR 1=1 -- ü") == "_utf8mb4 X'6127204F5220313D31202D2D20C3BC'"
    assert literal(-17) == "-17"


@pytest.mark.parametrize(
    ("found", "asked", "alike"),
    [
        ("abc", "abc", True),
        ("abc   ", "abc", True),
        ("ABC", "abc", False),
        (12, "12", False),
        ("12", 12, False),
        (Decimal("12.00"), 12, True),
        (9007199254740992.0, 9007199254740993, False),
        (True, 1, False),
        (None, "", False),
        (datetime(2026, 1, 2), "2026-01-02", True),  # noqa: DTZ001 - as drivers give it
        (datetime(2026, 1, 2, 3), "2026-01-02", False),  # noqa: DTZ001
    ],
)
def test_same__value_of_a_row__believed_only_when_it_is_the_asked_one(found: Any, asked: Any, alike: bool):
    """The last look before a row counts as the person asked for: no conversion."""
    assert same(found, asked) is alike
