"""Recorded rows: a fixture's rows of the view, in a temporary SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.kinds import Kind
from adapters.kinds.sql.form import SqlAsk, SqlConnection
from adapters.kinds.sql.reader import Sql
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`; the source then reads a database in `folder`."""
    service = source.record_service(case["service"])
    ask = service.ask
    if not isinstance(ask, SqlAsk):
        raise ConfigurationError(f"service {service.name} does not read a database view")
    view = ask.view.rpartition(".")[2]
    columns = sorted(service.rules.all_columns | set(ask.where))
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" for _ in columns)
    with closing(sqlite3.connect(folder / "source.db")) as database, database:
        database.execute(f'CREATE TABLE "rows" ({names})')
        database.executemany(
            f'INSERT INTO "rows" VALUES ({marks})',  # noqa: S608 - marks only
            [[row.get(name) for name in columns] for row in case["rows"]],
        )
        database.execute(f'CREATE VIEW "{view}" AS SELECT * FROM "rows"')  # noqa: S608 - checked by the schema
    staged = replace(
        source,
        connection=SqlConnection(f"sqlite:///{folder / 'source.db'}"),
        services={service.name: replace(service, ask=replace(ask, view=view, fingerprint=None))},
    )
    return staged, Sql(staged)


def recorded(source: Source, service: RecordService, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A case's own members for rows of a live view, already redacted."""
    del source, service
    return {"rows": list(rows)}
