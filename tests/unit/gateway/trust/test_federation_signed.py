"""Signed documents: k different known keys, of this type, over exactly these bytes."""

from __future__ import annotations

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.trust.federation.errors import MalformedDocument, SignatureRejected
from gateway.trust.federation.signed import (
    PrivateKey,
    add_signature,
    format_key,
    parse_key,
    sign,
    unverified_payload,
    verify,
)
from schemas.encoding import b64url, unb64url
from schemas.strict_json import canonical, parse_object

PIN, RECORD = "isthmus-pin+json", "isthmus-record+json"
OFFICERS: list[PrivateKey] = [
    ec.generate_private_key(ec.SECP256R1()),
    ed25519.Ed25519PrivateKey.generate(),
    ed25519.Ed25519PrivateKey.generate(),
]
PUBLIC = [key.public_key() for key in OFFICERS]


def _content(document: bytes) -> dict:
    return parse_object(document, max_bytes=10_000)


def test_verify__two_of_three_officers__returns_the_payload_and_who_signed() -> None:
    """Any two do, one does not."""
    document = sign(b"payload", OFFICERS[:2], PIN)
    signed = verify(document, PUBLIC, 2, PIN)
    assert signed.payload == b"payload" == unverified_payload(document)
    assert len(signed.signers) == 2
    with pytest.raises(SignatureRejected):
        verify(document, PUBLIC, 3, PIN)


def test_add_signature__ceremony_one_by_one__reaches_the_threshold() -> None:
    """Officers sign in turn, each at their own place."""
    document = sign(b"payload", OFFICERS[:1], PIN)
    assert verify(add_signature(document, OFFICERS[2], PIN), PUBLIC, 2, PIN).payload == b"payload"


def test_verify__one_officer_twice__counts_once() -> None:
    """A threshold counts keys, not signatures."""
    document = sign(b"payload", [OFFICERS[0], OFFICERS[0]], PIN)
    with pytest.raises(SignatureRejected):
        verify(document, PUBLIC, 2, PIN)


def test_verify__strangers_signature__counts_nothing() -> None:
    """An unknown key neither helps nor harms."""
    stranger = ed25519.Ed25519PrivateKey.generate()
    document = sign(b"payload", [stranger, OFFICERS[0]], PIN)
    assert verify(document, PUBLIC, 1, PIN).payload == b"payload"
    with pytest.raises(SignatureRejected):
        verify(sign(b"payload", [stranger], PIN), PUBLIC, 1, PIN)


def test_verify__document_of_another_type__is_refused() -> None:
    """A record never passes for a pin, whoever signed."""
    with pytest.raises(SignatureRejected):
        verify(sign(b"payload", OFFICERS, RECORD), PUBLIC, 1, PIN)


def test_verify__threshold_zero__is_refused() -> None:
    """Nothing is believed for want of a rule."""
    with pytest.raises(SignatureRejected):
        verify(sign(b"payload", OFFICERS, PIN), PUBLIC, 0, PIN)


@pytest.mark.parametrize("number", [0, 1])
def test_verify__changed_payload_header_or_signature__is_refused(number: int) -> None:
    """Every signed byte counts, for both algorithms."""
    content = _content(sign(b"payload", [OFFICERS[number]], PIN))
    entry = content["signatures"][0]
    header = _content(unb64url(entry["protected"]))
    broken = [
        {**content, "payload": b64url(b"other")},
        {**content, "signatures": [{**entry, "signature": b64url(bytes(64))}]},
        {**content, "signatures": [{**entry, "signature": b64url(bytes(63))}]},
        {**content, "signatures": [{**entry, "protected": b64url(canonical({**header, "alg": "none"}))}]},
        {**content, "signatures": [{**entry, "protected": b64url(canonical({**header, "crit": []}))}]},
    ]
    for document in broken:
        with pytest.raises(SignatureRejected):
            verify(canonical(document), PUBLIC, 1, PIN)


def test_verify__not_a_signed_document__is_refused() -> None:
    """Foreign members, lenient base64 and too many signatures are malformed."""
    content = _content(sign(b"payload", [OFFICERS[0]], PIN))
    entry = content["signatures"][0]
    for document in (
        b"{}",
        b"[]",
        canonical({**content, "header": {}}),
        canonical({**content, "payload": 1}),
        canonical({**content, "signatures": []}),
        canonical({**content, "signatures": [entry] * 17}),
        canonical({**content, "signatures": [{**entry, "header": {}}]}),
        canonical({**content, "signatures": [{**entry, "signature": entry["signature"] + "="}]}),
        canonical({**content, "signatures": [{**entry, "protected": b64url(b"no json")}]}),
    ):
        with pytest.raises(MalformedDocument):
            verify(document, PUBLIC, 1, PIN)


@pytest.mark.parametrize("number", [0, 1])
def test_sign__stock_tool__verifies_each_signature(number: int) -> None:
    """PyJWT accepts a signature in compact form: nothing about it is our own."""
    content = _content(sign(b"payload", [OFFICERS[number]], PIN))
    entry = content["signatures"][0]
    compact = f"{entry['protected']}.{content['payload']}.{entry['signature']}"
    assert jwt.PyJWS().decode(compact, PUBLIC[number], algorithms=["ES256", "EdDSA"]) == b"payload"


def test_parse_key__other_kinds_of_key__are_refused() -> None:
    """P-256 and Ed25519, in PEM; both come back as they were."""
    for key in PUBLIC:
        assert parse_key(format_key(key)) == key
    others = [
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        rsa.generate_private_key(65537, 2048).public_key(),
    ]
    pems = [key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() for key in others]
    for text in (*pems, "", "no key"):
        with pytest.raises(MalformedDocument):
            parse_key(text)
