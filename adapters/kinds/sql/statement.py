"""The one statement kind `sql` asks: columns of a view where others equal a selector, N+1 rows.

It is written once for a service, its asked fields and its type of subject. Large columns
are measured at the database, and only sent when the whole fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from adapters.kinds.sql.dialects.dialect import Dialect, Row, Statement, Value
from adapters.kinds.sql.views import Column, View

_SIZE: Final = "isthmus_size"


@dataclass(frozen=True, slots=True)
class Question:
    """A statement, and how its rows are read."""

    statement: Statement
    names: tuple[str, ...]
    compared: tuple[tuple[int, Column, str], ...]
    """Of each condition: where its column stands in a row, the column, the selector's part."""

    def records(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Rows by the names of the source file."""
        return [dict(zip(self.names, row, strict=False)) for row in rows]

    def about(self, rows: Sequence[Row], values: Mapping[str, str | int]) -> bool:
        """Whether every row is about whom was asked: the last look before a row is believed."""
        return all(same(row[index], values[part]) for row in rows for index, _, part in self.compared)


def ask(
    dialect: Dialect,
    view: View,
    columns: Mapping[str, Column],
    where: Mapping[str, str],
    rows: int,
    max_bytes: int,
) -> Question:
    """Write the statement. `columns` are those to read, by the file's names; `where` is column to
    part, for one type of subject; every column of it is also in `columns`."""
    names = tuple(sorted(columns))
    binds: list[int] = []
    conditions = list(_conditions(dialect, columns, tuple(where), binds))
    rest = f"FROM {dialect.source(view)} WHERE {' AND '.join(conditions)}"
    large = [columns[name] for name in names if columns[name].large]
    text = _measured(dialect, [columns[name] for name in names], large, rest, rows, max_bytes)
    return Question(
        Statement(text, tuple(binds), bool(large)),
        names,
        tuple((names.index(name), columns[name], part) for name, part in where.items()),
    )


def probe(dialect: Dialect, view: View, columns: Mapping[str, Column]) -> Statement:
    """A query without rows: it tells whether this account may read the columns."""
    read = ", ".join(dialect.name(columns[name].name) for name in sorted(columns))
    return Statement(f"SELECT {read} FROM {dialect.source(view)} WHERE 1 = 0", ())  # noqa: S608 - quoted names


def _conditions(
    dialect: Dialect, columns: Mapping[str, Column], where: Sequence[str], binds: list[int]
) -> Iterator[str]:
    for index, name in enumerate(where):

        def mark(index: int = index) -> str:
            binds.append(index)
            return dialect.mark(len(binds))

        yield dialect.equals(columns[name], mark)
        if columns[name].kind in ("text", "other", "unknown"):
            yield dialect.exactly(columns[name], mark)


def _measured(
    dialect: Dialect, columns: Sequence[Column], large: Sequence[Column], rest: str, rows: int, max_bytes: int
) -> str:
    read = ", ".join(dialect.read(column) for column in columns)
    if not large:
        return dialect.limited(read, rest, rows)
    size = " + ".join(f"COALESCE({dialect.size(column)}, 0)" for column in large)
    inner = dialect.limited(f"{read}, {size} AS {_SIZE}", rest, rows)
    shown = ", ".join(
        f"CASE WHEN {_SIZE} <= {max_bytes} THEN {dialect.name(column.name)} END"
        if column.large
        else dialect.name(column.name)
        for column in columns
    )
    names = ", ".join(dialect.name(column.name) for column in columns)
    return f"SELECT {shown}, {_SIZE} FROM ({dialect.whole(inner, names)}) isthmus_rows"  # noqa: S608 - quoted


def same(found: Any, asked: Value) -> bool:
    """Whether a row's value is the one asked for, never by conversion.

    Spaces at the end are the padding of fixed-width columns; elsewhere the statement itself has
    compared them.
    """
    if isinstance(asked, int):
        return isinstance(found, (int, float, Decimal)) and not isinstance(found, bool) and found == asked
    if isinstance(found, datetime):
        return found.isoformat() in (asked, f"{asked}T00:00:00")
    if isinstance(found, date):
        return found.isoformat() == asked
    if found is None or isinstance(found, (bool, int, float, Decimal, bytes)):
        return False
    return str(found).rstrip(" ") == str(asked).rstrip(" ")
