"""After a crash: what began and has no outcome is closed as unknown, once, and only when it is surely dead."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.case import Case
from audit.entry import Entry
from audit.log import AuditLog
from audit.note import Signer
from audit.pending import PendingEntry
from audit.store_sqlite import SqliteStore
from gateway.exchange.recovery import _STILL_RUNNING_S, LOOK_BACK_S, close_unfinished
from gateway.storage.migrate import migrate
from schemas.exchange_id import new_exchange_id
from schemas.statement import LIFETIME_S, SKEW_S

_SIGNER = Signer("isthmus/LM/GOV/NIA/gw1", Ed25519PrivateKey.generate())
OLD = _STILL_RUNNING_S + 5
YOUNG = _STILL_RUNNING_S - 5
SIDES = pytest.mark.parametrize(("kind", "side"), [("accepted", "answering"), ("sent", "asking")])


@pytest.fixture
async def log(tmp_path: Path):
    """An empty log, on the schema that a gateway has."""
    await migrate(f"sqlite:///{tmp_path / 'log.db'}")
    log = AuditLog(SqliteStore(tmp_path / "log.db"), _SIGNER, os.urandom(32))
    await log.open()
    yield log
    await log.close()


async def _begin(log: AuditLog, age: float, kind="accepted", side="answering", exchange: str = "") -> Entry:
    exchange = exchange or new_exchange_id()
    entry = Entry(
        kind=kind, side=side, id=exchange, ts=int(time.time() - age), cid=exchange,
        client="LM/GOV/MSW/cash-transfer", service="LM/GOV/NIA/identity/person",
        purpose="social-assistance.eligibility", basis="public_task", req="the-digest", fed=7,
    )  # fmt: skip
    await log.append(PendingEntry(entry, Case(subjects=("tag",), request="jws")))
    return entry


async def _entries(log: AuditLog, exchange: str) -> list[Entry]:
    return [logged.entry for logged in await log.reader.exchange(exchange)]


@SIDES
async def test_close__began_long_ago__outcome_unknown_with_the_particulars(log, kind, side):
    """Both sides' logs say that nobody knows; the outcome names the same exchange, and has no case."""
    begun = await _begin(log, OLD, kind, side)
    before = int(time.time())
    assert await close_unfinished(log) == 1
    _, outcome = await _entries(log, begun.id)
    assert (outcome.kind, outcome.side, outcome.result) == ("outcome", side, "outcome_unknown")
    assert outcome.reasons == ("gateway.restarted",)
    assert outcome.case is None
    assert outcome.ts >= before
    for member in ("cid", "client", "service", "purpose", "basis", "req", "fed"):
        assert getattr(outcome, member) == getattr(begun, member)


@SIDES
async def test_close__may_still_be_running__left_alone(log, kind, side):
    """A node that starts does not end what another one is carrying out."""
    begun = await _begin(log, YOUNG, kind, side)
    assert await close_unfinished(log) == 0
    assert len(await _entries(log, begun.id)) == 1


def test_limit__is_longer_than_any_statement_counts():
    """What is closed can neither arrive nor be answered any more."""
    assert _STILL_RUNNING_S > LIFETIME_S + 2 * SKEW_S


async def test_close__repeated__adds_nothing(log):
    """Every start and every minute looks again: an exchange gets one outcome."""
    begun = await _begin(log, OLD)
    assert [await close_unfinished(log) for _ in range(3)] == [1, 0, 0]
    assert len(await _entries(log, begun.id)) == 2


async def test_close__has_its_outcome__left_alone(log):
    """An exchange that ended stays as it ended."""
    begun = await _begin(log, OLD)
    await _begin(log, OLD, "outcome", "answering", begun.id)
    assert await close_unfinished(log) == 0


async def test_close__only_the_other_side_ended__this_side_is_closed(log):
    """Where one gateway hosts both, each side has an outcome of its own."""
    begun = await _begin(log, OLD, "sent", "asking")
    await _begin(log, OLD, "outcome", "answering", begun.id)
    assert await close_unfinished(log) == 1
    assert [entry.side for entry in await _entries(log, begun.id)] == ["asking", "answering", "asking"]


async def test_close__older_than_the_look_back__not_looked_for(log):
    """The search at every start is bounded."""
    await _begin(log, LOOK_BACK_S + 60)
    assert await close_unfinished(log) == 0


async def test_close__many_and_mixed__each_old_one_once(log):
    """Old and young, both sides: exactly the old ones are closed."""
    old = [await _begin(log, OLD, *pair) for pair in (("accepted", "answering"), ("sent", "asking")) * 5]
    young = [await _begin(log, YOUNG) for _ in range(3)]
    assert await close_unfinished(log) == len(old)
    assert [len(await _entries(log, entry.id)) for entry in old + young] == [2] * 10 + [1] * 3
