"""The exchange statement: what a gateway signs about a head and a body (`docs/protocol.md` section 3).

A statement travels as an ES256 compact JWS in the form of JAdES baseline B-B; this module knows its
payload only. The payload is JSON whose exact bytes are signed, so nothing is canonicalised. Heads
and bodies are bound by salted digests, SHA-256 over nonce ‖ bytes, so that a digest in a log does
not betray a guessable body. Unknown members are refused. Signing and verifying: `gateway.trust.jws`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, Literal

from schemas.encoding import b64url, unb64url
from schemas.errors import MalformedIdentifier, MalformedRequest
from schemas.exchange_id import check_exchange_id
from schemas.identifiers import GatewayId, MemberId, ServiceId, SubsystemId
from schemas.strict_json import MAX_INTEGER, dump, parse_object

VERSION: Final = 1
MAX_PAYLOAD_BYTES: Final = 8 * 1024
LIFETIME_S: Final = 60
"""`exp - iat`, at most and as we make it."""
SKEW_S: Final = 10
"""How far another gateway's clock may be off."""
REPLAY_KEPT_S: Final = 300
"""How long after `exp` a replay row is kept."""
NONCE_BYTES: Final = 16
MAX_CODE_LENGTH: Final = 128
"""Characters in a purpose, legal basis or decision."""
MAX_TEXT_LENGTH: Final = 255
"""Characters in every other text."""


@dataclass(frozen=True, slots=True)
class HeadDigest:
    """`{nonce, digest}` of a head."""

    nonce: str
    digest: str

    @classmethod
    def of(cls, head: bytes) -> HeadDigest:
        """Digest a head under a fresh nonce."""
        return cls(*_salted(head))

    def matches(self, head: bytes) -> bool:
        """Whether the head is the one that was signed."""
        return _digest(self.nonce, head) == self.digest


@dataclass(frozen=True, slots=True)
class BodyDigest:
    """`{nonce, digest, length, type}` of a body; `type` is its media type, empty if it has none."""

    nonce: str
    digest: str
    length: int
    type: str

    @classmethod
    def of(cls, body: bytes, media_type: str) -> BodyDigest:
        """Digest a body under a fresh nonce."""
        return cls(*_salted(body), len(body), media_type)

    def matches(self, body: bytes) -> bool:
        """Whether the body is the one that was signed."""
        return self.length == len(body) and _digest(self.nonce, body) == self.digest


@dataclass(frozen=True, slots=True)
class RequestStatement:
    """The payload of a request. Identifiers are in their canonical text form."""

    id: str
    cid: str
    retry_of: str | None
    iss: str
    gw: str
    aud: str
    to: str
    purpose: str
    purpose_source: Literal["client", "agreement"]
    basis: str
    consent: Mapping[str, str] | None
    user: Mapping[str, str | None] | None
    represents: str | None
    issue: str | None
    head: HeadDigest
    body: BodyDigest
    iat: int
    exp: int
    snapshot: int

    def to_payload(self) -> bytes:
        """The JSON to sign."""
        return dump(
            {
                "v": VERSION,
                "typ": "request",
                "id": self.id,
                "cid": self.cid,
                "retry_of": self.retry_of,
                "iss": self.iss,
                "gw": self.gw,
                "aud": self.aud,
                "to": self.to,
                "purpose": self.purpose,
                "purpose_source": self.purpose_source,
                "basis": self.basis,
                "consent": self.consent,
                "user": self.user,
                "represents": self.represents,
                "issue": self.issue,
                "head": self.head,
                "body": self.body,
                "iat": self.iat,
                "exp": self.exp,
                "fed": {"snapshot": self.snapshot},
            }
        )

    @classmethod
    def from_payload(cls, payload: bytes) -> RequestStatement:
        """Read a payload; MalformedRequest unless every member is present and well-formed."""
        claims = _claims(payload, _REQUEST_MEMBERS)
        if claims["typ"] != "request":
            raise MalformedRequest("the statement's typ is not request")
        if claims["purpose_source"] not in ("client", "agreement"):
            raise MalformedRequest("the statement's purpose_source is neither client nor agreement")
        iat, exp = _times(claims)
        return cls(
            id=check_exchange_id(claims["id"]),
            cid=check_exchange_id(claims["cid"]),
            retry_of=None if claims["retry_of"] is None else check_exchange_id(claims["retry_of"]),
            iss=_identifier(SubsystemId, claims["iss"]),
            gw=_identifier(GatewayId, claims["gw"]),
            aud=_identifier(ServiceId, claims["aud"]),
            to=_identifier(GatewayId, claims["to"]),
            purpose=check_code(claims["purpose"]),
            purpose_source=claims["purpose_source"],
            basis=check_code(claims["basis"]),
            consent=_texts(claims["consent"], _CONSENT_MEMBERS),
            user=_texts(claims["user"], _USER_MEMBERS, optional=True),
            represents=None if claims["represents"] is None else _identifier(MemberId, claims["represents"]),
            issue=None if claims["issue"] is None else _text(claims["issue"], MAX_TEXT_LENGTH),
            head=_head(claims["head"]),
            body=_body(claims["body"]),
            iat=iat,
            exp=exp,
            snapshot=_snapshot(claims["fed"]),
        )


@dataclass(frozen=True, slots=True)
class AnswerStatement:
    """The payload of an answer or a refusal. `req` is the digest of the request's JWS."""

    typ: Literal["answer", "refusal"]
    id: str
    cid: str
    iss: str
    gw: str
    aud: str
    to: str
    purpose: str
    purpose_source: Literal["client", "agreement"]
    basis: str
    head: HeadDigest
    body: BodyDigest
    req: str
    status: int
    decision: str
    fields: tuple[str, ...]
    iat: int
    exp: int
    snapshot: int

    def to_payload(self) -> bytes:
        """The JSON to sign."""
        return dump(
            {
                "v": VERSION,
                "typ": self.typ,
                "id": self.id,
                "cid": self.cid,
                "iss": self.iss,
                "gw": self.gw,
                "aud": self.aud,
                "to": self.to,
                "purpose": self.purpose,
                "purpose_source": self.purpose_source,
                "basis": self.basis,
                "head": self.head,
                "body": self.body,
                "req": self.req,
                "status": self.status,
                "decision": self.decision,
                "fields": self.fields,
                "iat": self.iat,
                "exp": self.exp,
                "fed": {"snapshot": self.snapshot},
            }
        )

    @classmethod
    def from_payload(cls, payload: bytes) -> AnswerStatement:
        """Read a payload; MalformedRequest unless every member is present and well-formed."""
        claims = _claims(payload, _ANSWER_MEMBERS)
        typ, status, fields = claims["typ"], claims["status"], claims["fields"]
        if typ not in ("answer", "refusal"):
            raise MalformedRequest("the statement's typ is neither answer nor refusal")
        if not _is_integer(status) or not 100 <= status <= 599:
            raise MalformedRequest("the statement's status is not an HTTP status")
        if not isinstance(fields, list) or len(fields) > 256:
            raise MalformedRequest("the statement's fields are not a list of names")
        iat, exp = _times(claims)
        return cls(
            typ=typ,
            id=check_exchange_id(claims["id"]),
            cid=check_exchange_id(claims["cid"]),
            iss=_identifier(ServiceId, claims["iss"]),
            gw=_identifier(GatewayId, claims["gw"]),
            aud=_identifier(SubsystemId, claims["aud"]),
            to=_identifier(GatewayId, claims["to"]),
            purpose=check_code(claims["purpose"]),
            purpose_source=claims["purpose_source"],
            basis=check_code(claims["basis"]),
            head=_head(claims["head"]),
            body=_body(claims["body"]),
            req=_digest_text(claims["req"]),
            status=status,
            decision=_text(claims["decision"], MAX_CODE_LENGTH),
            fields=tuple(_text(name, 64) for name in fields),
            iat=iat,
            exp=exp,
            snapshot=_snapshot(claims["fed"]),
        )


_SHARED_MEMBERS = frozenset(
    {"v", "typ", "id", "cid", "iss", "gw", "aud", "to", "purpose", "purpose_source", "basis"}
    | {"head", "body", "iat", "exp", "fed"}
)
_REQUEST_MEMBERS = _SHARED_MEMBERS | {"retry_of", "consent", "user", "represents", "issue"}
_ANSWER_MEMBERS = _SHARED_MEMBERS | {"req", "status", "decision", "fields"}
_CODE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._:/-]{{0,{MAX_CODE_LENGTH - 1}}}")
_NONCE_FORM = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")
_DIGEST_FORM = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
"""Unpadded base64url of 16 and 32 bytes: the last character has no stray bits. A test compares the
two with `schemas.encoding`, which would cost ten times as much here."""
_CONSENT_MEMBERS = frozenset({"id", "issuer", "digest"})
_USER_MEMBERS = frozenset({"pseudonym", "role", "area", "assurance"})


@lru_cache(maxsize=256)
def jws_digest(jws: str) -> str:
    """SHA-256 of a whole JWS, base64url: what an answer's `req` and the log's entries hold."""
    return b64url(sha256(jws.encode("ascii")).digest())


@lru_cache(maxsize=256)
def signing_digest(jws: str) -> str:
    """SHA-256 of header and payload only: a statement's identity. (r, n - s) verifies as well as
    (r, s), so the whole JWS identifies nothing."""
    return b64url(sha256(jws[: jws.rfind(".")].encode("ascii")).digest())


def check_code(value: Any) -> str:
    """Return a purpose or legal basis: a code, never a sentence, since it stands in clear in two logs.

    Raises:
        MalformedRequest: it is not one.
    """
    if not isinstance(value, str) or _CODE.fullmatch(value) is None:
        raise MalformedRequest(
            f"a purpose or legal basis is a code of at most {MAX_CODE_LENGTH} letters, digits and . _ : / -"
        )
    return value


def check_freshness(iat: int, exp: int, now: int) -> None:
    """Raise MalformedRequest unless `iat - 10 <= now <= exp + 10`."""
    if now < iat - SKEW_S:
        raise MalformedRequest("the statement is dated in the future; check both gateways' clocks")
    if now > exp + SKEW_S:
        raise MalformedRequest("the statement has expired; check both gateways' clocks")


def _salted(data: bytes) -> tuple[str, str]:
    nonce = os.urandom(NONCE_BYTES)
    return b64url(nonce), b64url(sha256(nonce + data).digest())


def _digest(nonce: str, data: bytes) -> str:
    return b64url(sha256(unb64url(nonce, length=NONCE_BYTES) + data).digest())


def _claims(payload: bytes, members: frozenset[str]) -> dict[str, Any]:
    # Every number of a statement is checked below to be a small integer.
    claims = parse_object(payload, max_bytes=MAX_PAYLOAD_BYTES, what="the statement", bound_numbers=False)
    if claims.keys() != members:
        raise MalformedRequest("the statement has a missing or an unknown member")
    if not _is_integer(claims["v"]) or claims["v"] != VERSION:
        raise MalformedRequest("the statement's version is not 1")
    return claims


def _times(claims: Mapping[str, Any]) -> tuple[int, int]:
    iat, exp = claims["iat"], claims["exp"]
    if not _is_integer(iat) or not _is_integer(exp) or not 0 < exp - iat <= LIFETIME_S:
        raise MalformedRequest(f"the statement's times are not integers at most {LIFETIME_S} s apart")
    return iat, exp


def _identifier(kind: type[SubsystemId | GatewayId | ServiceId | MemberId], value: Any) -> str:
    if not isinstance(value, str) or str(kind.parse(value)) != value:
        raise MalformedIdentifier("an identifier in the statement is not in canonical form")
    return value


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise MalformedRequest(f"a text in the statement is not 1 to {longest} printable characters")
    return value


def _texts(value: Any, members: frozenset[str], *, optional: bool = False) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or value.keys() != members:
        raise MalformedRequest("the statement's consent or user has a missing or an unknown member")
    return {
        name: None if optional and item is None else _text(item, MAX_TEXT_LENGTH)
        for name, item in value.items()
    }


def _head(value: Any) -> HeadDigest:
    if not isinstance(value, dict) or value.keys() != {"nonce", "digest"}:
        raise MalformedRequest("the statement's head is not {nonce, digest}")
    return HeadDigest(_nonce_text(value["nonce"]), _digest_text(value["digest"]))


def _body(value: Any) -> BodyDigest:
    if not isinstance(value, dict) or value.keys() != {"nonce", "digest", "length", "type"}:
        raise MalformedRequest("the statement's body is not {nonce, digest, length, type}")
    length, media_type = value["length"], value["type"]
    if not _is_integer(length) or length < 0:
        raise MalformedRequest("the statement's body length is not a number of bytes")
    if media_type != "":
        _text(media_type, MAX_TEXT_LENGTH)
    return BodyDigest(_nonce_text(value["nonce"]), _digest_text(value["digest"]), length, media_type)


def _nonce_text(value: Any) -> str:
    return _base64_text(value, _NONCE_FORM)


def _digest_text(value: Any) -> str:
    return _base64_text(value, _DIGEST_FORM)


def _base64_text(value: Any, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise MalformedRequest("a digest or nonce in the statement is not unpadded base64url of its length")
    return value


def _snapshot(value: Any) -> int:
    if not isinstance(value, dict) or value.keys() != {"snapshot"} or not _is_integer(value["snapshot"]):
        raise MalformedRequest("the statement's fed is not {snapshot}")
    snapshot: int = value["snapshot"]
    if not 0 <= snapshot < MAX_INTEGER:
        raise MalformedRequest("the statement's snapshot is not a version")
    return snapshot


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
