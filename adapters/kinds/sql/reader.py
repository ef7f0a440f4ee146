"""Kind `sql`: database views, read-only (DESIGN section 9; docs/adapters/sql.md).

The owner publishes a *database view* for social protection; a base table is refused, so that the
owner and not this file decides what can be seen. Only columns needed for the asked fields are
selected, every value is a bound parameter, every query is read-only and bounded in time, one row
more than allowed is fetched so that a second candidate is seen, and every row must hold the very
value that was asked for.

A database that is down does not keep a gateway from starting: the check that views and columns are
as declared then happens before the first question. Each look at its health checks again, and a
view that changed is not asked until it fits.

Drivers are spoken to directly: SQLAlchemy's share of a question would be larger than the rest. What
differs between databases is in `dialects/`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from adapters.kinds import Kind, Raw
from adapters.kinds.sql.dialects.dialect import Dialect, Row, Session, Statement, TooLarge, Value
from adapters.kinds.sql.form import SqlConnection
from adapters.kinds.sql.pool import Pool
from adapters.kinds.sql.statement import Question, ask, probe
from adapters.kinds.sql.views import Fitted, View, ask_of, fit, place
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError
from schemas.outcome import Misbehaving, Unanswered, Unavailable
from schemas.record import Subject

_MOST_QUESTIONS: Final = 256  # askers choose fields; what they choose is not kept without end


def new(source: Source) -> Kind:
    """The kind for a source."""
    return Sql(source)


class Sql(Kind):
    """Reads database views. Obligations: see `Kind`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._services = [item for item in source.services.values() if isinstance(item, RecordService)]
        self._dialect: Dialect | None = None
        self._pool: Pool | None = None
        self._checking = asyncio.Lock()
        self._views: Mapping[str, Fitted] | None = None
        self._last: Mapping[str, Fitted] = {}
        self._questions: dict[tuple[str, str, tuple[str, ...]], Question] = {}

    async def open(self) -> None:
        """As `Kind.open`."""
        connection = self._source.connection
        if not isinstance(connection, SqlConnection):
            raise ConfigurationError(f"source {self._source.id} has no database connection")
        self._dialect = connection.dialect(self._source.limits)
        self._pool = Pool(self._dialect, self._source.limits.concurrency)
        try:
            await self._check()
        except ConfigurationError:
            await self.close()
            raise
        except Exception as error:  # noqa: BLE001 - `_unanswered` raises what it does not know
            await self._unanswered(error)  # down: checked before the first question

    async def close(self) -> None:
        """As `Kind.close`."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: every view still fits, and this account may read it."""
        try:
            await self._look()
        except Exception as error:  # noqa: BLE001 - `_unanswered` raises what it does not know
            return await self._unanswered(error)
        return None

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`."""
        try:
            views = self._views or await self._check()
            question = self._question(service, subject.type, fields, views[service.name])
            return await self._ask(question, service.subject_values(subject))
        except Exception as error:  # noqa: BLE001 - `_unanswered` raises what it does not know
            return await self._unanswered(error)

    def fingerprints(self) -> Mapping[str, str]:
        """By service, the fingerprint of its view's columns in use, as last seen."""
        return {name: fitted.fingerprint for name, fitted in self._last.items()}

    async def _ask(self, question: Question, values: Mapping[str, str | int]) -> Raw:
        bound = [self._known().value(column, values[part]) for _, column, part in question.compared]
        rows = await self._rows(question.statement, bound)
        if not question.about(rows, values):
            return Misbehaving("the database answered with a row that is not about the one asked for")
        return question.records(rows)

    def _question(
        self, service: RecordService, subject_type: str, fields: tuple[str, ...], fitted: Fitted
    ) -> Question:
        key = (service.name, subject_type, fields)
        question = self._questions.get(key)
        if question is None:
            if len(self._questions) >= _MOST_QUESTIONS:
                self._questions.clear()
            parts = {part.name for part in service.subjects[subject_type].parts}
            where = {column: part for column, part in ask_of(service).where.items() if part in parts}
            names = service.rules.columns(fields) | set(where)
            limits = self._source.limits
            question = self._questions[key] = ask(
                self._known(),
                fitted.view,
                {name: fitted.columns[name] for name in names},
                where,
                (1 if service.shape == "record" else limits.max_rows) + 1,
                limits.max_bytes,
            )
        return question

    async def _check(self) -> Mapping[str, Fitted]:
        """What fits, looked up unless that has been done; many who wait look once."""
        async with self._checking:
            return self._views or await self._look()

    async def _look(self) -> Mapping[str, Fitted]:
        """Look every view up. Raises ConfigurationError by name, and then nothing is asked."""
        try:
            views = {service.name: await self._fitted(service) for service in self._services}
        except ConfigurationError:
            self._views = None
            raise
        if self._last != views:
            self._questions.clear()
        self._views = self._last = views
        return views

    async def _fitted(self, service: RecordService) -> Fitted:
        dialect = self._known()
        wanted = ask_of(service)
        schema, name = place(wanted.view)
        rows = await self._rows(*dialect.catalogue(schema, name))
        view = View(schema, name, tuple(dialect.column(row) for row in rows)) if rows else None
        last = self._last.get(service.name)
        fitted = fit(self._source.id, service, wanted, view, last)
        await self._rows(probe(dialect, fitted.view, fitted.columns), ())
        return fitted

    async def _rows(self, statement: Statement, values: Sequence[Value]) -> Sequence[Row]:
        if self._pool is None:
            raise ConnectionError("the source is not open")
        max_bytes = self._source.limits.max_bytes

        async def work(session: Session) -> Sequence[Row]:
            return await session.rows(statement, values, max_bytes)

        return await self._pool.run(work)

    def _known(self) -> Dialect:
        if self._dialect is None:
            raise ConnectionError("the source is not open")
        return self._dialect

    async def _unanswered(self, error: Exception) -> Unanswered:
        """What an error means; raises those that are not of a database."""
        if isinstance(error, ConfigurationError):
            return Misbehaving(error.detail)
        if isinstance(error, TooLarge):
            return Misbehaving(f"the answer is longer than {self._source.limits.max_bytes} bytes")
        if self._dialect is not None and isinstance(error, self._dialect.errors):
            outcome = self._dialect.unanswered(error)
        elif isinstance(error, TimeoutError):
            outcome = Unavailable("no connection to the database in time", timeout=True)
        elif isinstance(error, OSError):
            outcome = Unavailable("the database cannot be reached")
        else:
            raise error
        if isinstance(outcome, Misbehaving):
            self._views = None  # perhaps the view has changed: look again before the next question
        elif self._pool is not None:
            await self._pool.forget()
        return outcome
