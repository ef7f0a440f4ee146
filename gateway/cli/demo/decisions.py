"""The demonstration's second part: the person decides, and the country in a disaster.

Consent and emergencies as their officers would record them, at the gateways' own desks; the asking is
done over HTTP like everything else in the story.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import httpx

from gateway.app import log_access
from gateway.app.consenting import opened_desk
from gateway.app.emergency import Declaration, opened_office
from gateway.cli.demo.country import ISSUER, RELIEF, Country
from gateway.cli.demo.screen import Screen
from gateway.consent.choices import Actor, Choice
from gateway.settings import load
from schemas.identifiers import MemberId
from schemas.record import Subject

CIVIL_STATUS: Final = "/r1/LM/GOV/CRO/crvs/civil-status"
PERSON: Final = "/r1/LM/GOV/NIA/identity/person"
TRACING: Final = "family-tracing"
DISASTER: Final = "disaster-response"
DESK: Final = "LM/GOV/MSW/gw1"
OWNER: Final = "LM/GOV/NIA/gw1"
IDENTITY_AUTHORITY: Final = MemberId.parse("LM/GOV/NIA")
_DAY: Final = 86_400
_FOLLOWS_S: Final = 1.5
"""Other nodes and gateways follow within a second."""


def the_person_decides(screen: Screen, http: httpx.Client, country: Country, national_id: str) -> None:
    """Consent given at a desk, used, and taken back."""
    screen.step(
        "The person decides",
        "Lumeria Relief helps people to find their families. The civil registry answers only if the person "
        "allows it. First nobody has; then the person allows it at a welfare desk, and then takes it back.",
    )
    _say(screen, "without consent", _trace(http, country, national_id))
    consent, token = asyncio.run(_grant(country, national_id))
    screen.say(f"consent {consent} is recorded; the organisation gets a token for it, and no more")
    _say(screen, "with consent", _trace(http, country, national_id, token))
    asyncio.run(_withdraw(country, national_id, consent))
    screen.say("the person takes the consent back; a second later every gateway in the country knows")
    time.sleep(_FOLLOWS_S)
    refused = _trace(http, country, national_id, token)
    _say(screen, "with the same token", refused)
    reasons = _reasons_in_log(country, refused.headers["Isthmus-Receipt"])
    screen.say(f"the asker cannot tell this from a person who is not there; the owner's log says: {reasons}")


def a_disaster_is_declared(screen: Screen, http: httpx.Client, country: Country, national_id: str) -> None:
    """An emergency opened by two officers, used, and ended."""
    screen.step(
        "A disaster is declared",
        "For disasters there is a purpose that sleeps. Two officers of the identity authority wake it for "
        "three days; every use is logged twice, and the people concerned can see it afterwards.",
    )
    _say(screen, "before", _respond(http, country, national_id))
    emergency = asyncio.run(_declare(country))
    screen.say(f"emergency {emergency} is open: declared by one officer, approved by another")
    time.sleep(_FOLLOWS_S)
    _say(screen, "during the emergency", _respond(http, country, national_id))
    asyncio.run(_end(country, emergency))
    screen.say("the emergency is ended")
    time.sleep(_FOLLOWS_S)
    _say(screen, "afterwards", _respond(http, country, national_id))


def _say(screen: Screen, when: str, answer: httpx.Response) -> None:
    document = answer.json()
    problem = document.get("problem")
    if problem is None:
        shown = ", ".join(f"{name}: {value}" for name, value in document["record"].items())
        screen.say(f"[green]{when}[/]: {document['status']} ({shown})")
    else:
        screen.say(f"[yellow]{when}[/]: {problem['title']} ({', '.join(problem['reasons'])})")


def _trace(
    http: httpx.Client, country: Country, national_id: str, token: str | None = None
) -> httpx.Response:
    consent = {} if token is None else {"Isthmus-Consent": token}
    return _post(http, country, CIVIL_STATUS, national_id, "marital_status", TRACING, "consent", consent)


def _respond(http: httpx.Client, country: Country, national_id: str) -> httpx.Response:
    return _post(http, country, PERSON, national_id, "district", DISASTER, "vital_interest", {})


def _post(
    http: httpx.Client, country: Country, path: str, national_id: str, field: str, purpose: str, basis: str,
    more: dict[str, str],
) -> httpx.Response:  # fmt: skip
    body = {"subject": {"type": "national_id", "value": national_id}, "fields": [field]}
    why = {"X-Road-Client": str(RELIEF), "Isthmus-Purpose": purpose, "Isthmus-Legal-Basis": basis}
    return http.post(country.door(RELIEF) + path, json=body, headers={**why, **more})


async def _grant(country: Country, national_id: str) -> tuple[str, str]:
    """What a clerk at the desk does: show the notice, record the consent, hand out the token."""
    now = int(time.time())
    async with opened_desk(load(country.sandbox.settings[DESK])) as (desk, officer):
        actor = Actor(Subject("national_id", national_id), officer)
        offer = next(one for one in desk.offers(now) if one.purpose == TRACING)
        choice = Choice(ISSUER, offer.id, now, now + 30 * _DAY, "en", ("marital_status",))
        notice = await desk.ask(choice, actor, now)
        record = await desk.grant(choice, notice.reference.id, actor, now)
        return record.id, await desk.token(ISSUER, record.id, actor, now)


async def _withdraw(country: Country, national_id: str, consent: str) -> None:
    async with opened_desk(load(country.sandbox.settings[DESK])) as (desk, officer):
        actor = Actor(Subject("national_id", national_id), officer)
        await desk.withdraw(ISSUER, consent, actor, int(time.time()))


async def _declare(country: Country) -> str:
    settings = load(country.sandbox.settings[OWNER])
    flood = Declaration((DISASTER,), (), "A flood, declared by the government of Lumeria", 3 * _DAY)
    async with opened_office(settings, "first officer") as (office, first):
        proposal = await office.declare(IDENTITY_AUTHORITY, flood, first)
    async with opened_office(settings, "second officer") as (office, second):
        return (await office.approve(proposal, second)).id


async def _end(country: Country, emergency: str) -> None:
    async with opened_office(load(country.sandbox.settings[OWNER]), "first officer") as (office, first):
        await office.end(emergency, first)


def _reasons_in_log(country: Country, exchange: str) -> str:
    settings = load(country.sandbox.settings[OWNER])
    shown: list[Any] = log_access.show_exchange(settings, exchange)
    return ", ".join(reason for one in shown for reason in one.logged.entry.reasons)
