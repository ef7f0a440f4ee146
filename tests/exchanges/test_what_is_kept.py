"""What two gateways keep after exchanges about canaries: nothing of them in clear, in no file, no database."""

from __future__ import annotations

import asyncio
import sqlite3
from base64 import b64encode
from contextlib import AsyncExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg

from adapters.contract import Query
from gateway.app.hosting import open_sources
from gateway.consent.record import Frequency, Often
from gateway.settings import Settings, load
from gateway.trust.meters import Meters
from schemas.outcome import Match
from schemas.record import Subject
from tests.exchanges import consents
from tests.exchanges.hostile_peer import HostilePeer
from tests.exchanges.hostile_provider import FORGED, ask_band, hostile_provider, signed
from tests.exchanges.test_json_doors import ask_view
from tests.exchanges.test_xroad_door import CARD_TARGET, ask, ask_person
from tests.world import ABSENT, CONSUMER, NAME, PERSON, PRESENT, PROVIDER, RELIEF, RESTRICTED, World

USER = "canary-officer-7"
_TEXTS = (PRESENT, RESTRICTED, ABSENT, NAME, "Ofsubject", "1980-05-17", "canarydistrict", USER, FORGED)
_CANARIES = {
    form
    for text in _TEXTS
    for form in (
        text.encode(),
        text.encode("utf-16-le"),
        b64encode(text.encode()).rstrip(b"="),
        sha256(text.encode()).digest(),
        sha256(text.encode()).hexdigest().encode(),
    )
}


def _found(content: bytes) -> set[bytes]:
    return {canary for canary in _CANARIES if canary in content}


def _dump_file(path: Path) -> bytes:
    """Every value of every table, also what has not left the WAL yet."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = [row for name in tables for row in connection.execute(f'SELECT * FROM "{name}"')]
    connection.close()
    return _joined(rows)


async def _dump_schema(url: str) -> bytes:
    """Every value of every table of a gateway's schema."""
    connection = await asyncpg.connect(url)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    rows = [tuple(row) for (name,) in tables for row in await connection.fetch(f'SELECT * FROM "{name}"')]
    await connection.close()
    return _joined(rows)


def _joined(rows: list[tuple[Any, ...]]) -> bytes:
    assert rows, "there is nothing to look at"
    return b"\n".join(v if isinstance(v, bytes) else str(v).encode() for row in rows for v in row)


def _dump(world: World, gateway: str) -> bytes:
    """All that a gateway's database holds, wherever it is."""
    url = world.databases.get(gateway)
    return world.run(_dump_schema(url)) if url else _dump_file(world.home(gateway) / "gateway.db")


def _exchange_in_every_way(world: World) -> None:
    user = {"X-Road-UserId": USER, "X-Road-Id": "label"}
    for subject in (PRESENT, RESTRICTED, ABSENT):
        ask_person(world, subject, "full_name", "birth_date", headers=user)
        ask_person(world, subject, client=RELIEF, headers=user)
        ask_view(world, subject)
    ask(world, CARD_TARGET, headers=user)
    ask(world, CARD_TARGET, method="POST", body=NAME.encode(), headers=user)
    world.upstream.reply = b""
    ask(world, CARD_TARGET, headers=user)
    HostilePeer(world).ask()
    HostilePeer(world).ask(body=b'{"subject":"' + NAME.encode() + b'"}')
    with hostile_provider(world, signed):
        ask_band(world)
    ask_band(world)
    for issuer in (consents.LOCAL, consents.REMOTE):
        given = consents.give(world, issuer, frequency=Frequency(Often.ONCE))
        assert consents.answered(consents.ask(world, given.token))
        consents.withdraw(world, given)


def test_kept__after_every_kind_of_exchange__no_canary_in_clear(world):
    """Files, databases, write-ahead logs and operators' logs of both gateways hold no subject, no name, no
    user, no value: not in clear, not in base64, and not as a digest that anybody could guess."""
    _exchange_in_every_way(world)
    looked_at = 0
    for gateway in (PROVIDER, CONSUMER):
        for path in sorted(world.home(gateway).rglob("*")):
            if path.is_file():
                looked_at += 1
                assert _found(path.read_bytes()) == set(), path
        kept = _dump(world, gateway)
        assert _found(kept) == set(), gateway
        assert PERSON.encode() in kept, "the scan read another database"
    assert _found(world.log_file.read_bytes()) == set()
    assert looked_at > 30


_DROPPED = """\
id: dropped
title: People in files
kind: file
owner: {ministry: Interior}
subsystem: LM/GOV/NIA/identity
connection:
  drop: {folder: drop}
  files:
    people:
      name: people.csv
      format: {kind: csv, encoding: utf-8, delimiter: ","}
      finished: renamed
      as_of: modified
services:
  dropped-person:
    title: Person
    canonical: person/1
    subject: {national_id: {pattern: "[0-9]+"}}
    from: people
    where: {NID: $national_id}
    map:
      national_id: {from: NID, to: text}
      full_name: {from: NAME, to: text}
"""


async def _stage(settings: Settings, present: str) -> Match:
    """Open the sources as a gateway does, until the dropped file is staged; ask about one person."""
    async with AsyncExitStack() as stack:
        adapter = (await open_sources(settings, stack, Meters())).adapters["dropped"]
        for _ in range(200):
            if await adapter.health() is None:
                break
            await asyncio.sleep(0.05)
        outcome = await adapter.fetch(
            Query("dropped-person", Subject("national_id", present), ("full_name",))
        )
        assert isinstance(outcome, Match), outcome
        return outcome


def test_kept__a_dropped_file_is_staged__no_canary_in_clear(world, tmp_path):
    """What an owner drops is staged at its own gateway, sealed with its own case key: neither names nor
    numbers, nor digests that anybody could guess."""
    sources, staging = tmp_path / "sources", tmp_path / "staging"
    (sources / "drop").mkdir(parents=True)
    (sources / "dropped.yaml").write_text(_DROPPED)
    (sources / "drop" / "people.csv").write_text(f"NID,NAME,BORN\n{PRESENT},{NAME},1980-05-17\n")
    settings = load(world.sandbox.settings[PROVIDER])
    settings = settings.model_copy(update={"sources": sources, "staging": staging})

    assert world.run(_stage(settings, PRESENT)).record == {"full_name": NAME}
    kept = [path for path in staging.rglob("*") if path.is_file()]
    assert {path.name for path in kept} == {"people.staged", "state.json", "lock"}
    for path in kept:
        assert _found(path.read_bytes()) == set(), path
        assert path.stat().st_mode & 0o077 == 0, path


def test_kept__the_scan_itself_can_fail(world):
    """The scan finds a canary where there is one: in the source's own database."""
    assert _found(_dump_file(world.people)) >= {PRESENT.encode(), NAME.encode()}
    assert _found(world.people.read_bytes())


def test_kept__the_exchange_left_what_it_should(world):
    """The same run left sealed cases, which the owner can open."""
    reply = ask_person(world)
    reader = world.node(PROVIDER).log.reader
    logged = world.run(reader.exchange(reply.headers["isthmus-receipt"]))[-1]
    case = world.run(reader.case(logged.index))
    assert case.subjects
    assert case.request
    assert case.answer
