"""The door at which systems call: bounds, refusals, durable and sealed events, DCI end to end."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.inbox import MemoryInbox
from adapters.kinds.dci.reader import Dci
from adapters.kinds.webhook.reader import Webhook
from adapters.receiving import Receiver, receiver_of
from audit.store_sqlite import SqliteStore
from gateway.app.staged_events import StagedEvents, forget_source_events
from gateway.doors.clients import Clients
from gateway.doors.source_events import PER_SECOND, SourceEventsDoor
from gateway.storage.migrate import migrate
from gateway.trust.meters import Meters
from schemas.outcome import Match
from tests.unit.adapters.kinds.dci.dci_source import Registry, ack, answer_to, fetch, person, source_in
from tests.unit.adapters.kinds.webhook.test_events import birth, signed
from tests.unit.adapters.kinds.webhook.test_notify import call_of, content, entry, head, notify_source, signer
from tests.unit.adapters.kinds.webhook.webhook_source import webhook_source

CASE_KEY = os.urandom(32)
ASYNC = "mode: async\nsender_uri: https://us.example/v1/sources/registry/events"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A gateway's database with its tables."""
    await migrate(f"sqlite:///{tmp_path / 'gateway.db'}")
    opened = SqliteStore(tmp_path / "gateway.db")
    await opened.open()
    yield opened
    await opened.close()


def door_of(receivers: Mapping[str, Receiver]) -> SourceEventsDoor:
    """The door before these sources."""
    return SourceEventsDoor(receivers, Clients({}, None), Meters(), "LM/GOV/CRO/gw")  # type: ignore[arg-type]


async def call(
    door: SourceEventsDoor,
    body: bytes = b"",
    path: str = "/v1/sources/crvs/events",
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    query: str = "",
) -> tuple[int, bytes]:
    """Status and body of one request."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": raw}
    await door(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


def webhook_door(tmp_path: Path, store: SqliteStore) -> tuple[SourceEventsDoor, Webhook]:
    """A door before a source that pushes into a database."""
    source = webhook_source(tmp_path)
    kind = Webhook(source, StagedEvents(store, source.id, CASE_KEY))
    receiver = receiver_of(source, kind)
    assert receiver is not None
    return door_of({source.id: receiver}), kind


async def test_event__acknowledged__is_in_the_database_sealed_and_once(
    tmp_path: Path, store: SqliteStore
) -> None:
    """204 means kept; nothing of the person stands in the database, and a second delivery adds no row."""
    door, _ = webhook_door(tmp_path, store)
    event = signed(birth(nid="1000000017"))
    assert await call(door, event.body, headers=event.headers) == (204, b"")
    assert await call(door, event.body, headers=event.headers) == (204, b"")
    with closing(sqlite3.connect(tmp_path / "gateway.db")) as database:
        rows = database.execute("SELECT * FROM source_event").fetchall()
    assert len(rows) == 1
    kept = b"".join(v if isinstance(v, bytes) else str(v).encode() for v in rows[0])
    assert b"1000000017" not in kept
    assert b"Ilva" not in kept
    assert b"B-1" not in kept


async def test_event__after_a_restart__still_answers_until_it_is_over(
    tmp_path: Path, store: SqliteStore
) -> None:
    """Another process of the gateway finds what this one acknowledged; upkeep forgets what is over."""
    door, _ = webhook_door(tmp_path, store)
    event = signed(birth())
    await call(door, event.body, headers=event.headers)
    _, again = webhook_door(tmp_path, store)
    assert await again.health() is None
    newest = await StagedEvents(store, "crvs", CASE_KEY).newest()
    assert newest is not None
    assert await forget_source_events(store, newest + 29 * 86400) == 0
    assert await forget_source_events(store, newest + 31 * 86400) == 1
    assert await again.health() is not None


async def test_event__other_source_same_tag__is_not_found(tmp_path: Path, store: SqliteStore) -> None:
    """Each source has a key of its own, so that tags of two sources cannot be joined."""
    one, other = (StagedEvents(store, name, CASE_KEY) for name in ("crvs", "other"))
    assert one.key != other.key
    door, _ = webhook_door(tmp_path, store)
    event = signed(birth())
    await call(door, event.body, headers=event.headers)
    assert await other.newest() is None


async def test_event__unsigned__401_problem_and_a_metric(tmp_path: Path, store: SqliteStore) -> None:
    """A problem that quotes nothing; counted by source."""
    door, _ = webhook_door(tmp_path, store)
    status, body = await call(door, birth(nid="1000000017"))
    assert status == 401
    assert b"1000000017" not in body
    assert json.loads(body)["status"] == 401
    assert b'isthmus_source_events_total{result="refused",source="crvs"} 1.0' in door.meters.text()


async def test_event__header_given_twice__is_refused(tmp_path: Path, store: SqliteStore) -> None:
    """Two signatures are none."""
    door, _ = webhook_door(tmp_path, store)
    event = signed(birth())
    doubled = {**event.headers, "X-Signature": event.headers["x-signature"]}
    assert (await call(door, event.body, headers=doubled))[0] == 401


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/sources/nobody/events", b"{}", 404),
        ("/v1/sources/crvs", b"{}", 404),
        ("/v1/sources/crvs/events/x", b"{}", 404),
        ("/v1/sources/crvs/events", b" " * 5000, 413),
    ],
)
async def test_call__unknown_or_too_large__is_refused_before_it_is_read(
    tmp_path: Path, store: SqliteStore, path: str, body: bytes, status: int
) -> None:
    """Unknown sources are all the same 404; bodies are bounded by the source's `max_bytes`."""
    door, _ = webhook_door(tmp_path, store)
    assert (await call(door, body, path))[0] == status


async def test_call__too_many_in_a_second__are_told_to_come_back(tmp_path: Path, store: SqliteStore) -> None:
    """A flood of calls costs no signatures and no rows."""
    door, _ = webhook_door(tmp_path, store)
    statuses = [(await call(door, b"{}"))[0] for _ in range(PER_SECOND * 3)]
    assert 429 in statuses


async def test_event__cannot_be_kept__is_not_acknowledged(tmp_path: Path, store: SqliteStore) -> None:
    """When the database fails the sender hears a 503 and sends again; nothing personal is told."""
    door, kind = webhook_door(tmp_path, store)
    event = signed(birth(nid="1000000017"))

    async def fails(_: Any) -> bool:
        raise OSError("1000000017")

    kind._events.keep = fails  # type: ignore[method-assign]
    status, body = await call(door, event.body, headers=event.headers)
    assert status == 503
    assert b"1000000017" not in body


async def test_dci__asynchronous_search__is_answered_through_the_door(tmp_path: Path) -> None:
    """ACK, then the registry posts its answer to our door, which acknowledges it; the waiting search gets it."""
    inbox, source = MemoryInbox(), source_in(tmp_path, ASYNC)
    replies: list[asyncio.Task[tuple[int, bytes]]] = []
    doors: list[SourceEventsDoor] = []

    def reply(_: str, question: Any) -> Any:
        body = json.dumps(answer_to(question, [person()])).encode()
        path = f"/v1/sources/{source.id}/events"
        replies.append(asyncio.get_running_loop().create_task(call(doors[0], body, path)))
        return ack()

    registry = Registry(reply)
    kind: Dci = registry.kind(source, inbox)
    receiver = receiver_of(source, kind)
    assert receiver is not None
    doors.append(door_of({source.id: receiver}))
    outcome = await fetch(source, registry, inbox=inbox, kind=kind)
    assert isinstance(outcome, Match), outcome
    status, body = await replies[0]
    assert (status, json.loads(body)["message"]["ack_status"]) == (200, "ACK")
    status, body = await call(doors[0], b"{}", f"/v1/sources/{source.id}/events")
    assert (status, json.loads(body)["message"]["ack_status"]) == (400, "ERR")


async def test_dci__notify__is_acknowledged_when_it_is_in_the_database(
    tmp_path: Path, store: SqliteStore
) -> None:
    """ACK means kept, sealed and once; when the database fails there is none; a forged message is a 401."""
    source = notify_source(tmp_path)
    kind = Webhook(source, StagedEvents(store, source.id, CASE_KEY))
    receiver = receiver_of(source, kind)
    assert receiver is not None
    door = door_of({source.id: receiver})
    events = content(entry(nid="1000000017"), entry("r-2", "1000000025"))
    for _ in range(2):
        status, body = await call(door, call_of(head(), events).body)
        assert (status, json.loads(body)["message"]["ack_status"]) == (200, "ACK")
    with closing(sqlite3.connect(tmp_path / "gateway.db")) as database:
        rows = database.execute("SELECT * FROM source_event").fetchall()
    assert len(rows) == 2
    assert "1000000017" not in repr(rows)
    status, body = await call(door, call_of(head(), events, signer("stranger")).body)
    assert (status, json.loads(body)["message"]["error"]["code"]) == (401, "err.signature.invalid")

    async def fails(_: Any) -> bool:
        raise OSError("1000000017")

    kind._events.keep = fails  # type: ignore[method-assign]
    status, body = await call(door, call_of(head(message_id="m-2"), events).body)
    assert status == 503
    assert b"1000000017" not in body


def test_dci__synchronous_source__takes_no_calls(tmp_path: Path) -> None:
    """A source that never asks for a callback has no door."""
    source = source_in(tmp_path)
    assert receiver_of(source, Dci(source)) is None
