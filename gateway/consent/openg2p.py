"""OpenG2P's `consent_jws`, read and turned into a consent token that the provider's check understands.

An OpenG2P client sends it in a DCI search, in `search_criteria.authorize.consent_jws`: a compact JWS with

    header  {"alg": "ES256", "kid": …}
    claims  {"jti", "subject_id": {"type", "value"}, "aud", "data_controller", "purpose", "data_scopes",
             "validity": {"valid_from", "valid_until"}, "issued_at"}                     (times ISO 8601)

In OpenG2P the asker signs it, so by itself it proves only what the asker says. Here it counts when a
consent issuer listed in the federation signed it (`kid`: the thumbprint `x5t#S256` of that member's
certificate) and its `jti` is a consent that the issuer keeps and that stands: then withdrawal works as
for every other. `aud` names the client, `data_controller` the provider, `data_scopes` fields; each must
fit the consent, and `fields` of the answer are what both allow.

Left out: other algorithms than the federation's keys have, and the DCI door, which calls `redeem`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.consent.choices import same
from gateway.consent.errors import NotPossible
from gateway.consent.issuing import TokenIssuer
from gateway.consent.record import State
from gateway.consent.store import Consents
from schemas.encoding import unb64url
from schemas.errors import MalformedRequest, Refused, Unauthenticated
from schemas.identifiers import MemberId, SubsystemId
from schemas.record import Subject, parse_fields, parse_subject
from schemas.strict_json import parse_object

MAX_LENGTH: Final = 8192
"""Characters of a whole `consent_jws`."""
SKEW_S: Final = 60
_CLAIMS: Final = frozenset(
    {"jti", "subject_id", "aud", "data_controller", "purpose", "data_scopes", "validity", "issued_at"}
)
_ES256 = ECDSA(SHA256())

FindIssuer = Callable[[str], tuple[MemberId, EllipticCurvePublicKey] | None]
"""From `x5t#S256` to the listed issuer with that certificate and its key; None if it does not count now."""


@dataclass(frozen=True, slots=True)
class ConsentObject:
    """What a `consent_jws` says, once its signature held. Times in epoch seconds."""

    issuer: MemberId
    consent: str
    subject: Subject
    client: SubsystemId
    provider: SubsystemId
    purpose: str
    fields: tuple[str, ...]
    valid_from: int
    valid_until: int


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A consent token, and the fields that may be asked for with it."""

    token: str
    fields: tuple[str, ...]


def verify(text: str, find_issuer: FindIssuer) -> ConsentObject:
    """Check form and signature.

    Raises:
        MalformedRequest: it is not a `consent_jws` of this form.
        Unauthenticated: nobody who may issue consents signed it.
    """
    if len(text) > MAX_LENGTH or not text.isascii() or text.count(".") != 2:
        raise MalformedRequest("consent_jws is not a compact JWS")
    protected, payload, signed = text.split(".")
    header = parse_object(unb64url(protected), max_bytes=MAX_LENGTH, what="the header of consent_jws")
    kid = header.get("kid")
    if header.get("alg") != "ES256" or not isinstance(kid, str) or header.keys() - {"alg", "kid", "typ"}:
        raise MalformedRequest("the header of consent_jws must say ES256 and kid, and nothing to be obeyed")
    found = find_issuer(kid)
    if found is None:
        raise Unauthenticated("consent_jws is not signed by an issuer that the federation lists")
    signature = unb64url(signed, length=64)
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        found[1].verify(der, f"{protected}.{payload}".encode("ascii"), _ES256)
    except InvalidSignature:
        raise Unauthenticated("the signature of consent_jws does not hold") from None
    claims = parse_object(unb64url(payload), max_bytes=MAX_LENGTH, what="the claims of consent_jws")
    return _read(found[0], claims)


async def redeem(
    consent: ConsentObject,
    asker: SubsystemId,
    subject: Subject,
    *,
    records: Consents,
    tokens: TokenIssuer,
    now: int,
) -> Redeemed:
    """The token of the consent that a `consent_jws` names, for this asker and subject.

    Raises:
        Refused: it is for somebody else, for another time, or says more than the consent on record.
        NotPossible: the consent on record does not stand.
    """
    identifier, _, version = consent.consent.rpartition(".")
    found = await records.find(consent.issuer, identifier, int(version))
    if found is None:
        raise _not_covering("unknown")
    scope = found.wish.scope
    _expect(consent.client == scope.client == asker, "other_client")
    _expect(consent.provider == scope.provider, "other_provider")
    _expect(consent.purpose == scope.purpose, "other_purpose")
    _expect(same(consent.subject, subject) and same(found.wish.subject, subject), "other_subject")
    _expect(consent.valid_from <= now + SKEW_S and now < consent.valid_until, "expired")
    if found.state_at(now) is not State.GRANTED:
        raise NotPossible(f"the consent is {found.state_at(now).value}")
    fields = tuple(field for field in scope.fields if field in consent.fields)
    _expect(bool(fields), "other_fields")
    return Redeemed(await tokens.token(found, now), fields)


def _expect(holds: bool, why: str) -> None:
    if not holds:
        raise _not_covering(why)


def _not_covering(why: str) -> Refused:
    reasons = ("consent.not_covering", f"consent.{why}")
    return Refused("consent_jws does not cover this request", reasons=reasons)


def _read(issuer: MemberId, claims: dict[str, Any]) -> ConsentObject:
    if not claims.keys() >= _CLAIMS:
        raise MalformedRequest("consent_jws lacks a claim")
    validity = claims["validity"]
    if not isinstance(validity, dict):
        raise MalformedRequest("the validity of consent_jws is not an object")
    consent = _text(claims["jti"])
    identifier, _, version = consent.rpartition(".")
    if not identifier or not version.isascii() or not version.isdecimal() or len(version) > 9:
        raise MalformedRequest("the jti of consent_jws is not a consent's id and version")
    _moment(claims["issued_at"])
    return ConsentObject(
        issuer=issuer,
        consent=consent,
        subject=parse_subject(claims["subject_id"]),
        client=SubsystemId.parse(_text(claims["aud"])),
        provider=SubsystemId.parse(_text(claims["data_controller"])),
        purpose=_purpose(claims["purpose"]),
        fields=parse_fields(claims["data_scopes"]),
        valid_from=_moment(validity.get("valid_from")),
        valid_until=_moment(validity.get("valid_until")),
    )


def _purpose(value: Any) -> str:
    """OpenG2P's purpose is an object with a `code`; DCI's `text` beside it is for people."""
    return _text(value.get("code") if isinstance(value, dict) else value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 255 or not value.isprintable():
        raise MalformedRequest("consent_jws has a claim that is not a short text")
    return value


def _moment(value: Any) -> int:
    """An ISO 8601 time with its zone, as epoch seconds."""
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        raise MalformedRequest("consent_jws has a time that is not ISO 8601") from None
    if moment.tzinfo is None:
        raise MalformedRequest("consent_jws has a time without its zone")
    return int(moment.timestamp())
