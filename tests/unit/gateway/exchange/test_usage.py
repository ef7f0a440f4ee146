"""Quotas and repeats: no more than agreed, on all nodes together."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from audit.case import Case
from audit.entry import Entry
from audit.errors import AuditUnavailable as LogUnavailable
from audit.pending import PendingEntry
from gateway.exchange.under_way import NOTHING_TAKEN, Exchange
from gateway.exchange.usage import FREE_RETRIES, Usage
from schemas.agreement import AgreedService, Agreement, Allowance
from schemas.errors import AuditUnavailable
from schemas.exchange_id import new_exchange_id
from schemas.identifiers import ServiceId, SubsystemId
from schemas.record import Subject
from schemas.statement import BodyDigest, HeadDigest, RequestStatement
from tests.unit.gateway.exchange.conftest import NewNode, NodeParts

CLIENT, SERVICE = SubsystemId.parse("LM/GOV/MSW/cash-transfer"), ServiceId.parse("LM/GOV/NIA/identity/person")
HOUR, DAY = 3_600, 86_400
NOW = 20_000 * DAY + 5 * HOUR + 60
SOMEBODY, ANOTHER = Subject("national_id", "7310000001"), Subject("national_id", "7310000002")


def exchange(quota: tuple[Allowance, ...] = (), repeats: Allowance | None = None, **members: Any) -> Exchange:
    identifier = new_exchange_id()
    statement = RequestStatement(
        id=identifier, cid=identifier, retry_of=None, iss=str(CLIENT), gw="LM/GOV/MSW/gw1", aud=str(SERVICE),
        to="LM/GOV/NIA/gw1", purpose="p", purpose_source="client", basis="public_task", consent=None, user=None,
        represents=None, issue=None, head=HeadDigest.of(b""), body=BodyDigest.of(b"", ""), iat=NOW, exp=NOW + 60,
        snapshot=1,
    )  # fmt: skip
    terms = AgreedService(SERVICE, ("p",), ("public_task",), quota=quota, repeats=repeats)
    agreement = Agreement("a", 1, CLIENT, SERVICE.provider, "active", 0, 2**40, (terms,))
    return Exchange(replace(statement, **members), "jws", 1, agreement=agreement, subject_tag="tag")


def usage_of(node: NodeParts) -> Usage:
    return Usage(node.store, node.log.reader, node.tags)


def test_facts__no_allowance__the_database_is_not_touched() -> None:
    """An agreement without a quota costs nothing: no store is even there."""
    usage = Usage(None, None, None)  # type: ignore[arg-type]
    assert asyncio.run(usage.reserve(exchange(), SOMEBODY, NOW)) is NOTHING_TAKEN


async def test_reserve__two_nodes_at_once__no_more_than_the_quota(new_node: NewNode) -> None:
    """One conditional statement takes; two nodes never take the same one."""
    nodes = [usage_of(await new_node()) for _ in range(2)]
    asked = exchange((Allowance(7, DAY),))
    found = await asyncio.gather(*(nodes[n % 2].reserve(asked, SOMEBODY, NOW) for n in range(20)))
    assert sum(reserved.facts["quota_left"] for reserved in found) == 7
    assert all(reserved.facts["repeats_left"] for reserved in found)


async def test_give_back__not_used__another_may_take_it(new_node: NewNode) -> None:
    """What said nothing about a person does not count; giving back twice does not make more."""
    usage = usage_of(await new_node())
    asked = exchange((Allowance(1, DAY),))
    first = await usage.reserve(asked, SOMEBODY, NOW)
    for _ in range(2):
        await usage.give_back(first)
    assert (await usage.reserve(asked, SOMEBODY, NOW)).facts["quota_left"]
    assert not (await usage.reserve(asked, SOMEBODY, NOW)).facts["quota_left"]


async def test_reserve__every_quota_and_each_purpose__count_for_themselves(new_node: NewNode) -> None:
    """The tighter allowance decides; another purpose has its own; the next period begins anew."""
    usage = usage_of(await new_node())
    both = (Allowance(1, HOUR), Allowance(2, DAY))
    left = [(await usage.reserve(exchange(both), SOMEBODY, NOW)).facts["quota_left"] for _ in range(2)]
    assert left == [True, False]
    assert (await usage.reserve(exchange(both, purpose="q"), SOMEBODY, NOW)).facts["quota_left"]
    assert (await usage.reserve(exchange((Allowance(1, HOUR),)), SOMEBODY, NOW + HOUR)).facts["quota_left"]


async def test_reserve__repeats__per_subject_and_named_by_nobody(new_node: NewNode) -> None:
    """Another person has an own count; neither number nor tag stands in the table."""
    node = await new_node()
    usage = usage_of(node)
    asked = exchange(repeats=Allowance(1, DAY))
    left = [
        (await usage.reserve(asked, subject, NOW)).facts["repeats_left"]
        for subject in (SOMEBODY, SOMEBODY, ANOTHER)
    ]
    assert left == [True, False, True]
    kept = repr(await node.store.rows("SELECT scope, begins, ends, used FROM usage_count"))
    tag = await node.tags.tag("LM/GOV/NIA", SOMEBODY.type, SOMEBODY.value, NOW)
    assert SOMEBODY.value not in kept
    assert tag not in kept


async def test_purge__period_over__forgotten(new_node: NewNode) -> None:
    """Counters go with their period, not before."""
    usage = usage_of(await new_node())
    await usage.reserve(exchange((Allowance(1, DAY),)), SOMEBODY, NOW)
    assert await usage.purge(NOW) == 0
    assert await usage.purge(NOW + 2 * DAY) == 1


async def outcome_of(node: NodeParts, first: Exchange, **members: Any) -> None:
    """What the log holds of an answered exchange."""
    statement = first.statement
    entry = Entry(
        kind="outcome", side="answering", id=statement.id, ts=NOW, cid=statement.cid, client=statement.iss,
        service=statement.aud, purpose=statement.purpose, result="answered",
    )  # fmt: skip
    await node.log.append(PendingEntry(replace(entry, **members), Case(subjects=("tag",))))


async def test_retry__of_an_answered_exchange__counts_once_but_not_for_ever(new_node: NewNode) -> None:
    """Same client, service, purpose, conversation and subject: free, up to a bound."""
    node = await new_node()
    usage, quota = usage_of(node), (Allowance(1, DAY),)
    first = exchange(quota)
    await usage.reserve(first, SOMEBODY, NOW)
    await outcome_of(node, first)
    left = []
    for _ in range(FREE_RETRIES + 1):
        again = exchange(quota, retry_of=first.statement.id, cid=first.statement.cid)
        left.append((await usage.reserve(again, SOMEBODY, NOW)).facts["quota_left"])
    assert left == [True] * FREE_RETRIES + [False]


@pytest.mark.parametrize(
    ("logged", "claimed"),
    [
        ({"client": "LM/GOV/MSW/pension"}, {}), ({"service": "LM/GOV/NIA/identity/card"}, {}),
        ({"purpose": "q"}, {}), ({"cid": new_exchange_id()}, {}), ({"result": "failed"}, {}),
        ({"result": "refused", "reasons": ("purpose.not_agreed",)}, {}), ({"side": "asking"}, {}),
        ({"kind": "accepted"}, {}), ({"ts": NOW - 2 * HOUR}, {}), ({}, {"retry_of": new_exchange_id()}),
    ],
)  # fmt: skip
async def test_retry__that_is_none__counts(new_node: NewNode, logged: Any, claimed: Any) -> None:
    """Whoever says `retry_of` has to have been answered the same before: nothing is believed."""
    node = await new_node()
    usage, quota = usage_of(node), (Allowance(1, DAY),)
    first = exchange(quota)
    await usage.reserve(first, SOMEBODY, NOW)
    await outcome_of(node, first, **logged)
    members = {"retry_of": first.statement.id, "cid": first.statement.cid, **claimed}
    assert not (await usage.reserve(exchange(quota, **members), SOMEBODY, NOW)).facts["quota_left"]


async def test_retry__about_another_person__counts(new_node: NewNode) -> None:
    """One answered exchange does not open a second person."""
    node = await new_node()
    usage, quota = usage_of(node), (Allowance(1, DAY),)
    first = exchange(quota)
    await usage.reserve(first, SOMEBODY, NOW)
    await outcome_of(node, first)
    again = exchange(quota, retry_of=first.statement.id, cid=first.statement.cid)
    again.subject_tag = "another"
    assert not (await usage.reserve(again, ANOTHER, NOW)).facts["quota_left"]


async def test_reserve__database_down__nothing_is_answered(new_node: NewNode, monkeypatch) -> None:
    """What cannot be counted is not allowed."""
    node = await new_node()

    async def down(*_: object) -> int:
        raise LogUnavailable("disk full")

    monkeypatch.setattr(node.store, "execute", down)
    usage = usage_of(node)
    with pytest.raises(AuditUnavailable):
        await usage.reserve(exchange((Allowance(1, DAY),)), SOMEBODY, NOW)
