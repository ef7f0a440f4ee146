"""A draft from a database's URL: its views, their columns, and how to publish one where there is none.

Only the catalogue is read, never a row, so an empty database does as well. Which columns may name a
person, and since when a row is known, is guessed from names and types; a person reads the draft.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from sqlalchemy.engine import make_url

from adapters.drafting.draft import Column as DraftColumn
from adapters.drafting.draft import ColumnType, Draft, DraftService
from adapters.drafting.words import likeness
from adapters.kinds.sql.address import address
from adapters.kinds.sql.dialects import new_dialect
from adapters.kinds.sql.dialects.dialect import Dialect
from adapters.kinds.sql.pool import Pool
from adapters.kinds.sql.views import Column, ColumnKind
from adapters.secrets import Secrets, resolve
from adapters.source import Limits
from schemas.errors import ConfigurationError, SourceUnavailable

_MOST_VIEWS: Final = 200
_PASSWORD: Final = "DB_PASSWORD"  # noqa: S105 - the name of a secret
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_TYPES: Final[Mapping[ColumnKind, ColumnType]] = {
    "text": "text",
    "integer": "integer",
    "decimal": "decimal",
    "float": "decimal",
    "boolean": "boolean",
    "date": "date",
    "moment": "moment",
}
_IDENTIFIER = re.compile(
    r"(^|_)(nid|nin|uin|brn|id|code|number|no|num|ref|reference|plate|vin|tin)$", re.IGNORECASE
)
_AS_OF = re.compile(
    r"(last_)?(refreshed|updated|modified|changed|synced|loaded)(_(at|on|date))?$|^as_of$", re.IGNORECASE
)
_ENUM = re.compile(r"enum\((.*)\)$", re.IGNORECASE | re.DOTALL)
_ENUM_VALUE = re.compile(r"'((?:[^']|'')*)'")

_PUBLISH: Final = "CREATE VIEW {view} AS SELECT … FROM {source}; GRANT SELECT ON {view} TO isthmus_read"

Relation = tuple[str | None, str, bool]


async def draft(origin: str, secrets: Secrets) -> Draft:
    """As `adapters.drafting.draft`.

    Raises:
        ConfigurationError: the URL is wrong, or it holds a password.
        SourceUnavailable: the database gives no answer.
    """
    dsn = str(resolve(origin, secrets, {}))
    dialect = new_dialect(dsn, Limits(timeout_ms=10_000, concurrency=1))
    pool = Pool(dialect, 1)
    try:
        relations, columns = await _catalogue(dialect, pool)
    except dialect.errors as error:
        raise SourceUnavailable(f"the database gives no answer: {dialect.unanswered(error).cause}") from None
    except OSError:  # TimeoutError is one
        raise SourceUnavailable("the database cannot be reached") from None
    finally:
        await pool.close()
    written, needed = _written(origin, dsn)
    return Draft(
        kind="sql",
        title=f"Database {address(dsn).database.rpartition('/')[2] or 'views'}",
        connection={"dsn": written},
        services=tuple(_service(one, columns[one]) for one in relations if one in columns),
        secrets=needed,
        remarks=tuple(_remarks(dialect, relations, columns)),
    )


async def _catalogue(dialect: Dialect, pool: Pool) -> tuple[list[Relation], dict[Relation, list[Column]]]:
    """All views and tables, and the columns of the views."""
    rows = await pool.run(lambda session: session.rows(dialect.listing(), (), 2**24))
    relations: list[Relation] = [(row[0] or None, row[1], bool(row[2])) for row in rows]
    columns: dict[Relation, list[Column]] = {}
    views = [one for one in relations if one[2] and _usable(one)]
    for one in views[:_MOST_VIEWS]:
        statement, values = dialect.catalogue(one[0], one[1])
        found = await pool.run(lambda session, s=statement, v=values: session.rows(s, v, 2**24))  # type: ignore[misc]
        columns[one] = [dialect.column(row) for row in found]
    return relations, columns


def _usable(relation: Relation) -> bool:
    return all(_NAME.fullmatch(part) for part in relation[:2] if part is not None)


def _service(relation: Relation, columns: Sequence[Column]) -> DraftService:
    schema, name, _ = relation
    usable = [column for column in columns if _NAME.fullmatch(column.name)]
    selectors = sorted(
        (column.name for column in usable if _identifies(column)),
        key=lambda one: -likeness(one, "national_id"),
    )
    # SQLite declares moments as text.
    dated = [one for one in usable if one.kind in ("date", "moment", "text", "unknown")]
    moments = [one.name for one in dated if _AS_OF.search(one.name)]
    own: dict[str, object] = {"from": name if schema is None else f"{schema}.{name}"}
    if selectors:
        own["where"] = {selectors[0]: "$selector"}
    word = re.sub(r"^(v|vw|view)_(sp_)?", "", name.lower()) or name.lower()
    return DraftService(
        name=word.replace("_", "-"),
        title=word.replace("_", " ").capitalize(),
        columns=tuple(_column(column) for column in usable),
        selectors=tuple(selectors),
        own=own,
        as_of=moments[0] if moments else None,
    )


def _identifies(column: Column) -> bool:
    likely = likeness(column.name, "national_id") > 0 or _IDENTIFIER.search(column.name) is not None
    return likely and column.kind in ("text", "integer", "decimal", "other", "unknown")


def _column(column: Column) -> DraftColumn:
    listed = _ENUM.match(column.declared)
    codes = tuple(code.replace("''", "'") for code in _ENUM_VALUE.findall(listed[1])) if listed else ()
    kind: ColumnType = _TYPES.get(column.kind, "unknown")
    if column.declared.lower() in ("tinyint(1)", "bit(1)"):
        kind = "boolean"
    return DraftColumn(column.name, kind, column.declared, codes)


def _written(origin: str, dsn: str) -> tuple[str, Mapping[str, str]]:
    """The URL for the file, without its password, and what the secret must hold."""
    if origin != dsn:
        return origin, {}
    url = make_url(dsn)
    if url.password is None:
        return origin, {}
    literal = url.set(password="PASSWORD").render_as_string(hide_password=False)  # noqa: S106 - a mark
    text = literal.replace(":PASSWORD@", f":${{secret:{_PASSWORD}}}@", 1)
    if quote(str(url.password), safe="") in text:
        raise ConfigurationError(
            "the password stands in the URL twice; write ${secret:DB_PASSWORD} in its place"
        )
    return text, {_PASSWORD: f"the password of {url.username} for this database"}


def _remarks(
    dialect: Dialect, relations: Sequence[Relation], columns: Mapping[Relation, Sequence[Column]]
) -> Iterator[str]:
    tables = [one for one in relations if not one[2]]
    if tables:
        shown = ", ".join(_shown(one) for one in tables[:20]) + (" and more" if len(tables) > 20 else "")
        yield f"tables are left out, since their owner has published no view of them: {shown}"
        schema, name, _ = tables[0]
        source = ".".join(dialect.name(part) for part in (schema, name) if part is not None)
        view = f"v_sp_{name.lower()}"
        yield (
            "to publish one, its owner writes a view of the columns that are needed and no others: "
            + _PUBLISH.format(view=view, source=source)
        )
    odd = [_shown(one) for one in relations if one[2] and not _usable(one)]
    if odd:
        yield "views whose names are not plain are left out; publish them under another name: " + ", ".join(
            odd
        )
    for one, found in columns.items():
        names = [column.name for column in found if not _NAME.fullmatch(column.name)]
        if names:
            yield f"{_shown(one)}: columns whose names are not plain are left out: " + ", ".join(names)


def _shown(relation: Relation) -> str:
    return ".".join(part for part in relation[:2] if part is not None)
