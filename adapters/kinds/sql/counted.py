"""The codes in a view's columns, counted by the database, for `isthmus codes unmapped`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.code_survey import Counted
from adapters.kinds.sql.dialects.dialect import Dialect, Statement
from adapters.kinds.sql.form import SqlAsk, SqlConnection
from adapters.kinds.sql.pool import Pool
from adapters.kinds.sql.views import View, look_up
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError, SourceUnavailable

_MAX_BYTES = 2**20


async def counted(
    source: Source, service: RecordService, columns: Sequence[str], most: int
) -> Mapping[str, Counted]:
    """As `Counting`; each column is one grouped query, so no two columns of a row come together.

    Raises:
        ConfigurationError: the view lacks a column.
        SourceUnavailable: the database gives no answer.
    """
    if not isinstance(source.connection, SqlConnection) or not isinstance(service.ask, SqlAsk):
        raise ConfigurationError(f"service {service.name} of source {source.id} is not asked by SQL")
    dialect = source.connection.dialect(source.limits)
    pool = Pool(dialect, 1)
    try:
        wanted = service.ask.view
        view = await pool.run(lambda session: look_up(dialect, session, wanted))
        if view is None:
            raise ConfigurationError(f"`{wanted}` is not a database view; correct `from:`, or publish one")
        return {name: await _column(dialect, pool, view, name, most) for name in columns}
    except dialect.errors as error:
        raise SourceUnavailable(f"the database gives no answer: {dialect.unanswered(error).cause}") from None
    except OSError:  # TimeoutError is one
        raise SourceUnavailable("the database cannot be reached") from None
    finally:
        await pool.close()


async def _column(dialect: Dialect, pool: Pool, view: View, name: str, most: int) -> Counted:
    column = view.column(name)
    if column is None:
        raise ConfigurationError(f"view `{view.name}` has no column {name}; correct the mapping or the view")
    written = dialect.name(column.name)
    rest = f"FROM {dialect.source(view)} GROUP BY {written} ORDER BY 2 DESC"
    statement = Statement(dialect.limited(f"{written}, COUNT(*)", rest, most), ())
    rows = await pool.run(lambda session: session.rows(statement, (), _MAX_BYTES))
    return [(row[0], int(row[1])) for row in rows]
