"""Obligations, usage, emergencies and officers' facts through whole exchanges."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from gateway.app.emergency import Declaration, EmergencyOffice
from gateway.exchange.notices import Notices
from schemas.agreement import Allowance
from schemas.decision import Decision, DecisionInput
from schemas.identifiers import MemberId
from tests.exchanges.test_json_doors import ask_view
from tests.exchanges.test_xroad_door import CARD_TARGET, ask, ask_person
from tests.world import (
    ABSENT,
    CONSUMER,
    PERSON,
    PRESENT,
    PROVIDER,
    PURPOSE,
    RELIEF,
    RESTRICTED,
    WELFARE,
    World,
)

OWNER = MemberId.parse("LM/GOV/NIA")
Change = Callable[[DecisionInput, Decision], Decision]


def policy_also(world: World, patch: pytest.MonkeyPatch, change: Change) -> list[Mapping[str, Any]]:
    """Let the provider's policy decide as ever, then change the decision; returns the facts it gets."""
    policy = world.node(PROVIDER).answering.policy
    decide, seen = policy.decide, []

    async def changed(facts: DecisionInput) -> Decision:
        seen.append(facts.document)
        return change(facts, await decide(facts))

    patch.setattr(policy, "decide", changed)
    return seen


def obliging(**obligations: Any) -> Change:
    def change(_: DecisionInput, decision: Decision) -> Decision:
        return replace(decision, obligations=obligations) if decision.allow else decision

    return change


def refusing(*reasons: str, after_fetch: bool = False) -> Change:
    def change(facts: DecisionInput, decision: Decision) -> Decision:
        fetched = facts.document["subject"]["restricted"] is not None
        return Decision.refuse(*reasons, policy_version="v") if fetched == after_fetch else decision

    return change


def agree_on(world: World, patch: pytest.MonkeyPatch, **terms: Any) -> None:
    """Let the provider's agreements have other terms; counting begins anew."""
    agreements = world.node(PROVIDER).answering.agreements
    find = agreements.find

    def changed(client, service):
        found = find(client, service)
        return found and replace(found, services=tuple(replace(one, **terms) for one in found.services))

    patch.setattr(agreements, "find", changed)
    world.run(world.node(PROVIDER).answering.usage._store.execute("DELETE FROM usage_count"))


def reasons(reply) -> list[str]:
    return reply.json["problem"]["reasons"] if reply.status >= 400 else []


def test_mask__declared__carried_out_and_said(world, monkeypatch):
    """The year leaves, the date does not, and the client is told what it has got."""
    policy_also(world, monkeypatch, obliging(mask={"birth_date": {"how": "year_only"}}))
    reply = ask_person(world)
    assert reply.json["record"] == {"birth_date": "1980"}
    assert reply.json["masked"] == {"birth_date": "year_only"}
    assert b"1980-05-17" not in reply.body


def test_hash__two_clients__cannot_be_linked(world, monkeypatch):
    """The same person is the same text for one client, and another text for another."""
    policy_also(world, monkeypatch, obliging(mask={"full_name": {"how": "hash"}}))
    names = [
        ask_person(world, PRESENT, "full_name", client=client).json["record"]["full_name"]
        for client in (WELFARE, WELFARE, RELIEF)
    ]
    assert names[0] == names[1] != names[2]


def test_retention__declared__a_header_that_the_client_sees(world, monkeypatch):
    """On a record and on a forwarded answer alike."""
    policy_also(world, monkeypatch, obliging(retention={"days": 30}))
    for reply in (ask_person(world), ask(world, CARD_TARGET)):
        assert (reply.status, reply.headers["isthmus-retention-days"]) == (200, "30")


def test_notice__declared__the_person_finds_it(world, monkeypatch):
    """By the tag of the provider's log; a refused exchange leaves none."""
    policy_also(world, monkeypatch, obliging(notify_subject=True))
    receipt = ask_person(world).headers["isthmus-receipt"]
    assert ask_person(world, purpose="x").status >= 400
    node = world.node(PROVIDER)
    tag = world.run(node.answering.tags.tag(str(OWNER), "national_id", PRESENT, int(time.time())))
    notices: Notices = node.notices
    found = world.run(notices.of(str(OWNER), [tag, "another"]))
    assert [
        (one.exchange, one.client, one.service, one.purpose) for one in found if one.exchange == receipt
    ] == [(receipt, WELFARE, PERSON, PURPOSE)]
    assert world.run(notices.of("LM/GOV/MSW", [tag])) == []


def test_double_audit__declared__a_second_entry_at_both_gateways(world, monkeypatch):
    """Before anything leaves, and before anything is handed over; the receipt is still the outcome's."""
    policy_also(world, monkeypatch, obliging(double_audit=True))
    reply = ask_person(world)
    assert reply.headers["isthmus-double-audit"] == "emergency"
    exchange = reply.headers["isthmus-receipt"]
    for gateway, kinds in ((PROVIDER, ["admin", "outcome"]), (CONSUMER, ["sent", "admin", "outcome"])):
        entries = world.entries(gateway, exchange)
        assert [entry.kind for entry in entries] == kinds
        assert [entry.action for entry in entries if entry.kind == "admin"] == ["emergency.used"]
        assert world.run(world.node(gateway).log.reader.receipt(exchange))


@pytest.mark.parametrize("obligations", [{"shred": True}, {"mask": {"birth_date": {"how": "shred"}}}])
def test_obligation__cannot_be_carried_out__nothing_leaves(world, monkeypatch, obligations):
    """An unknown duty is a disclosure too much."""
    policy_also(world, monkeypatch, obliging(**obligations))
    reply = ask_person(world)
    assert reasons(reply) == ["policy.unavailable"]
    assert b"1980" not in reply.body


def test_obligation__mask_on_a_pass_through__denied_before_the_source_hears(world, monkeypatch):
    """An opaque answer cannot be masked."""
    policy_also(world, monkeypatch, obliging(mask={"name": {"how": "redact"}}))
    assert reasons(ask(world, CARD_TARGET)) == ["policy.unavailable"]
    assert world.upstream.received == []


def test_officer__says_role_area_assurance__policy_sees_them(world, monkeypatch):
    """They travel signed; who says nothing is nobody."""
    seen = policy_also(world, monkeypatch, lambda _, decision: decision)
    headers = {
        "Isthmus-User-Role": "caseworker",
        "Isthmus-User-Area": "north",
        "Isthmus-User-Assurance": "high",
    }
    assert ask_person(world, headers=headers).status == 200
    assert seen[-1]["user"] == {"pseudonym": None, "role": "caseworker", "area": "north", "assurance": "high"}
    assert ask_person(world, headers={"X-Road-UserId": "officer-7", **headers}).status == 200
    assert seen[-1]["user"]["pseudonym"] not in (None, "officer-7")
    ask_person(world)
    assert seen[-1]["user"] is None
    assert ask_person(world, headers={"Isthmus-User-Role": "x" * 256}).status == 400


def test_quota__used_up__refused_with_help(world, monkeypatch):
    """Answers count; what was refused for another reason does not."""
    agree_on(world, monkeypatch, quota=(Allowance(2, 86_400),))
    assert reasons(ask_person(world, headers={"Isthmus-Purpose": "taxation"})) == ["purpose.not_agreed"]
    for _ in range(3):
        assert reasons(ask_person(world, PRESENT, "district")) == ["fields.none_granted"]
    assert [ask_person(world).status for _ in range(2)] == [200, 200]
    refused = ask_person(world)
    assert reasons(refused) == ["usage.exhausted"]
    assert "period" in refused.json["problem"]["allowed_if"][0]


def test_quota__hidden_refusals__count_alike(world, monkeypatch):
    """Else identifiers could be tried out without end, and the count would tell absent from restricted."""
    agree_on(world, monkeypatch, quota=(Allowance(2, 86_400),))
    found = [reasons(ask_person(world, subject, client=RELIEF)) for subject in (ABSENT, RESTRICTED, ABSENT)]
    assert found == [["subject.unavailable"], ["subject.unavailable"], ["usage.exhausted"]]


def test_quota__retry__counts_once(world, monkeypatch):
    """A retry of the same enquiry is not a second use."""
    agree_on(world, monkeypatch, quota=(Allowance(1, 86_400),))
    receipt = ask_person(world).headers["isthmus-receipt"]
    again = {"Isthmus-Retry-Of": receipt, "Isthmus-Conversation": receipt}
    assert ask_person(world, headers=again).status == 200
    assert reasons(ask_person(world)) == ["usage.exhausted"]


def test_repeats__one_subject_too_often__another_still_answers(world, monkeypatch):
    """Repeats are per person."""
    agree_on(world, monkeypatch, repeats=Allowance(1, 86_400))
    assert ask_person(world).status == 200
    assert reasons(ask_person(world)) == ["usage.exhausted"]
    assert ask_person(world, ABSENT).json["status"] == "not_found"


def test_emergency__declared_by_two__policy_sees_it_until_it_is_ended(world, monkeypatch):
    """It opens with the approval and closes with one person's word, on every node within a second."""
    seen = policy_also(world, monkeypatch, lambda _, decision: decision)
    node = world.node(PROVIDER)
    store = node.answering.usage._store
    office = EmergencyOffice(store, node.log, node.people.four_eyes, frozenset({OWNER}))
    proposal = world.run(office.declare(OWNER, Declaration((PURPOSE,), ("north",), "Flood", 3600), "first"))
    ask_person(world)
    assert seen[-1]["emergency"] is None
    world.run(office.approve(proposal, "second"))
    declared = _until(world, seen, lambda fact: fact is not None)
    assert (declared["id"], declared["purposes"], declared["areas"]) == (proposal, [PURPOSE], ["north"])
    assert declared["valid_until"] - declared["valid_from"] == 3600
    world.run(office.end(proposal, "first"))
    assert _until(world, seen, lambda fact: fact is None) is None
    assert [one.state(int(time.time())) for one in world.run(office.list(OWNER))] == ["ended"]


def _until(world: World, seen: list[Mapping[str, Any]], fits: Callable[[Any], bool]) -> Any:
    for _ in range(200):
        ask_person(world)
        if fits(seen[-1]["emergency"]):
            break
        time.sleep(0.02)
    assert fits(seen[-1]["emergency"])
    return seen[-1]["emergency"]


def test_view__redacted_and_retained__denied_and_said(world, monkeypatch):
    """A redacted value is denied, not empty; the shortest retention stands in the header."""
    policy_also(world, monkeypatch, obliging(mask={"full_name": {"how": "redact"}}, retention={"days": 30}))
    reply = ask_view(world, fields=["name", "birth_date"])
    found = reply.json["attributes"]
    assert (found["name"]["value"], found["name"]["status"]) == (None, "denied")
    assert found["birth_date"]["status"] == "ok"
    assert reply.headers["isthmus-retention-days"] == "30"
