"""Offline fixtures: a raw answer, and the outcome it must give, through the whole adapter.

`fixtures/<source>.yaml` beside a source file holds cases. For `rest` and `dci` a case gives an HTTP
answer; `{transaction_id}` and `{reference_id}` in its text become those of the question. For `sql`
a case gives the rows of the view, which are put into a temporary SQLite database. The people in
fixtures are invented, so results may show values.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from adapters.contract import Query
from adapters.kinds import Kind
from adapters.opening import open_source
from adapters.source import RecordService, Source, SqlAsk, SqlConnection
from adapters.source_file import load_source
from adapters.yaml_lines import load
from schemas.errors import ConfigurationError
from schemas.outcome import Outcome
from schemas.record import Subject

_OUTCOME: Final = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class FixtureResult:
    """How one case went; `differs` says what was other than expected, and is empty when it passed."""

    case: str
    differs: str

    @property
    def passed(self) -> bool:
        """Whether the outcome was the expected one."""
        return not self.differs


async def run_fixtures(path: Path) -> list[FixtureResult]:
    """Run all fixtures of a source file, without network, secrets or environment.

    Raises:
        ConfigurationError: the source file is wrong, or it has no fixtures.
    """
    source = load_offline(path)
    cases = load(path.parent / "fixtures" / path.name).value["cases"]
    return [FixtureResult(case["name"], await _differs(source, case)) for case in cases]


def load_offline(path: Path) -> Source:
    """Load a source file with placeholders for its secrets and variables."""
    kind = load(path).value.get("kind")
    placeholder = "sqlite:///unused.db" if kind == "sql" else "https://source.example"
    return load_source(path, _AnySecret(), _AnyVariable(placeholder))


async def _differs(source: Source, case: Mapping[str, Any]) -> str:
    service = source.record_service(case["service"])
    (kind, value), *_ = case["given"].items()
    query = Query(service.name, Subject(kind, value), service.fields)
    if isinstance(source.connection, SqlConnection):
        with TemporaryDirectory() as folder:
            outcome = await _ask(_staged(source, service, case["rows"], Path(folder)), query, None)
    else:
        outcome = await _ask(source, query, _replaying(source, case))
    return _difference(case["expect"], outcome)


async def _ask(source: Source, query: Query, kind: Kind | None) -> Outcome:
    adapter = open_source(source, kind=kind)
    await adapter.open()
    try:
        return await adapter.fetch(query)
    finally:
        await adapter.close()


def _difference(expected: Mapping[str, Any], outcome: Outcome) -> str:
    told = {field.name: getattr(outcome, field.name) for field in fields(outcome)}
    told["outcome"] = outcome_name(outcome)
    differs = [
        f"{name} is {told.get(name)!r}, expected {value!r}"
        for name, value in expected.items()
        if told.get(name) != value
    ]
    cause = [f"because {told['cause']}"] if differs and "cause" in told else []
    return "; ".join(differs + cause)


def outcome_name(outcome: Outcome) -> str:
    """An outcome's class as the YAML files write it: `not_found`, `denied_by_source`."""
    return _OUTCOME.sub("_", type(outcome).__name__).lower()


def _replaying(source: Source, case: Mapping[str, Any]) -> Kind:
    """The source's own kind, over a network that gives the case's answer."""
    answer = case["answer"]

    def reply(request: httpx.Request) -> httpx.Response:
        asked = case.get("asks")
        if asked is not None and asked != f"{request.method} {request.url.raw_path.decode()}":
            return httpx.Response(599)
        body = answer.get("body", "")
        text = body if isinstance(body, str) else json.dumps(body)
        for name, value in _identifiers(request):
            text = text.replace(f"{{{name}}}", value)
        headers = {"Content-Type": "application/json", **answer.get("headers", {})}
        return httpx.Response(answer.get("status", 200), headers=headers, stream=_Body(text.encode()))

    return _with_transport(replace(source, limits=replace(source.limits, retries=0)), reply)


def _with_transport(source: Source, reply: Callable[[httpx.Request], httpx.Response]) -> Kind:
    from adapters.kinds.dci import Dci
    from adapters.kinds.rest import Rest

    transport = httpx.MockTransport(reply)
    return Rest(source, transport) if source.kind == "rest" else Dci(source, transport)


def _identifiers(request: httpx.Request) -> Iterator[tuple[str, str]]:
    """What a DCI answer must repeat of its question."""
    message = json.loads(request.content).get("message", {}) if request.content else {}
    if "search_request" in message:
        yield "transaction_id", message["transaction_id"]
        yield "reference_id", message["search_request"][0]["reference_id"]


def _staged(source: Source, service: RecordService, rows: list[dict[str, Any]], folder: Path) -> Source:
    """The source over a temporary SQLite database that holds the case's rows."""
    ask = service.ask
    if not isinstance(ask, SqlAsk):
        raise ConfigurationError(f"service {service.name} does not read a database view")
    view = ask.view.rpartition(".")[2]
    columns = sorted(service.rules.all_columns | set(ask.where.values()))
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" for _ in columns)
    with closing(sqlite3.connect(folder / "source.db")) as database, database:
        database.execute(f'CREATE TABLE "rows" ({names})')
        database.executemany(
            f'INSERT INTO "rows" VALUES ({marks})',  # noqa: S608 - marks only
            [[row.get(name) for name in columns] for row in rows],
        )
        database.execute(f'CREATE VIEW "{view}" AS SELECT * FROM "rows"')  # noqa: S608 - checked by the schema
    staged = replace(service, ask=replace(ask, view=view))
    return replace(
        source,
        connection=SqlConnection(f"sqlite:///{folder / 'source.db'}"),
        services={service.name: staged},
    )


class _Body(httpx.AsyncByteStream):
    """A body that is read once, as from a network."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


class _AnySecret:
    """A placeholder for every secret."""

    def get(self, name: str) -> str | None:
        return f"offline-{name.lower()}"


class _AnyVariable(dict[str, str]):
    """The same placeholder for every variable."""

    def __init__(self, value: str) -> None:
        super().__init__()
        self._value = value

    def get(self, _name: str, _default: Any = None) -> Any:
        return self._value
