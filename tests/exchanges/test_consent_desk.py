"""What people decide at the desk, and what the next exchange makes of it; GovStack's door over real TLS."""

from __future__ import annotations

import time

import pytest

from gateway.consent.choices import Actor, Choice
from gateway.consent.desk import ConsentDesk
from gateway.consent.record import Capacity, ConsentRecord, Representative
from schemas.errors import NotPermitted, Refused
from schemas.identifiers import MemberId
from schemas.record import Subject
from tests.exchanges.consents import DAY, answered, ask
from tests.exchanges.test_json_doors import call
from tests.world import CONSUMER, IDENTITY, PRESENT, PROVIDER, PURPOSE, RELIEF, WELFARE, World

CHILD, MOTHER = Subject("national_id", PRESENT), Subject("national_id", "7310000077")


def offer_of(desk: ConsentDesk, now: int) -> str:
    """What the NGO may ask the identity authority with consent."""
    found = [
        one.id
        for one in desk.offers(now)
        if str(one.client) == RELIEF and str(one.service.provider) == IDENTITY
    ]
    return next(one for one in found if "~person" in one and one.endswith(PURPOSE))


def grant(world: World, actor: Actor, issuer: str = "LM/GOV/NIA", **members) -> tuple[ConsentRecord, str]:
    """At the desk of the issuer's gateway: the notice, the consent, the token."""
    now, desk = int(time.time()), world.node(PROVIDER).desk
    choice = Choice(
        MemberId.parse(issuer), offer_of(desk, now), now, now + 30 * DAY, "ar", ("birth_date",), **members
    )
    shown = world.run(desk.ask(choice, actor, now))
    record = world.run(desk.grant(choice, shown.reference.id, actor, now))
    return record, world.run(desk.token(record.wish.issuer, record.id, actor, now))


def test_citizen__grants_and_takes_back__the_next_exchange_is_refused(world: World) -> None:
    """What was consented to at the desk opens the exchange, until it is taken back there."""
    citizen = Actor(CHILD)
    record, token = grant(world, citizen)
    assert answered(ask(world, token))
    desk, now = world.node(PROVIDER).desk, int(time.time())
    world.run(desk.withdraw(record.wish.issuer, record.id, citizen, now))
    assert isinstance(ask(world, token).problem, Refused)


def test_guardian__until_the_end_date__the_next_exchange_is_refused(world: World) -> None:
    """A guardian's consent opens the exchange only while the guardian is one."""
    desk, issuer, now = world.node(PROVIDER).desk, MemberId.parse("LM/GOV/NIA"), int(time.time())
    until = Representative(MOTHER, Capacity.GUARDIAN, now + 10 * DAY)
    made = world.run(desk.representations.record(issuer, CHILD, until, officer="a-clerk", now=now))
    grant(world, Actor(CHILD))  # whatever the child took back in another test is given again
    record, token = grant(world, Actor(MOTHER), representation=made.id)
    assert answered(ask(world, token))
    assert record.ends_at == now + 10 * DAY
    world.run(desk.end_representation(issuer, made.id, "a-clerk", now))
    assert isinstance(ask(world, token).problem, Refused)
    with pytest.raises(NotPermitted):
        grant(world, Actor(MOTHER), representation=made.id)


def test_govstack__a_client_system_sees_its_own_agreements_over_tls(world: World) -> None:
    """The door stands on the client port, for certificates that the gateway knows."""
    own = call(world, "GET", "/config/data-agreements/", client=RELIEF)
    assert own.status == 200
    ids = {one["id"] for one in own.json["dataAgreement"]}
    foreign = {
        one["id"]
        for one in call(world, "GET", "/config/data-agreements/", client=WELFARE).json["dataAgreement"]
    }
    assert ids
    assert not ids & foreign
    assert call(world, "GET", "/service/verification/consent-records/", client=WELFARE).status == 200


def test_citizen_routes__without_sign_in__nobody(world: World) -> None:
    """The routes stand on the admin port of a real gateway, and are closed to strangers."""
    import httpx

    admin = f"http://127.0.0.1:{world.ports[CONSUMER].admin}"
    for path in ("/v1/citizen/consents", "/v1/citizen/representations", "/v1/admin/consents/offers"):
        assert httpx.get(f"{admin}{path}", trust_env=False).status_code == 401


def test_database__holds_no_person_in_clear(world: World) -> None:
    """Whom consents and representations are about is encrypted in the gateway's own database too."""
    grant(world, Actor(CHILD))
    files = list(world.home(PROVIDER).rglob("*.db*")) + list(world.home(PROVIDER).rglob("*.sqlite*"))
    assert any(path.stat().st_size for path in files)
    for path in files:
        assert PRESENT.encode() not in path.read_bytes()
