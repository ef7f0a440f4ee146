"""The consent token: an ES256 JWT that its issuer signs and the provider verifies (DESIGN section 7).

    header   {"alg": "ES256", "typ": "consent+jwt", "x5t#S256": …}
    claims   {"jti", "iss", "sub_tag", "client", "provider", "purpose", "fields", "nbf", "exp"}

`jti` is the consent's version (`ConsentRecord.key`), `iss` the issuing member, `nbf` and `exp` whole epoch
seconds, `sub_tag` an HMAC of the subject under a key that only issuer and provider have: who else reads a
token learns nothing about the person. One form only: the type is its own, so that a token is never taken
for a statement or the reverse; every member is required, none other is allowed, no duplicates, no lenient
base64url. Signing keys are the members' of the federation; `verify` asks for them by thumbprint.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from audit.subject_tag import normalise
from gateway.consent.errors import UnfitConsent
from schemas.encoding import b64url, unb64url
from schemas.errors import MalformedRequest, Unauthenticated
from schemas.identifiers import MemberId, SubsystemId
from schemas.record import Subject, parse_fields
from schemas.statement import check_code
from schemas.strict_json import canonical, parse_object

MAX_TOKEN_LENGTH: Final = 4096
"""Characters of a whole token."""
TYP: Final = "consent+jwt"
MAX_KEY_LENGTH: Final = 64
TAG_BYTES: Final = 32
_HEADER: Final = frozenset({"alg", "typ", "x5t#S256"})
_CLAIMS: Final = frozenset({"jti", "iss", "sub_tag", "client", "provider", "purpose", "fields", "nbf", "exp"})
_TAG_LABEL = b"isthmus/consent-subject/v1"
_ES256 = ECDSA(SHA256())

FindKey = Callable[[str], EllipticCurvePublicKey | None]
"""From `x5t#S256` to the key, None if it is not one of the issuer's that count now."""


class TokenSigner(Protocol):
    """Signs for one member with its key for statements."""

    @property
    def thumbprint(self) -> str:
        """`x5t#S256` of the member's certificate."""

    def raw_signature(self, data: bytes) -> bytes:
        """ES256: r ‖ s, 64 bytes."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token's claims. `consent` is `jti`; `valid_from` and `valid_until` are `nbf` and `exp`."""

    consent: str
    issuer: MemberId
    sub_tag: str
    client: SubsystemId
    provider: SubsystemId
    purpose: str
    fields: tuple[str, ...]
    valid_from: int
    valid_until: int

    def to_payload(self) -> bytes:
        """The claims as the JSON that is signed."""
        return canonical(
            {
                "jti": self.consent,
                "iss": str(self.issuer),
                "sub_tag": self.sub_tag,
                "client": str(self.client),
                "provider": str(self.provider),
                "purpose": self.purpose,
                "fields": list(self.fields),
                "nbf": self.valid_from,
                "exp": self.valid_until,
            }
        )


@dataclass(frozen=True, slots=True)
class Unverified:
    """A well-formed token before its signature is looked at."""

    token: Token
    thumbprint: str
    signing_input: bytes
    signature: bytes


def sub_tag(key: bytes, subject: Subject) -> str:
    """The tag of a subject under the key that one issuer shares with one provider (32 bytes)."""
    message = b"\0".join((_TAG_LABEL, subject.type.encode(), normalise(subject.value).encode()))
    return b64url(hmac.digest(key, message, sha256))


def make(token: Token, signer: TokenSigner) -> str:
    """Sign a token.

    Raises:
        UnfitConsent: it would be longer than a token may be.
    """
    header = canonical({"alg": "ES256", "typ": TYP, "x5t#S256": signer.thumbprint})
    signing_input = f"{b64url(header)}.{b64url(token.to_payload())}"
    text = f"{signing_input}.{b64url(signer.raw_signature(signing_input.encode('ascii')))}"
    if len(text) > MAX_TOKEN_LENGTH:
        raise UnfitConsent("the consent names more than fits into its token")
    return text


def read(text: str) -> Unverified:
    """Read a token's form and claims; nothing is proven yet.

    Raises:
        MalformedRequest: it is not a consent token.
    """
    if len(text) > MAX_TOKEN_LENGTH or not text.isascii():
        raise MalformedRequest("the consent token is too long, or not ASCII")
    parts = text.split(".")
    if len(parts) != 3:
        raise MalformedRequest("the consent token is not a compact JWS")
    header = _object(parts[0], _HEADER)
    if header["alg"] != "ES256" or header["typ"] != TYP:
        raise MalformedRequest(f"the consent token's header must say ES256 and {TYP}")
    unb64url(_text(header["x5t#S256"]), length=32)
    token = _token(_object(parts[1], _CLAIMS))
    signing_input = f"{parts[0]}.{parts[1]}".encode("ascii")
    return Unverified(token, header["x5t#S256"], signing_input, unb64url(parts[2], length=64))


def verify(unverified: Unverified, find_key: FindKey) -> Token:
    """Check the signature, and return what is proven by it. Dates and scope are the caller's to judge.

    Raises:
        Unauthenticated: the key does not count for the issuer, or the signature is wrong.
    """
    key = find_key(unverified.thumbprint)
    if key is None:
        raise Unauthenticated("the consent token's key is not one of its issuer's")
    r, s = unverified.signature[:32], unverified.signature[32:]
    der = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    try:
        key.verify(der, unverified.signing_input, _ES256)
    except InvalidSignature:
        raise Unauthenticated("the consent token's signature does not hold") from None
    return unverified.token


def _object(segment: str, members: frozenset[str]) -> dict[str, Any]:
    """One part of the token: a JSON object with exactly these members."""
    found = parse_object(unb64url(segment), max_bytes=MAX_TOKEN_LENGTH, what="the consent token")
    if found.keys() != members:
        raise MalformedRequest("the consent token has a missing or an unknown member")
    return found


def _token(claims: dict[str, Any]) -> Token:
    consent = _text(claims["jti"])
    if len(consent) > MAX_KEY_LENGTH or not consent.isprintable():
        raise MalformedRequest("the consent token's jti is not an id")
    unb64url(_text(claims["sub_tag"]), length=TAG_BYTES)
    valid_from, valid_until = claims["nbf"], claims["exp"]
    if type(valid_from) is not int or type(valid_until) is not int or not 0 <= valid_from < valid_until:
        raise MalformedRequest("the consent token's nbf and exp are not whole seconds in this order")
    fields = parse_fields(claims["fields"])
    if not fields:
        raise MalformedRequest("the consent token names no field")
    return Token(
        consent=consent,
        issuer=_identifier(MemberId, claims["iss"]),
        sub_tag=claims["sub_tag"],
        client=_identifier(SubsystemId, claims["client"]),
        provider=_identifier(SubsystemId, claims["provider"]),
        purpose=check_code(_text(claims["purpose"])),
        fields=fields,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def _identifier(kind: Any, value: Any) -> Any:
    """An identifier in its canonical text."""
    identifier = kind.parse(_text(value))
    if str(identifier) != value:
        raise MalformedRequest("the consent token has an identifier that is not in canonical form")
    return identifier


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise MalformedRequest("the consent token has a member that is not a text")
    return value
