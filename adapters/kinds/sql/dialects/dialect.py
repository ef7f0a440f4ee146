"""What differs between databases: names, parameters, equality, the catalogue, errors.

Equality is exact on every database. Many compare text without looking at case, accents or trailing spaces,
and would answer about `ABC` when asked about `abc`; so each condition stands twice: as the
database compares (an index serves it), and byte for byte.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final, Protocol

from adapters.kinds.sql.views import Column, View
from schemas.outcome import Unanswered

Row = Sequence[Any]
Value = str | int | date


BATCH_BYTES: Final = 8 * 1024 * 1024
"""How long the texts of one batch of rows may be, in characters or bytes."""


class TooLarge(Exception):
    """The rows of an answer are larger than the source's `max_bytes`, or those of a batch than
    `BATCH_BYTES`."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A query. `binds` says which value each parameter takes, in order. When `measured`, the last
    column is the size in bytes of what is large, and what does not fit is left out of the row."""

    text: str
    binds: tuple[int, ...]
    measured: bool = False


class Session(Protocol):
    """One connection. Every query is a read-only transaction of its own, bounded in time."""

    async def rows(self, statement: Statement, values: Sequence[Value], max_bytes: int) -> Sequence[Row]:
        """The rows of a query; errors are the driver's own, or TooLarge."""

    def batches(self, statement: Statement, size: int) -> AsyncGenerator[Sequence[Row]]:
        """All rows of a query, so many at a time, each batch bounded in time as a query is. Errors are
        the driver's own, or TimeoutError; afterwards the session is of no more use."""

    def alive(self) -> bool:
        """Whether it looks usable, without asking the database."""

    async def close(self) -> None:
        """Give it up, in whatever state it is; never waits for the database."""


class Dialect(ABC):
    """One database. Subclasses write SQL from names of the catalogue and constants alone: values are
    always bound."""

    errors: tuple[type[Exception], ...] = ()
    """The classes of its driver's errors."""

    quotes: ClassVar[tuple[str, str]] = ('"', '"')

    @abstractmethod
    async def connect(self) -> Session:
        """A new connection. Errors are the driver's own, OSError or ConfigurationError."""

    @abstractmethod
    def catalogue(self, schema: str | None, name: str) -> tuple[Statement, tuple[Value, ...]]:
        """The query for a view's columns: no row when the name is no view."""

    @abstractmethod
    def listing(self) -> Statement:
        """The query for drafts: `(schema or None, name, is a view)` of what this account can see."""

    @abstractmethod
    def column(self, row: Row) -> Column:
        """A row of the catalogue."""

    @abstractmethod
    def unanswered(self, error: Exception) -> Unanswered:
        """What one of its errors means; its text may quote values, so it is never passed on."""

    @abstractmethod
    def exactly(self, column: Column, mark: Callable[[], str]) -> str:
        """A condition on text that compares byte for byte."""

    @abstractmethod
    def size(self, column: Column) -> str:
        """The length in bytes of a large column's value."""

    def close(self) -> None:  # noqa: B027 - most share nothing
        """Give back what all connections share."""

    def mark(self, number: int) -> str:
        """The parameter of this number, from 1."""
        del number
        return "?"

    def name(self, name: str) -> str:
        """A quoted name: reserved words and upper case are as good as others."""
        first, last = self.quotes
        return first + name.replace(last, last + last) + last

    def source(self, view: View) -> str:
        """A view behind FROM."""
        return ".".join(self.name(part) for part in (view.schema, view.name) if part is not None)

    def equals(self, column: Column, mark: Callable[[], str]) -> str:
        """A condition an index can serve; `mark` makes a parameter of the value."""
        return f"{self.name(column.name)} = {mark()}"

    def read(self, column: Column) -> str:
        """How a column is selected."""
        return self.name(column.name)

    def value(self, column: Column, value: Value) -> Value:
        """A selector's value as the driver takes it for a column."""
        if column.kind in ("date", "moment") and isinstance(value, str):
            return date.fromisoformat(value)
        return value

    def limited(self, select: str, rest: str, rows: int) -> str:
        """A query cut to so many rows; `select` is the list behind the word."""
        return f"SELECT {select} {rest} LIMIT {rows}"

    def whole(self, inner: str, names: str) -> str:
        """The measured rows, with the column `isthmus_size` as it is compared with the limit; `names`
        are the quoted names of the other columns."""
        del names
        return inner
