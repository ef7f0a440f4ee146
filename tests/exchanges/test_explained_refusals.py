"""Refusals help those who may know, and tell nothing to those who may not."""

from __future__ import annotations

import pytest

from gateway.exchange.timing import STEP_S
from tests.exchanges.test_duties import policy_also, reasons, refusing
from tests.exchanges.test_xroad_door import ask_person
from tests.world import ABSENT, PRESENT, PROVIDER, PURPOSE, RELIEF, RESTRICTED

HIDDEN = {
    "absent": (ABSENT, None),
    "restricted": (RESTRICTED, None),
    "unconsented": (PRESENT, refusing("consent.not_covering", "subject.unavailable")),
    "outside_the_area": (PRESENT, refusing("area.outside", "subject.unavailable", after_fetch=True)),
    "a_reason_of_tomorrow": (PRESENT, refusing("something.new", after_fetch=True)),
}


def refused(world, monkeypatch, cause: str):
    subject, change = HIDDEN[cause]
    with monkeypatch.context() as patch:
        if change is not None:
            policy_also(world, patch, change)
        return ask_person(world, subject, client=RELIEF)


@pytest.mark.parametrize("cause", HIDDEN)
def test_hidden__whatever_the_cause__alike_to_the_byte(world, monkeypatch, cause):
    """Status, headers, body; only the exchange's id differs, and it has one length."""
    found = []
    for reply in (refused(world, monkeypatch, "absent"), refused(world, monkeypatch, cause)):
        exchange = reply.headers.pop("isthmus-receipt")
        found.append((reply.status, reply.headers, reply.body.replace(exchange.encode(), b"ID")))
    assert found[0] == found[1]
    assert not {"rule", "allowed_if", "ask"} & reply.json["problem"].keys()


@pytest.mark.parametrize("cause", HIDDEN)
def test_hidden__whatever_the_cause__released_on_the_grid(world, monkeypatch, cause):
    """The wait is asked for with the truth about the fetch; what it does is `test_timing`'s."""
    timing, asked = world.node(PROVIDER).answering.timing, []

    async def release(service, arrived, *, fetched, before):
        asked.append((service, fetched, before > arrived + STEP_S))

    monkeypatch.setattr(timing, "release", release)
    reply = refused(world, monkeypatch, cause)
    assert reasons(reply) == ["subject.unavailable"]
    assert asked == [("LM/GOV/NIA/identity/person", cause != "unconsented", True)]


def test_visible__refused__says_rule_cure_and_office(world, monkeypatch):
    """What the asker can do something about; no wait."""
    asked = []
    monkeypatch.setattr(world.node(PROVIDER).answering.timing, "release", asked.append)
    problem = ask_person(world, headers={"Isthmus-Purpose": "taxation"}).json["problem"]
    assert problem["reasons"] == ["purpose.not_agreed"]
    assert problem["rule"] == ["isthmus.purpose"]
    assert problem["allowed_if"] == [f"the agreement names: {PURPOSE}"]
    assert problem["ask"] == "exchange@ministry.example"
    assert asked == []


def test_consent_hides_nothing__wrong_purpose_is_told_all_the_same(world, monkeypatch):
    """Else a wrong purpose could be used to find out who has withdrawn a consent."""
    from schemas.decision import Decision

    checker = world.node(PROVIDER).answering.consents

    async def withdrawn(*_, **__):
        return {"verified": False}

    def change(facts, decision):
        covering = facts.document["consent"]["verified"]
        wrong = ["purpose.not_agreed"] if facts.document["purpose"] != PURPOSE else []
        hidden = [] if covering else ["consent.not_covering", "subject.unavailable"]
        return Decision.refuse(*wrong, *hidden, policy_version="v") if wrong or hidden else decision

    monkeypatch.setattr(type(checker), "facts", withdrawn)
    policy_also(world, monkeypatch, change)
    assert reasons(ask_person(world)) == ["subject.unavailable"]
    assert reasons(ask_person(world, headers={"Isthmus-Purpose": "taxation"})) == ["purpose.not_agreed"]
