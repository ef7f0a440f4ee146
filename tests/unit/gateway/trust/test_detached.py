"""Detached signatures: stock tools verify them, and one letter's difference is refused."""

from __future__ import annotations

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from gateway.trust.detached import read_header, sign_detached, verify_detached
from gateway.trust.jws import StatementSigner
from gateway.trust.pki import SandboxAuthority
from schemas.encoding import b64url
from schemas.errors import MalformedRequest, Unauthenticated

CREDENTIAL = SandboxAuthority.create().issue_signing("isthmus://LM/GOV/TAX")
SIGNER = StatementSigner(CREDENTIAL.key, CREDENTIAL.certificate.public_bytes(Encoding.DER))
CTY = "isthmus-agreement+json"
DOCUMENT = b'{"id":"msw-tax"}'
AT = 1_700_000_000


def find(thumbprint: str, _iat: int):
    """The one certificate that is known."""
    return CREDENTIAL.key.public_key() if thumbprint == SIGNER.thumbprint else None


@given(st.binary(max_size=300))
def test_sign__any_bytes__verified_here_and_by_a_stock_library(payload):
    """RFC 7515 appendix F: with the payload put back between the dots, it is an ordinary JWS."""
    jws = sign_detached(SIGNER, payload, CTY, AT)
    assert verify_detached(jws, payload, CTY, find).iat == AT
    header, _, signature = jws.split(".")
    whole = f"{header}.{b64url(payload)}.{signature}"
    assert jwt.api_jws.decode(whole, CREDENTIAL.key.public_key(), ["ES256"]) == payload


@pytest.mark.parametrize("at", range(len(DOCUMENT)))
def test_verify__one_byte_changed__refused(at):
    """Each byte of the document counts."""
    changed = DOCUMENT[:at] + bytes([DOCUMENT[at] ^ 1]) + DOCUMENT[at + 1 :]
    with pytest.raises(Unauthenticated):
        verify_detached(sign_detached(SIGNER, DOCUMENT, CTY, AT), changed, CTY, find)


def test_verify__another_kind_of_document__refused():
    """A signature on an agreement is none on a revocation, nor on a statement."""
    jws = sign_detached(SIGNER, DOCUMENT, CTY, AT)
    with pytest.raises(MalformedRequest):
        verify_detached(jws, DOCUMENT, "isthmus-agreement-revocation+json", find)
    header, _, signature = jws.split(".")
    with pytest.raises(MalformedRequest):
        read_header(f"{header}.{b64url(DOCUMENT)}.{signature}", CTY)


def test_verify__unknown_certificate__refused():
    """Whose certificate counts is the caller's to say."""
    with pytest.raises(Unauthenticated):
        verify_detached(sign_detached(SIGNER, DOCUMENT, CTY, AT), DOCUMENT, CTY, lambda _t, _i: None)


HEADER = {"alg": "ES256", "cty": CTY, "iat": AT, "typ": "JOSE", "x5t#S256": SIGNER.thumbprint}


@pytest.mark.parametrize(
    "header",
    [
        {**HEADER, "alg": "none"}, {**HEADER, "crit": ["b64"], "b64": False}, {**HEADER, "iat": True},
        {**HEADER, "iat": -1}, {**HEADER, "x5t#S256": "short"}, {**HEADER, "typ": "JWT"}, [], {},
        {name: value for name, value in HEADER.items() if name != "iat"},
    ],
)  # fmt: skip
def test_verify__other_header__malformed(header):
    """One form only."""
    signature = sign_detached(SIGNER, DOCUMENT, CTY, AT).rpartition(".")[2]
    with pytest.raises(MalformedRequest):
        verify_detached(f"{b64url(orjson.dumps(header))}..{signature}", DOCUMENT, CTY, find)
