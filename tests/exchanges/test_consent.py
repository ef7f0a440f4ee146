"""Consent over whole exchanges: what it opens, and that everything wrong with it looks like nobody there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from gateway.app.consent_check import consent_parts
from gateway.consent.record import Frequency, Often
from gateway.exchange.request import ExchangeAnswer
from gateway.storage.stores import store_of
from schemas.errors import Refused, RequestError
from schemas.identifiers import SubsystemId
from tests.exchanges.consents import (
    LOCAL,
    REMOTE,
    UNLISTED,
    Given,
    answered,
    ask,
    forge,
    give,
    parts,
    request,
    silent_token,
    why,
    withdraw,
)
from tests.exchanges.test_xroad_door import ask_person
from tests.world import (
    ABSENT,
    BASIS,
    CARD,
    CONSENT,
    CONSUMER,
    PERSON,
    PRESENT,
    PROVIDER,
    RELIEF,
    RESTRICTED,
    WELFARE,
    World,
)

ISSUERS = pytest.mark.parametrize("issuer", [LOCAL, REMOTE], ids=["local", "remote"])


def _nobody_there(world: World, answer: ExchangeAnswer, why_not: str) -> None:
    """The asker sees what it sees of an absent person; the owner's case says why."""
    absent = ask(world, None, ABSENT, basis=BASIS)
    assert isinstance(answer.problem, Refused)
    assert isinstance(absent.problem, Refused)
    assert answer.problem.reasons == ("subject.unavailable",) == absent.problem.reasons
    assert (answer.status, answer.problem.detail) == (absent.status, absent.problem.detail)
    assert why(world, answer) == {"verified": False, "why": why_not}


@ISSUERS
def test_consent__stands__opens_what_it_names(world: World, issuer: str) -> None:
    """The row that proves the others can fail."""
    answer = ask(world, give(world, issuer).token)
    assert answered(answer)
    facts = why(world, answer)
    assert (facts["verified"], facts["issuer"], facts["client"]) == (True, issuer, RELIEF)


@ISSUERS
def test_consent__names_fewer_fields_than_agreed__only_those_leave(world: World, issuer: str) -> None:
    """A consent narrows the agreement."""
    headers = {"Isthmus-Legal-Basis": CONSENT, "Isthmus-Consent": give(world, issuer).token}
    reply = ask_person(world, PRESENT, "birth_date", "full_name", client=RELIEF, headers=headers)
    assert reply.json["record"] == {"birth_date": "1980-05-17"}


@ISSUERS
def test_consent__withdrawn__refused_at_the_next_exchange(world: World, issuer: str) -> None:
    """At once where the issuer lives; elsewhere once what was asked before is a second old."""
    given = give(world, issuer)
    assert answered(ask(world, given.token))
    withdraw(world, given)
    if issuer == REMOTE:
        time.sleep(1.0)
    _nobody_there(world, ask(world, given.token), "withdrawn")


def test_consent__withdrawn_on_another_node__refused_at_the_next_exchange(world: World) -> None:
    """Another node of the gateway is another process over the same database."""
    given = give(world, LOCAL)
    assert answered(ask(world, given.token))
    world.run(_withdraw_elsewhere(world, given))
    _nobody_there(world, ask(world, given.token), "withdrawn")


async def _withdraw_elsewhere(world: World, given: Given) -> None:
    from audit.log import AuditLog
    from gateway.app.log_access import signer_of
    from gateway.trust.keys import load_case_key

    node = world.node(PROVIDER)
    store, key = store_of(node.settings.database.get_secret_value()), load_case_key(node.settings.case_key)
    log = AuditLog(store, signer_of(node.settings), key)
    await log.open()
    try:
        other = consent_parts(store, log, key, node.federation, node.answering.hosted, node.asking.ask)
        issuer = given.record.wish.issuer
        await other.records.withdraw(issuer, given.record.id, by="a-pseudonym", now=int(time.time()))
    finally:
        await log.close()


@ISSUERS
def test_consent__withdrawn_under_load__no_exchange_that_began_late_is_answered(
    world: World, issuer: str
) -> None:
    """With the decision cache on and many exchanges under way: each one that began after the withdrawal,
    or a second after it where the issuer is elsewhere, is refused."""
    given = give(world, issuer)
    opened, refused, ended = world.run(_load(world, given, issuer), timeout=60)
    late = ended + (1.0 if issuer == REMOTE else 0.0)
    assert len(opened) > 8
    assert max(opened) < late
    assert any(began > late for began in refused)


async def _load(world: World, given: Given, issuer: str) -> tuple[list[float], list[float], float]:
    """Ask over and over from several tasks, and withdraw in the middle. Times are when each ask began."""
    opened: list[float] = []
    refused: list[float] = []
    stop = asyncio.Event()

    async def client() -> None:
        while not stop.is_set():
            began = time.monotonic()
            answer = await world.node(CONSUMER).asking.ask(request(given.token))
            (opened if answer.problem is None else refused).append(began)

    clients = [asyncio.create_task(client()) for _ in range(8)]
    await asyncio.sleep(0.5)
    record = given.record
    records = parts(world, issuer).records
    await records.withdraw(record.wish.issuer, record.id, by="a-pseudonym", now=int(time.time()))
    ended = time.monotonic()
    await asyncio.sleep(2.0)
    stop.set()
    await asyncio.gather(*clients)
    return opened, refused, ended


Threat = Callable[[World, Given], str]
THREATS: Mapping[str, tuple[Threat, str]] = {
    "forged_by_another_member": (lambda w, g: forge(w, g, signed_by=REMOTE), "forged"),
    "for_another_client": (
        lambda w, g: forge(w, g, client=SubsystemId.parse(WELFARE)), "other_client"
    ),
    "for_another_provider": (
        lambda w, g: forge(w, g, provider=SubsystemId.parse("LM/GOV/TAX/income")), "other_provider"
    ),
    "for_another_purpose": (lambda w, g: forge(w, g, purpose="taxation"), "other_purpose"),
    "expired": (lambda w, g: forge(w, g, valid_until=int(time.time()) - 1), "expired"),
    "not_yet_valid": (lambda w, g: forge(w, g, valid_from=int(time.time()) + 600), "not_yet_valid"),
    "never_granted": (lambda w, g: forge(w, g, consent="0190-never.1"), "unknown"),
    "another_version": (lambda w, g: forge(w, g, consent=f"{g.record.id}.2"), "unknown"),
    "signature_cut_off_and_replaced": (
        lambda w, g: g.token.rpartition(".")[0] + "." + "A" * 86, "forged"
    ),
}  # fmt: skip


@pytest.mark.parametrize("threat", THREATS)
def test_consent__wrong_token__looks_like_nobody_there(world: World, threat: str) -> None:
    """Even where the issuer's own key has signed it: each claim counts."""
    make_token, why_not = THREATS[threat]
    given = give(world, LOCAL)
    _nobody_there(world, ask(world, make_token(world, given)), why_not)


@ISSUERS
def test_consent__of_another_person__looks_like_nobody_there(world: World, issuer: str) -> None:
    """The tag is under a key of issuer and provider: it fits one person only."""
    _nobody_there(world, ask(world, give(world, issuer, RESTRICTED).token), "other_subject")


def test_consent__issuer_not_listed__looks_like_nobody_there(world: World) -> None:
    """A member that the federation does not list may sign what it likes."""
    _nobody_there(world, ask(world, give(world, UNLISTED).token), "issuer_not_listed")


def test_consent__issuer_unreachable__looks_like_nobody_there(world: World) -> None:
    """Nobody answers at the issuer's gateway: that denies."""
    _nobody_there(world, ask(world, silent_token(world)), "unreachable")


@ISSUERS
def test_consent__for_another_service__looks_like_nobody_there(world: World, issuer: str) -> None:
    """A consent may name one service of the provider."""
    _nobody_there(world, ask(world, give(world, issuer, service=CARD).token), "other_service")
    assert answered(ask(world, give(world, issuer, service=PERSON).token))


@ISSUERS
def test_consent__renewed__only_the_new_token_counts(world: World, issuer: str) -> None:
    """A superseded version allows nothing."""
    from gateway.consent.store import Renewal

    given, now = give(world, issuer), int(time.time())
    renewal = Renewal(now + 3600, given.record.wish.notice)
    node, member = parts(world, issuer), given.record.wish.issuer
    renewed = world.run(node.records.renew(member, given.record.id, renewal, by="a-pseudonym", now=now))
    _nobody_there(world, ask(world, given.token), "superseded")
    assert answered(ask(world, world.run(node.tokens.token(renewed, now))))


@pytest.fixture
def lying_issuer(world: World) -> Iterator[dict[str, Any]]:
    """The remote issuer's reserved service, answering whatever the test puts here."""
    services: Any = world.node(CONSUMER).answering.hosted.reserved
    honest = services["consent-status"]
    says: dict[str, Any] = {}

    class Lying:
        unsafe = False

        async def answer(self, question: Any) -> Mapping[str, Any]:
            answer = dict(await honest.answer(question))
            return answer if "key" in answer else {**answer, **says}

    services["consent-status"] = Lying()
    yield says
    services["consent-status"] = honest


@pytest.mark.parametrize(
    "says",
    [
        {"consent": "another.1"},
        {"state": "fine"},
        {"state": True},
        {"state": None},
        {"frequency": None},
        {"frequency": {"often": "per_period", "times": None, "period_s": None}},
        {"frequency": {"often": "per_period", "times": 10**9, "period_s": 1}},
        {"valid_from": "now"},
        {"more": 1},
    ],
    ids=lambda says: "-".join(says),
)
def test_consent__issuer_answers_for_another_or_nonsense__looks_like_nobody_there(
    world: World, lying_issuer: dict[str, Any], says: dict[str, Any]
) -> None:
    """The answer has to be the answer to this question."""
    given = give(world, REMOTE)
    lying_issuer.update(says)
    _nobody_there(world, ask(world, given.token), "unreachable")


def test_consent__token_for_another_basis__is_not_looked_at(world: World) -> None:
    """On the ground of a public task nothing is asked of an issuer, and nothing used up."""
    given = give(world, LOCAL, frequency=Frequency(Often.ONCE))
    answer = ask(world, given.token, basis=BASIS)
    assert answered(answer)
    assert why(world, answer) == {"verified": False, "why": "not_needed"}
    assert answered(ask(world, given.token))


def test_consent__none_presented__says_that_one_is_needed(world: World) -> None:
    """That says nothing about the person."""
    answer = ask(world, None)
    assert answer.problem is not None
    assert answer.problem.reasons == ("consent.required", "fields.none_granted")


@pytest.mark.parametrize("damage", ["huge", "duplicate_claim", "no_jwt"])
def test_consent__no_token_at_all__the_clients_mistake(world: World, damage: str) -> None:
    """The own gateway does not even sign it."""
    from schemas.encoding import b64url

    claims = b64url(b'{"jti":"a.1","iss":"LM/GOV/NIA","jti":"b.1"}')
    text = {"huge": "a." + "b" * 5_000 + ".c", "duplicate_claim": f"e30.{claims}.AA", "no_jwt": "nonsense"}
    with pytest.raises(RequestError):
        ask(world, text[damage])


@ISSUERS
def test_consent__once__one_enquiry(world: World, issuer: str) -> None:
    """A second enquiry finds it used up; the first one may go on."""
    given = give(world, issuer, frequency=Frequency(Often.ONCE))
    first = ask(world, given.token)
    assert answered(first)
    _nobody_there(world, ask(world, given.token), "used_up")


def test_consent__many_at_the_same_moment__once_is_once(world: World) -> None:
    """Concurrent exchanges cannot share the last use."""
    given = give(world, LOCAL, frequency=Frequency(Often.ONCE))

    async def all_at_once() -> list[Any]:
        ask_one = world.node(CONSUMER).asking.ask
        return await asyncio.gather(*(ask_one(request(given.token)) for _ in range(6)))

    answers = world.run(all_at_once())
    assert [answer.problem is None for answer in answers].count(True) == 1


def test_status__asked_by_a_member_that_is_not_its_provider__unknown(world: World) -> None:
    """Who is not the provider of a consent does not even learn that there is one."""
    from gateway.exchange.reserved import ask_reserved
    from schemas.identifiers import MemberId

    given = give(world, LOCAL)
    question = {"want": "status", "consent": given.record.key}
    asker, issuer = MemberId.parse("LM/NGO/RELIEF"), MemberId.parse(LOCAL)
    ask_it = world.node(CONSUMER).asking.ask
    asked = ask_reserved(ask_it, asker, issuer, "consent-status", question, deadline=time.monotonic() + 3)
    assert world.run(asked)["state"] == "unknown"
