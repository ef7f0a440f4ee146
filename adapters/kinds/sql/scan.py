"""All rows of a service's view, in batches, for `isthmus source quality`.

One query over a read-only connection of its own. What may be large (`Column.large`) is measured at
the database and left out where it is longer than a batch can hold: the record then lacks it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Final

from adapters.kinds.sql.dialects.dialect import Dialect, Session, Statement, TooLarge
from adapters.kinds.sql.form import SqlConnection
from adapters.kinds.sql.views import Fitted, ask_of, fit, look_up
from adapters.quality.scanning import Batch
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError, SourceUnavailable

_ROWS: Final = 500
_LONGEST: Final = 8192


def compared(service: RecordService) -> Mapping[str, str]:
    """As `Scanner.compared`."""
    return {part: column for column, part in ask_of(service).where.items()}


async def scan(source: Source, service: RecordService) -> AsyncGenerator[Batch]:
    """As `Scanner.scan`."""
    if not isinstance(source.connection, SqlConnection):
        raise ConfigurationError(f"source {source.id} has no database connection")
    dialect = source.connection.dialect(source.limits)
    try:
        session = await dialect.connect()
        try:
            fitted = await _fitted(dialect, session, source, service)
            names = tuple(sorted(fitted.columns))
            async with aclosing(session.batches(_every(dialect, fitted, names), _ROWS)) as batches:
                async for rows in batches:
                    yield Batch([dict(zip(names, row, strict=True)) for row in rows])
        finally:
            await session.close()
    except dialect.errors as error:
        raise SourceUnavailable(f"the database gives no answer: {dialect.unanswered(error).cause}") from None
    except TooLarge:
        raise SourceUnavailable("the records of the view are too large to be read") from None
    except OSError:  # TimeoutError is one
        raise SourceUnavailable("the database cannot be reached, or was too slow") from None
    finally:
        dialect.close()


async def _fitted(dialect: Dialect, session: Session, source: Source, service: RecordService) -> Fitted:
    wanted = ask_of(service)
    return fit(source.id, service, wanted, await look_up(dialect, session, wanted.view))


def _every(dialect: Dialect, fitted: Fitted, names: tuple[str, ...]) -> Statement:
    shown = []
    for name in names:
        column = fitted.columns[name]
        read = dialect.read(column)
        shown.append(
            f"CASE WHEN {dialect.size(column)} <= {_LONGEST} THEN {read} END" if column.large else read
        )
    return Statement(f"SELECT {', '.join(shown)} FROM {dialect.source(fitted.view)}", ())  # noqa: S608 - quoted names
