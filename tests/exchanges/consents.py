"""Consents in the small country: granted at an issuer's gateway, and used by the NGO as its client."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from json import loads
from typing import Any, Final

from gateway.app.consent_check import ConsentParts
from gateway.consent.record import ConsentRecord, Frequency, Notice, Scope, Wish
from gateway.consent.token import Token, make, read, sub_tag
from gateway.exchange.request import ExchangeAnswer, OutgoingRequest
from gateway.trust.keys import load_signer
from schemas.identifiers import MemberId, ServiceId, SubsystemId
from schemas.record import RecordRequest, Subject
from tests.world import (
    CONSENT,
    CONSUMER,
    HOSTILE,
    IDENTITY,
    PERSON,
    PRESENT,
    PROVIDER,
    PURPOSE,
    RELIEF,
    World,
)

LOCAL, REMOTE, SILENT = "LM/GOV/NIA", "LM/GOV/MSW", "LM/GOV/TAX"
"""Issuers: at the provider's own gateway, at another one, at one where nobody answers."""
UNLISTED = "LM/NGO/RELIEF"
GATEWAYS = {LOCAL: PROVIDER, REMOTE: CONSUMER, UNLISTED: CONSUMER, SILENT: HOSTILE}
DAY = 24 * 3600
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Given:
    """A consent and its token."""

    record: ConsentRecord
    token: str


def parts(world: World, issuer: str) -> ConsentParts:
    """The consent parts of an issuer's gateway."""
    return world.node(GATEWAYS[issuer]).consents


def give(world: World, issuer: str = LOCAL, subject: str = PRESENT, **members: Any) -> Given:
    """Somebody lets the NGO ask the identity authority for a birth date; members overwrite."""
    now = int(time.time())
    scope: dict[str, Any] = {
        "client": SubsystemId.parse(RELIEF), "provider": SubsystemId.parse(IDENTITY), "service": None,
        "purpose": PURPOSE, "fields": ("birth_date",), "frequency": Frequency(),
    }  # fmt: skip
    scope |= {name: members.pop(name) for name in list(members) if name in scope}
    if isinstance(scope["service"], str):
        scope["service"] = ServiceId.parse(scope["service"])
    wish = Wish(
        issuer=MemberId.parse(issuer), subject=Subject("national_id", subject), representative=None,
        scope=Scope(**scope), valid_from=members.pop("valid_from", now - 60),
        valid_until=members.pop("valid_until", now + DAY), notice=Notice("test", 1, "en"), **members,
    )  # fmt: skip
    node = parts(world, issuer)
    record = world.run(node.records.grant(wish, by="a-pseudonym", now=now))
    # A token is made while the consent stands; some tests want one that is over, or not yet begun.
    made = world.run(node.tokens.token(record, now=wish.valid_from))
    return Given(record, made)


def withdraw(world: World, given: Given) -> None:
    """The person takes it back, at the issuer's gateway."""
    issuer = given.record.wish.issuer
    records = parts(world, str(issuer)).records
    world.run(records.withdraw(issuer, given.record.id, by="a-pseudonym", now=int(time.time())))


def forge(world: World, given: Given, *, signed_by: str = LOCAL, **claims: Any) -> str:
    """The consent's token with other claims, signed with a member's real key."""
    keys = world.home(GATEWAYS[signed_by]) / "keys"
    name = signed_by.replace("/", "-").lower()
    signer = load_signer(keys / f"{name}.key", keys / f"{name}.crt")
    return make(replace(read(given.token).token, **claims), signer)


def silent_token(world: World) -> str:
    """A good token of the issuer that cannot be asked."""
    now = int(time.time())
    token = Token(
        "some.1", MemberId.parse(SILENT), sub_tag(bytes(32), Subject("national_id", PRESENT)),
        SubsystemId.parse(RELIEF), SubsystemId.parse(IDENTITY), PURPOSE, ("birth_date",), now - 60, now + DAY,
    )  # fmt: skip
    keys = world.home(HOSTILE) / "keys"
    return make(token, load_signer(keys / "lm-gov-tax.key", keys / "lm-gov-tax.crt"))


def request(token: str | None, subject: str = PRESENT, **members: Any) -> OutgoingRequest:
    """The NGO asks for a birth date on the ground of consent; members overwrite."""
    asked: dict[str, Any] = {
        "client": SubsystemId.parse(RELIEF), "service": ServiceId.parse(PERSON), "method": "POST",
        "path": "/", "query": "", "headers": (("content-type", JSON),),
        "body": RecordRequest(Subject("national_id", subject), ("birth_date",), {}).to_bytes(),
        "deadline": time.monotonic() + 20, "media_type": JSON, "purpose": PURPOSE, "basis": CONSENT,
        "consent": token,
    }  # fmt: skip
    return OutgoingRequest(**{**asked, **members})


def ask(world: World, token: str | None, subject: str = PRESENT, **members: Any) -> ExchangeAnswer:
    """Ask over both gateways."""
    return world.run(world.node(CONSUMER).asking.ask(request(token, subject, **members)))


def answered(answer: ExchangeAnswer) -> bool:
    """Whether the birth date came, and nothing else."""
    return answer.problem is None and loads(answer.body)["record"] == {"birth_date": "1980-05-17"}


def why(world: World, answer: ExchangeAnswer) -> Mapping[str, Any]:
    """The consent facts in the owner's own, encrypted case of an exchange."""
    reader = world.node(PROVIDER).log.reader
    logged = world.run(reader.exchange(answer.id))
    index = next(found.index for found in logged if found.entry.side == "answering")
    facts: Mapping[str, Any] = world.run(reader.case(index)).decided["facts"]["consent"]
    return facts
