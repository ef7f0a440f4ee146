"""`gateway.consent.store`: what is granted, renewed, withdrawn, and what stays of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from audit.errors import AuditUnavailable, LogDamaged
from gateway.consent.errors import ConsentError, NotPossible, UnfitConsent, UnknownConsent
from gateway.consent.record import Capacity, Frequency, Method, Notice, Often, Representative, State
from gateway.consent.store import Consents, Renewal
from gateway.consent.vault import ConsentVault
from schemas.identifiers import MemberId
from schemas.record import Subject
from tests.unit.gateway.consent.wishes import (
    DAY,
    GUARDIAN,
    ISSUER,
    NOTICE,
    NOW,
    PERSON,
    SERVICE,
    a_wish,
)

BY = "a-pseudonym"


async def test_grant__is_found_as_it_was_granted(consents: Consents) -> None:
    """Everything of a record survives its columns, people included."""
    wish = a_wish(
        service=SERVICE,
        frequency=Frequency(Often.PER_PERIOD, 2, DAY),
        representative=Representative(GUARDIAN, Capacity.GUARDIAN, NOW + DAY),
        method=Method.ASSISTED,
        officer="officer-1",
    )
    granted = await consents.grant(wish, by=BY, now=NOW)
    assert await consents.find(ISSUER, granted.id) == granted
    assert granted.wish == wish
    assert granted.ends_at == NOW + DAY


async def test_grant__is_one_entry_that_names_nobody(consents: Consents) -> None:
    """An act and its entry are one; the entry's clear part has no person in it."""
    granted = await consents.grant(a_wish(), by=BY, now=NOW)
    ((record,),) = await consents.store.rows("SELECT record FROM log_entry")
    assert b'"action":"consent.grant"' in record
    assert granted.tag.encode() not in record
    assert PERSON.value.encode() not in record


@pytest.mark.parametrize(
    "members",
    [
        {"valid_until": NOW},
        {"valid_until": NOW + 11 * 366 * DAY},
        {"fields": ()},
        {"fields": ("a", "a")},
        {"fields": ("A field",)},
        {"frequency": Frequency(Often.ONCE, 1, None)},
        {"frequency": Frequency(Often.PER_PERIOD)},
        {"frequency": Frequency(Often.PER_PERIOD, 1_001, DAY)},
        {"method": Method.ASSISTED},
        {"officer": "officer-1"},
        {"notice": Notice("", 1, "en")},
        {"service": replace(SERVICE, subsystem="registry")},
        {"representative": Representative(GUARDIAN, Capacity.LEGAL, NOW)},
    ],
)
async def test_grant__contradicts_itself__refused(consents: Consents, members: dict[str, object]) -> None:
    """What contradicts itself is neither recorded nor logged."""
    with pytest.raises(UnfitConsent):
        await consents.grant(a_wish(**members), by=BY, now=NOW)
    assert (await consents.log.reader.head()).size == 0


async def test_grant__about_a_token__refused(consents: Consents) -> None:
    """A token is kept nowhere, so no consent can be about one."""
    with pytest.raises(UnfitConsent):
        await consents.grant(a_wish(subject=Subject("access_token", "CANARY")), by=BY, now=NOW)
    assert (await consents.log.reader.head()).size == 0


async def test_withdraw__every_node_sees_it_at_once(consents: Consents, other_node: Consents) -> None:
    """What is committed is what the other node's next question sees."""
    granted = await consents.grant(a_wish(), by=BY, now=NOW)
    await consents.withdraw(ISSUER, granted.id, by=BY, now=NOW + 1)
    found = await other_node.find(ISSUER, granted.id)
    assert found is not None
    assert found.state is State.WITHDRAWN
    assert found.ended_at == NOW + 1


async def test_withdraw__twice__not_possible(consents: Consents) -> None:
    """There is nothing left to withdraw."""
    granted = await consents.grant(a_wish(), by=BY, now=NOW)
    await consents.withdraw(ISSUER, granted.id, by=BY, now=NOW)
    with pytest.raises(NotPossible):
        await consents.withdraw(ISSUER, granted.id, by=BY, now=NOW)


async def test_withdraw__other_issuers_consent__unknown(consents: Consents) -> None:
    """A member reaches only consents of its own."""
    granted = await consents.grant(a_wish(), by=BY, now=NOW)
    with pytest.raises(UnknownConsent):
        await consents.withdraw(MemberId.parse("LM/GOV/NIA"), granted.id, by=BY, now=NOW)


async def test_renew__next_version_stands_and_the_old_one_is_superseded(consents: Consents) -> None:
    """A renewal is a version of its own; the old one allows nothing any more."""
    old = await consents.grant(a_wish(), by=BY, now=NOW)
    new = await consents.renew(ISSUER, old.id, Renewal(NOW + 60 * DAY, NOTICE), by=BY, now=NOW + 5)
    first = await consents.find(ISSUER, old.id, 1)
    assert first is not None
    assert first.state is State.SUPERSEDED
    assert await consents.find(ISSUER, old.id) == new
    assert (new.version, new.wish.valid_from, new.wish.scope) == (2, NOW + 5, old.wish.scope)
    assert [(e.version, e.state, e.before) for e in await consents.history(ISSUER, old.id)] == [
        (1, State.GRANTED, None),
        (1, State.SUPERSEDED, State.GRANTED),
        (2, State.GRANTED, None),
    ]


async def test_changes_at_the_same_moment__one_wins(consents: Consents, other_node: Consents) -> None:
    """A renewal on one node can never undo a withdrawal on another."""
    granted = await consents.grant(a_wish(), by=BY, now=NOW)
    done = await asyncio.gather(
        consents.withdraw(ISSUER, granted.id, by=BY, now=NOW),
        other_node.renew(ISSUER, granted.id, Renewal(NOW + 60 * DAY, NOTICE), by=BY, now=NOW),
        consents.withdraw(ISSUER, granted.id, by=BY, now=NOW),
        return_exceptions=True,
    )
    won = [result for result in done if not isinstance(result, BaseException)]
    assert all(isinstance(result, (ConsentError, AuditUnavailable)) for result in done if result not in won)
    events = await consents.history(ISSUER, granted.id)
    # Either the renewal came first and a withdrawal ended version 2, or it came too late.
    assert len(events) == 1 + sum(
        2 if record.version == 2 and record.state is State.GRANTED else 1 for record in won
    )
    assert (await consents.log.reader.head()).size == 1 + len(won)


async def test_expiry__counts_before_it_is_recorded(consents: Consents) -> None:
    """The clock ends a consent; the upkeep only writes it down, once."""
    granted = await consents.grant(a_wish(), by=BY, now=NOW)
    late = granted.ends_at
    assert granted.state_at(late - 1) is State.GRANTED
    assert granted.state_at(late) is State.EXPIRED
    with pytest.raises(NotPossible):
        await consents.renew(ISSUER, granted.id, Renewal(late + DAY, NOTICE), by=BY, now=late)
    assert await consents.expire(late - 1) == 0
    assert await consents.expire(late) == 1
    assert await consents.expire(late) == 0
    found = await consents.find(ISSUER, granted.id)
    assert found is not None
    assert found.state is State.EXPIRED
    assert (await consents.history(ISSUER, granted.id))[-1].by == "clock"


async def test_of_subject__own_and_given_for_others(consents: Consents) -> None:
    """A person sees consents about them; a guardian those that they gave."""
    own = await consents.grant(a_wish(), by=BY, now=NOW)
    child = await consents.grant(
        a_wish(subject=GUARDIAN, representative=Representative(PERSON, Capacity.GUARDIAN)), by=BY, now=NOW
    )
    assert await consents.of_subject(ISSUER, PERSON) == (own,)
    assert await consents.of_representative(ISSUER, PERSON) == (child,)
    assert await consents.of_subject(MemberId.parse("LM/GOV/NIA"), PERSON) == ()


async def test_table__holds_nobody_in_clear(consents: Consents) -> None:
    """The subject is encrypted, and bound to its own consent; another case key opens nothing."""
    granted = await consents.grant(a_wish(), by=BY, now=NOW)
    rows = await consents.store.rows("SELECT * FROM consent")
    assert PERSON.value not in repr(rows)
    sealed = rows[0][3]
    with pytest.raises(LogDamaged):
        consents.vault.open("another.1", bytes(sealed))
    with pytest.raises(LogDamaged):
        ConsentVault(consents.store, bytes(32)).open(granted.key, bytes(sealed))


async def test_tag__same_on_every_node_and_other_for_every_issuer(
    consents: Consents, other_node: Consents
) -> None:
    """Nodes share an issuer's key; issuers' tags cannot be linked."""
    mine, theirs = await asyncio.gather(
        consents.vault.tag(ISSUER, PERSON), other_node.vault.tag(ISSUER, PERSON)
    )
    assert mine == theirs
    assert mine != await consents.vault.tag(MemberId.parse("LM/GOV/NIA"), PERSON)
