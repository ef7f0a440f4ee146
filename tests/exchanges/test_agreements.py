"""Signed agreements between two gateways: proposed, accepted, in force, replaced, revoked, and every trick."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway.agreements.documents import (
    AGREEMENT_CTY,
    Key,
    Message,
    Revocation,
    read_document,
    write_document,
)
from gateway.agreements.overview import see_all
from gateway.agreements.rows import Held, read_held
from gateway.agreements.signatures import sign
from gateway.app.agreements import hosted_members, opened_officers
from gateway.exchange.reserved import ask_reserved
from gateway.people.person import Person, Role
from gateway.settings import load
from gateway.trust.keys import load_certificate
from schemas.errors import Conflict, ExchangeError, NotPermitted, RequestMismatch
from schemas.identifiers import MemberId, ServiceId, SubsystemId
from schemas.strict_json import dump
from schemas.wire import RequestHead
from tests.exchanges.hostile_peer import HostilePeer, problem_in
from tests.exchanges.test_xroad_door import ask_person
from tests.world import (
    BASIS,
    CONSUMER,
    HOSTILE,
    IDENTITY,
    INCOME,
    MEALS,
    PERSON,
    PRESENT,
    PROVIDER,
    PURPOSE,
    WELFARE,
    World,
)

MSW, NIA, TAX = (MemberId.parse(name) for name in ("LM/GOV/MSW", "LM/GOV/NIA", "LM/GOV/TAX"))
_numbers = itertools.count(1)
_AT = {MSW: CONSUMER, NIA: PROVIDER}


def content(name: str, version: int = 1, **changes: Any) -> dict[str, Any]:
    """An agreement file's content: school meals asks for birth dates."""
    terms = {
        "service": PERSON, "purposes": [PURPOSE], "legal_bases": [BASIS],
        "default_purpose": PURPOSE, "default_legal_basis": BASIS, "fields": ["birth_date"],
    }  # fmt: skip
    document = {
        "id": name, "version": version, "client": MEALS, "provider": IDENTITY, "status": "active",
        "valid_from": "2020-01-01", "valid_until": "2100-01-01", "services": [terms],
    }  # fmt: skip
    return {**document, **changes}


def two_officers(world: World, member: MemberId, ask: Callable[[Any, str], Any]) -> None:
    """One officer of a member asks, another one approves."""

    async def work() -> None:
        settings = load(world.sandbox.settings[_AT[member]])
        async with opened_officers(settings, "first") as (officers, _, name):
            proposal, _ = await ask(officers, name)
        async with opened_officers(settings, "second") as (officers, _, name):
            await officers.approve(proposal, name)

    world.run(work())


def propose(world: World, document: dict[str, Any], member: MemberId = MSW) -> None:
    """Two officers of a member propose."""
    two_officers(world, member, lambda officers, name: officers.propose(document, name))


def accept(world: World, name: str, member: MemberId = NIA) -> None:
    """Two officers of the other member accept."""
    other = MSW if member == NIA else NIA
    two_officers(world, member, lambda officers, by: officers.accept(Key(member, other, name), None, by))


def revoke(world: World, name: str, member: MemberId) -> None:
    """One officer of a member revokes."""

    async def work() -> None:
        other = MSW if member == NIA else NIA
        async with opened_officers(load(world.sandbox.settings[_AT[member]]), "first") as (officers, _, by):
            await officers.revoke(Key(member, other, name), by, "no longer needed")

    world.run(work())


def held(world: World, name: str, member: MemberId) -> Held:
    """What a member holds."""
    key = Key(member, MSW if member == NIA else NIA, name)
    return world.run(read_held(world.node(_AT[member]).agreement_service.store, key))


def until(condition: Callable[[], Any], seconds: float = 8) -> None:
    """Wait for what follows by itself."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def found(world: World, member: MemberId):
    """The agreement that a member's exchanges go by."""
    node = world.node(_AT[member])
    return node.agreements.find(SubsystemId.parse(MEALS), ServiceId.parse(PERSON))


def status(world: World, member: MemberId) -> tuple[str, int] | None:
    """Status and version in force at a member."""
    one = found(world, member)
    return None if one is None else (one.status, one.version)


def is_revoked(world: World, member: MemberId) -> bool:
    """Whether nothing but revoked agreements is left; earlier tests left some."""
    one = found(world, member)
    return one is not None and one.status == "revoked"


def conclude(world: World, document: dict[str, Any]) -> None:
    """Proposed by the asker, accepted by the owner, known to both."""
    name, version = document["id"], document["version"]
    propose(world, document)
    until(lambda: held(world, name, NIA).version(version))
    accept(world, name)
    until(lambda: status(world, MSW) == ("active", version) and status(world, NIA) == ("active", version))


def say(world: World, message: Message) -> dict[str, Any]:
    """Send a message as the ministry's gateway, whatever it holds."""
    asking = world.node(CONSUMER).asking
    deadline = time.monotonic() + 5
    return world.run(ask_reserved(asking.ask, MSW, NIA, "agreement", message.as_json(), deadline=deadline))


def signed(world: World, document: str, member: MemberId, cty: str = AGREEMENT_CTY) -> str:
    """A member's signature on whatever text, as its own key makes it."""
    gateway = {**_AT, TAX: HOSTILE}[member]
    hosting = hosted_members(load(world.sandbox.settings[gateway]))[member]
    return sign(document, cty, member, hosting.signer, hosting.certificate, int(time.time())).jws


def refused(world: World, message: Message) -> tuple[str, ...]:
    """The reasons of a refusal, or its type's name."""
    with pytest.raises(ExchangeError) as caught:
        say(world, message)
    return caught.value.reasons or (caught.value.slug,)


@pytest.fixture
def name(world: World) -> Iterator[str]:
    """An id that no other test uses; whatever it names is over afterwards."""
    chosen = f"meals-{next(_numbers)}"
    yield chosen
    for member in (NIA, MSW):
        kept = held(world, chosen, member)
        if kept.versions and kept.versions[-1].number > kept.revoked:
            revoke(world, chosen, member)
            break
    until(
        lambda: (status(world, MSW) or ("",))[0] != "active" and (status(world, NIA) or ("",))[0] != "active"
    )


def ask_meals(world: World, *fields: str):
    """One exchange of school meals, which says why it asks."""
    why = {"Isthmus-Purpose": PURPOSE, "Isthmus-Legal-Basis": BASIS}
    return ask_person(world, PRESENT, *fields, client=MEALS, headers=why)


def denied(reply) -> bool:
    """Whether policy refused, in X-Road's words."""
    return reply.headers.get("x-road-error") == "Server.ServerProxy.AccessDenied"


def admin_actions(world: World, gateway: str, since: int) -> list[str]:
    """The actions of administrative entries since a moment, in order."""
    found = world.run(world.node(gateway).log.reader.entries(kind="admin", since=since, limit=200))
    return [logged.entry.action or "" for logged in reversed(found)]


def test_life__proposed_accepted_replaced_revoked__exchanges_follow(world, name):
    """Nothing before both signed; then what is agreed; then the newer version; then nothing again."""
    begin = int(time.time())
    propose(world, content(name))
    until(lambda: held(world, name, NIA).versions)
    assert denied(ask_meals(world))
    accept(world, name)
    until(lambda: status(world, MSW) == ("active", 1) and status(world, NIA) == ("active", 1))
    reply = ask_meals(world)
    assert (reply.status, reply.json["record"]) == (200, {"birth_date": "1980-05-17"})

    wider = content(name, 2)
    wider["services"][0]["fields"] = ["birth_date", "full_name"]
    propose(world, wider, NIA)  # the owner may propose too
    until(lambda: held(world, name, MSW).version(2))
    assert "full_name" not in ask_meals(world, "birth_date", "full_name").json["record"]
    accept(world, name, MSW)
    until(lambda: status(world, MSW) == ("active", 2) and status(world, NIA) == ("active", 2))
    assert "full_name" in ask_meals(world, "birth_date", "full_name").json["record"]

    revoke(world, name, MSW)
    until(lambda: is_revoked(world, NIA))
    assert denied(ask_meals(world))
    theirs, ours = admin_actions(world, PROVIDER, begin), admin_actions(world, CONSUMER, begin)
    for action in ("agreement.proposal_received", "proposal.approved", "agreement.acceptance_delivered"):
        assert action in theirs
    for action in ("agreement.proposal_delivered", "agreement.acceptance_received", "agreement.revoked"):
        assert action in ours
    assert "agreement.revocation_received" in theirs


def test_concluded__both_sides__hold_the_same_doubly_signed_bytes(world, name):
    """Document and both signatures are equal on both sides, and the gateway says when it ends."""
    ends = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 20 * 86_400))
    conclude(world, content(name, valid_until=ends))
    (mine,), (theirs,) = held(world, name, MSW).versions, held(world, name, NIA).versions
    assert (mine.document, mine.signatures) == (theirs.document, theirs.signatures)
    assert mine.signatures.keys() == {MSW, NIA}
    state, facts = world.node(PROVIDER).agreement_service.health()
    assert name in facts["ending_soon"]
    assert state == "unsigned"  # this country also has files
    (seen,) = [one for one in world.run(see_all(world.node(PROVIDER).agreement_service.store, int(time.time())))
               if one.agreement.id == name]  # fmt: skip
    assert (seen.state, seen.ends_soon) == ("in_force", True)


def test_officer__approves_own_act__refused_and_nothing_signed(world, name):
    """Four eyes: whoever asked cannot approve."""

    async def work() -> None:
        async with opened_officers(load(world.sandbox.settings[CONSUMER]), "first") as (officers, _, by):
            proposal, _ = await officers.propose(content(name), by)
            await officers.approve(proposal, by)

    with pytest.raises(NotPermitted):
        world.run(work())
    assert not held(world, name, MSW).versions


def test_officer__signed_in_for_the_member__may_approve_and_another_members_may_not(world, name):
    """What was asked for at the command line is approved at the admin port, by this member's officers."""
    acts = world.node(CONSUMER).people.acts

    async def ask() -> str:
        async with opened_officers(load(world.sandbox.settings[CONSUMER]), "first") as (officers, _, by):
            return (await officers.propose(content(name), by))[0]

    proposal = world.run(ask())
    for roles in ({NIA: frozenset({Role.agreement_officer})}, {MSW: frozenset({Role.auditor})}):
        with pytest.raises(NotPermitted):
            world.run(acts.approve(proposal, Person("somebody", roles)))
    officer = Person("somebody", {MSW: frozenset({Role.agreement_officer})})
    world.run(acts.approve(proposal, officer))
    until(lambda: held(world, name, NIA).versions)
    with pytest.raises(Conflict):
        world.run(acts.approve(proposal, officer))


def test_officer__version_used_up__told_the_next_one(world, name):
    """Versions rise: what was signed or revoked is not proposed again."""
    conclude(world, content(name))
    with pytest.raises(Conflict, match="version 2"):
        propose(world, content(name))


def test_officer__foreign_agreement__refused(world, name):
    """A member speaks for itself only."""
    with pytest.raises(RequestMismatch, match="hosted"):
        propose(world, content(name, client=INCOME))
    with pytest.raises(RequestMismatch, match="hosted"):
        propose(world, content(name, client="LM/GOV/MSW/unheard-of"))


def test_proposal__of_a_subsystem_not_hosted__refused_and_shown_to_the_proposer(world, name):
    """The other gateway answers for what it hosts; its refusal stays for the officers to see."""
    provider = "LM/GOV/NIA/unheard-of"
    other = content(name, provider=provider)
    other["services"][0]["service"] = f"{provider}/person"
    propose(world, other)
    until(lambda: held(world, name, MSW).undelivered[0][2])
    assert "agreement.not_hosted" in held(world, name, MSW).undelivered[0][2]
    assert not held(world, name, NIA).versions


def tampered(world: World, name: str) -> Message:
    """Signed with one field, sent with another."""
    document = write_document(content(name))
    return Message("proposal", document.replace("birth_date", "full_name"), (signed(world, document, MSW),))


def third(world: World, name: str) -> Message:
    """Signed by a member that is no party."""
    document = write_document(content(name))
    return Message("proposal", document, (signed(world, document, TAX),))


def one_only(world: World, name: str) -> Message:
    """Said to be accepted, signed by one."""
    document = write_document(content(name))
    return Message("acceptance", document, (signed(world, document, MSW),))


def third_instead(world: World, name: str) -> Message:
    """Said to be accepted, the owner's signature replaced by a third member's."""
    document = write_document(content(name))
    return Message("acceptance", document, (signed(world, document, MSW), signed(world, document, TAX)))


def twice(world: World, name: str) -> Message:
    """Said to be accepted, both signatures of one member."""
    document = write_document(content(name))
    return Message("acceptance", document, (signed(world, document, MSW), signed(world, document, MSW)))


def as_revocation(world: World, name: str) -> Message:
    """A signature made for another kind of document."""
    document = write_document(content(name))
    return Message("proposal", document, (signed(world, document, MSW, "isthmus-agreement-revocation+json"),))


def unordered(world: World, name: str) -> Message:
    """Not in canonical form."""
    document = json.dumps(content(name))
    return Message("proposal", document, (signed(world, document, MSW),))


def of_others(world: World, name: str) -> Message:
    """An agreement between other members."""
    document = write_document(content(name, client=INCOME))
    return Message("proposal", document, (signed(world, document, MSW),))


def unknown_purpose(world: World, name: str) -> Message:
    """A purpose that the country does not have."""
    value = content(name)
    value["services"][0].update(purposes=["curiosity"], default_purpose="curiosity")
    document = write_document(value)
    return Message("proposal", document, (signed(world, document, MSW),))


def ended(world: World, name: str) -> Message:
    """An agreement that is over before it begins."""
    document = write_document(content(name, valid_until="2021-01-01"))
    return Message("proposal", document, (signed(world, document, MSW),))


TRICKS = {
    tampered: "unauthenticated", third: "unauthenticated", one_only: "unauthenticated",
    third_instead: "unauthenticated", twice: "malformed-request", as_revocation: "malformed-request",
    unordered: "malformed-request", of_others: "agreement.foreign", unknown_purpose: "purpose.unknown",
    ended: "request-mismatch",
}  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.__name__)
def test_message__not_what_it_claims__refused_and_nothing_kept(world, name, trick):
    """Every trick is a signed refusal, and no row is left behind."""
    assert TRICKS[trick] in refused(world, trick(world, name))
    assert not held(world, name, NIA).versions


def test_message__another_member_about_our_agreement__refused(world, name):
    """A third member's gateway cannot bring an agreement of two others, not even the genuine one."""
    conclude(world, content(name))
    (version,) = held(world, name, NIA).versions
    signatures = tuple(jws for jws, _ in version.signatures.values())
    body = dump(Message("acceptance", version.document, signatures).as_json())
    head = RequestHead("POST", "/", "", (("content-type", "application/json"),), None).to_bytes()
    _, reply = HostilePeer(world).ask(
        head, body, iss="LM/GOV/TAX/isthmus", aud="LM/GOV/NIA/isthmus/agreement",
        purpose="federation", basis="membership",
    )  # fmt: skip
    assert problem_in(reply)["reasons"] == ["agreement.foreign"]


def test_message__older_version_replayed__refused_and_the_newer_one_stays(world, name):
    """Neither the old proposal nor the old doubly signed document brings version 1 back."""
    conclude(world, content(name))
    old = held(world, name, NIA).versions[0]
    conclude(world, content(name, 2))
    signatures = {member: jws for member, (jws, _) in old.signatures.items()}
    say(world, Message("proposal", old.document, (signatures[MSW],)))  # known already: nothing happens
    assert status(world, NIA) == ("active", 2)
    revoke(world, name, NIA)
    until(lambda: is_revoked(world, MSW))
    again = Message("acceptance", old.document, (signatures[MSW], signatures[NIA]))
    assert say(world, again) == {"state": "revoked"}
    other = write_document(content(name, 1, absence="disclosed"))
    assert refused(world, Message("proposal", other, (signed(world, other, MSW),))) == ("agreement.revoked",)
    assert is_revoked(world, NIA)


def test_message__twice__answered_twice_and_kept_once(world, name):
    """A delivery whose answer was lost is repeated; that does no harm."""
    document = write_document(content(name))
    message = Message("proposal", document, (signed(world, document, MSW),))
    assert [say(world, message)["state"] for _ in range(2)] == ["pending", "pending"]
    assert len(held(world, name, NIA).versions) == 1
    revoke(world, name, NIA)


def test_message__same_version_with_other_terms__refused(world, name):
    """One number stands for one text."""
    propose(world, content(name))
    until(lambda: held(world, name, NIA).versions)
    other = write_document(content(name, absence="disclosed"))
    assert refused(world, Message("proposal", other, (signed(world, other, MSW),))) == (
        "agreement.superseded",
    )


def test_message__second_agreement_about_one_service__refused(world, name):
    """Which agreement counts is never a question."""
    conclude(world, content(name))
    other = write_document(content(f"{name}-second"))
    assert refused(world, Message("proposal", other, (signed(world, other, MSW),))) == ("agreement.second",)


def test_revocation__of_another_member__refused(world, name):
    """Only a party ends an agreement, and it signs itself."""
    conclude(world, content(name))
    agreement = read_document(held(world, name, NIA).versions[0].document)
    forged = Revocation(name, 1, agreement.client, agreement.provider, NIA, int(time.time()), "").write()
    cty = "isthmus-agreement-revocation+json"
    for signer in (MSW, TAX):
        assert refused(world, Message("revocation", forged, (signed(world, forged, signer, cty),))) == (
            "unauthenticated",
        )
    assert status(world, NIA) == ("active", 1)


def test_revocation__by_the_owner__effective_at_the_next_exchange(world, name):
    """With the decision cache on: what arrived as a message counts for the exchange right after it."""
    conclude(world, content(name))
    assert ask_meals(world).status == 200
    agreement = found(world, NIA)
    document = Revocation(
        name, 1, agreement.client, agreement.provider, MSW, int(time.time()), "the programme ended"
    ).write()
    jws = signed(world, document, MSW, "isthmus-agreement-revocation+json")
    assert say(world, Message("revocation", document, (jws,))) == {"state": "revoked"}
    reply = ask_meals(world)
    assert denied(reply)
    assert is_revoked(world, NIA)


def test_database__row_changed__does_not_count(world, name):
    """Whoever writes into a database makes no agreement: signatures are verified when rows are read."""
    conclude(world, content(name))
    service = world.node(PROVIDER).agreement_service

    async def widen() -> None:
        await service.store.execute(
            "UPDATE agreement_version SET document = replace(document, 'birth_date', 'full_name') WHERE id = $1",
            name,
        )
        service.in_force._believed = ()
        await service.follow()

    async def narrow() -> None:
        await service.store.execute(
            "UPDATE agreement_version SET document = replace(document, 'full_name', 'birth_date') WHERE id = $1",
            name,
        )
        service.in_force._believed = ()
        await service.follow()

    world.run(widen())
    assert status(world, NIA) != ("active", 1)
    world.run(narrow())
    assert status(world, NIA) == ("active", 1)


def test_file_and_database__same_pair__the_signed_one_counts_also_when_revoked(world, name):
    """No file brings back what a member took away."""
    node = world.node(PROVIDER)
    folder = node.agreements.files.folder
    file = folder / "meals-file.yaml"
    value = content("meals-file")
    value["services"][0]["fields"] = ["full_name"]
    file.write_text(json.dumps(value))
    try:
        until(lambda: any(one.id == "meals-file" for one in node.agreements))
        conclude(world, content(name))
        assert found(world, NIA).id == name
        revoke(world, name, NIA)
        until(lambda: is_revoked(world, NIA))
        assert denied(ask_meals(world))
    finally:
        file.unlink()
        until(lambda: all(one.id != "meals-file" for one in node.agreements))


def test_restart__agreements__in_force_from_the_database_alone(world, name):
    """A gateway that starts reads and verifies what both signed."""
    conclude(world, content(name))
    world.restart(PROVIDER)
    assert status(world, NIA) == ("active", 1)
    assert ask_meals(world).status == 200


def test_other_clients__keep_their_files(world):
    """Signed agreements of one pair change nothing for the others."""
    assert ask_person(world, client=WELFARE).status == 200


def test_certificate__kept_beside_the_signature__is_the_members(world, name):
    """What is kept can be verified after the member has renewed its certificate."""
    conclude(world, content(name))
    (version,) = held(world, name, NIA).versions
    kept = version.signatures[MSW][1]
    assert kept == load_certificate(world.home(CONSUMER) / "keys" / "lm-gov-msw.crt")
