"""OpenG2P's `consent_jws`: what of it counts, and what it is turned into."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from gateway.consent import token as tokens
from gateway.consent.choices import Actor
from gateway.consent.desk import ConsentDesk
from gateway.consent.errors import NotPossible
from gateway.consent.openg2p import Redeemed, redeem, verify
from gateway.consent.record import ConsentRecord
from gateway.consent.store import Consents
from schemas.encoding import b64url
from schemas.errors import ExchangeError, MalformedRequest, Refused, Unauthenticated
from schemas.identifiers import SubsystemId
from schemas.record import Subject
from tests.unit.gateway.consent.desks import OTHER_CLIENT, STRANGER, a_choice, desk_over
from tests.unit.gateway.consent.wishes import CLIENT, ISSUER, NOW, PERSON, PROVIDER, PURPOSE

KEY = ec.generate_private_key(ec.SECP256R1())
KID = b64url(b"\x01" * 32)


def find_issuer(kid: str):
    """The federation lists one issuer with one certificate."""
    return (ISSUER, KEY.public_key()) if kid == KID else None


@pytest.fixture
def desk(consents: Consents) -> ConsentDesk:
    return desk_over(consents)


@pytest.fixture
async def record(desk: ConsentDesk) -> ConsentRecord:
    shown = await desk.ask(a_choice(), Actor(PERSON), NOW)
    return await desk.grant(a_choice(), shown.reference.id, Actor(PERSON), NOW)


def claims(record: ConsentRecord | None = None, **members: Any) -> dict[str, Any]:
    """The claims of an OpenG2P consent object."""
    consent = record.key if record else "0198c0de-0000-7000-8000-000000000000.1"
    return {
        "@context": "https://docs.openg2p.example/consent/v1",
        "jti": consent,
        "subject_id": {"type": PERSON.type, "value": PERSON.value},
        "aud": str(CLIENT),
        "data_controller": str(PROVIDER),
        "purpose": {"code": PURPOSE, "text": "Deciding on an application"},
        "data_scopes": ["full_name", "birth_date", "address"],
        "fetch_type": "oneshot",
        "validity": {"valid_from": "2026-09-01T00:00:00Z", "valid_until": "2026-10-30T00:00:00+02:00"},
        "issued_at": "2026-09-21T12:00:00Z",
        **members,
    }


def sign(content: dict[str, Any], key: Any = KEY, alg: str = "ES256", **header: Any) -> str:
    """A compact JWS as OpenG2P makes it: canonical JSON, `kid` in the header."""
    data = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    return jwt.PyJWS().encode(data, key, algorithm=alg, headers={"kid": KID, **header})


async def try_it(
    desk: ConsentDesk, text: str, asker: SubsystemId = CLIENT, subject: Subject = PERSON
) -> Redeemed:
    return await redeem(
        verify(text, find_issuer), asker, subject, records=desk.consents, tokens=desk.tokens, now=NOW
    )


async def test_redeem__what_fits_the_record__a_token_and_the_fields_of_both(desk, record):
    """The token is the record's own; asked for may be what both the object and the record allow."""
    found = await try_it(desk, sign(claims(record)))
    assert found.fields == ("full_name", "birth_date")
    assert tokens.read(found.token).token.consent == record.key


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"aud": str(OTHER_CLIENT)}, "consent.other_client"),
        ({"data_controller": str(OTHER_CLIENT)}, "consent.other_provider"),
        ({"purpose": "taxation"}, "consent.other_purpose"),
        ({"subject_id": {"type": STRANGER.type, "value": STRANGER.value}}, "consent.other_subject"),
        ({"data_scopes": ["address"]}, "consent.other_fields"),
        (
            {"validity": {"valid_from": "2026-09-01T00:00:00Z", "valid_until": "2026-09-02T00:00:00Z"}},
            "consent.expired",
        ),
        (
            {"validity": {"valid_from": "2027-09-01T00:00:00Z", "valid_until": "2027-09-02T00:00:00Z"}},
            "consent.expired",
        ),
        ({"jti": "0198c0de-0000-7000-8000-000000000000.1"}, "consent.unknown"),
    ],
)
async def test_redeem__says_more_than_the_record__refused(desk, record, members, why):
    """An object that does not fit the person's own consent counts for nothing."""
    with pytest.raises(Refused) as caught:
        await try_it(desk, sign(claims(record, **members)))
    assert caught.value.reasons == ("consent.not_covering", why)


async def test_redeem__shown_by_another_client_or_for_another_person__refused(desk, record):
    """Whoever finds an object cannot use it, and its client cannot use it for somebody else."""
    with pytest.raises(Refused):
        await try_it(desk, sign(claims(record)), asker=OTHER_CLIENT)
    with pytest.raises(Refused):
        await try_it(desk, sign(claims(record)), subject=STRANGER)


async def test_redeem__after_a_withdrawal__refused(desk, record):
    """A signed object outlives a withdrawal; the record does not."""
    await desk.withdraw(ISSUER, record.id, Actor(PERSON), NOW)
    with pytest.raises(NotPossible):
        await try_it(desk, sign(claims(record)))


def test_verify__signed_by_the_asker__refused():
    """OpenG2P's asker signs for itself; that is no consent of the person."""
    with pytest.raises(Unauthenticated):
        verify(sign(claims(), ec.generate_private_key(ec.SECP256R1())), find_issuer)
    with pytest.raises(Unauthenticated):
        verify(sign(claims(), kid=b64url(b"\x02" * 32)), find_issuer)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "é.b.c",
        "x" * 9000,
        sign(claims(), ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
        sign(claims(), "secret" * 8, "HS256"),
        sign(claims(), jku="https://evil.example/jwks.json"),
        sign(claims(), None, "none"),
    ],
)
def test_verify__another_form_or_algorithm__refused_before_a_key_is_looked_for(text: str):
    """One algorithm, no addresses of keys, no keys in the header."""

    def never(_kid: str):
        pytest.fail("a key was looked for")

    with pytest.raises(MalformedRequest):
        verify(text, never)


@pytest.mark.parametrize(
    "members",
    [
        {"jti": "no-version"},
        {"jti": "id.٣"},
        {"jti": 5},
        {"subject_id": {"type": "national_id"}},
        {"data_scopes": "full_name"},
        {"data_scopes": ["__class__"]},
        {"validity": []},
        {"validity": {"valid_from": "2026-09-01T00:00:00", "valid_until": "2026-10-30T00:00:00Z"}},
        {"validity": {"valid_from": "soon", "valid_until": "2026-10-30T00:00:00Z"}},
        {"purpose": {"text": "no code"}},
        {"aud": "not an identifier"},
        {"issued_at": None},
    ],
)
def test_verify__ill_typed_claims__a_problem_and_never_a_crash(members):
    """What a stranger writes is read strictly, also under a good signature."""
    with pytest.raises(ExchangeError):
        verify(sign(claims(**members)), find_issuer)


def test_verify__a_claim_is_missing__refused():
    """Every claim that is checked must be there."""
    for name in ("jti", "aud", "validity", "issued_at", "data_scopes"):
        content = claims()
        del content[name]
        with pytest.raises(MalformedRequest):
            verify(sign(content), find_issuer)


def test_verify__an_altered_claim__refused():
    """The signature covers the claims."""
    header, _, signature = sign(claims()).split(".")
    other = b64url(json.dumps(claims(aud=str(OTHER_CLIENT))).encode())
    with pytest.raises(Unauthenticated):
        verify(f"{header}.{other}.{signature}", find_issuer)
