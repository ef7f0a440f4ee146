"""What a database says about a view: its columns, their types, and whether they fit a source file.

The catalogue is asked at opening and at each look at the source's health, so a view that changed is
refused by name. A `fingerprint` in the file holds the columns it was written for: name, type and
whether it may be empty, of the columns in use. Others may come and go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from adapters.kinds.sql.form import SqlAsk
from adapters.source import RecordService
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from adapters.kinds.sql.dialects.dialect import Dialect, Session

_MOST_COLUMNS: Final = 2**20  # bytes of their names

ColumnKind = Literal[
    "text", "integer", "decimal", "float", "boolean", "date", "moment", "binary", "other", "unknown"
]
_FITS: Final[Mapping[str, frozenset[str]]] = {
    "text": frozenset({"text", "other", "unknown"}),
    "integer": frozenset({"integer", "decimal", "unknown"}),
    "date": frozenset({"date", "moment", "text", "unknown"}),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `declared` is the database's own word for its type. `length` counts the characters
    of fixed-width text that is padded with spaces, and is None for all else; `large` is what may
    hold more than a few kilobytes."""

    name: str
    declared: str
    kind: ColumnKind
    nullable: bool
    length: int | None = None
    large: bool = False

    @property
    def shown(self) -> str:
        """The column as a person reads it: `nid character(12) not null`."""
        return f"{self.name} {self.declared or 'untyped'}{'' if self.nullable else ' not null'}"


@dataclass(frozen=True, slots=True)
class View:
    """A database view. `schema` is None when the file leaves it to the account."""

    schema: str | None
    name: str
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column | None:
        """The column of this name, else the only one that differs in upper and lower case alone."""
        exact = [column for column in self.columns if column.name == name]
        alike = [column for column in self.columns if column.name.casefold() == name.casefold()]
        found = exact or alike
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Fitted:
    """A view that fits a service: the columns in use, by the names the source file gives them."""

    view: View
    columns: Mapping[str, Column]

    @property
    def fingerprint(self) -> str:
        """`sha256:` of the columns in use."""
        text = "\n".join(sorted(column.shown for column in self.columns.values()))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def ask_of(service: RecordService) -> SqlAsk:
    """How a service asks its view. Raises ConfigurationError for a service that asks none."""
    if not isinstance(service.ask, SqlAsk):
        raise ConfigurationError(f"service {service.name} does not read a database view")
    return service.ask


async def look_up(dialect: Dialect, session: Session, name: str) -> View | None:
    """The view of this name as the database has it now; None when it has no such view. Errors are the
    driver's own."""
    schema, own = place(name)
    statement, values = dialect.catalogue(schema, own)
    rows = await session.rows(statement, values, _MOST_COLUMNS)
    return View(schema, own, tuple(dialect.column(row) for row in rows)) if rows else None


def place(view: str) -> tuple[str | None, str]:
    """Schema and name of `from:`."""
    schema, _, name = view.rpartition(".")
    return schema or None, name


def fit(
    source_id: str, service: RecordService, ask: SqlAsk, view: View | None, last: Fitted | None = None
) -> Fitted:
    """Whether a view is what a service needs; None is a table, a synonym, or nothing at all. `last` is
    how it was when it was last seen.

    Raises:
        ConfigurationError: what does not fit, and the cure.
    """
    at = f"source {source_id}, service {service.name}: "
    if view is None:
        raise ConfigurationError(
            f"{at}`{ask.view}` is not a database view; "
            "publish one (CREATE VIEW …) and grant this account SELECT on it alone"
        )
    names = sorted(service.rules.all_columns | set(ask.where))
    found = {name: column for name in names if (column := view.column(name))}
    missing = [name for name in names if name not in found]
    if missing:
        raise ConfigurationError(
            f"{at}view `{ask.view}` has no column {', '.join(missing)}; correct the mapping or the view, "
            "or grant this account SELECT on it"
        )
    for name, part in ask.where.items():
        _check_selector(at, found[name], _wanted(service, part))
    fitted = Fitted(view, found)
    if ask.fingerprint is not None and ask.fingerprint != fitted.fingerprint:
        shown = ", ".join(sorted(column.shown for column in found.values()))
        told = (changes(last, fitted) if last is not None else "") or f"its columns in use are now {shown}"
        raise ConfigurationError(
            f"{at}view `{ask.view}` is not the one of the file's fingerprint: {told}; "
            f"look at the mapping, then write `fingerprint: {fitted.fingerprint}`"
        )
    return fitted


def changes(before: Fitted, after: Fitted) -> str:
    """What became different, by column; empty when nothing did."""
    old, new = ({name: column.shown for name, column in fitted.columns.items()} for fitted in (before, after))
    return "; ".join(
        f"{old[name]} became {new[name]}" for name in sorted(new) if old.get(name, "") != new[name]
    )


def _wanted(service: RecordService, part: str) -> frozenset[str]:
    """The types a part of the subject has; it may stand in several selectors."""
    selectors = service.subjects.values()
    return frozenset(one.to for selector in selectors for one in selector.parts if one.name == part)


def _check_selector(at: str, column: Column, wanted: frozenset[str]) -> None:
    """A number compared with text is converted by some databases: `12abc` would be found by 12."""
    unfit = sorted(word for word in wanted if column.kind not in _FITS[word])
    if not unfit:
        return
    cure = "cast the column in the view, or correct `to` of the selector"
    raise ConfigurationError(
        f"{at}column `{column.name}` is {column.declared}, its selector {unfit[0]}; {cure}"
    )


def declared(kinds: Mapping[ColumnKind, Iterable[str]], word: str) -> ColumnKind:
    """The kind of a type's name; `other` for names not listed."""
    return next((kind for kind, words in kinds.items() if word in words), "other")
