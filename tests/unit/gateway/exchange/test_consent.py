"""Reading a consent token on the asking side: which consent it is, never whether it is valid."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.exchange.consent import MAX_TOKEN_LENGTH, consent_reference
from schemas.encoding import b64url
from schemas.errors import MalformedRequest, RequestMismatch
from schemas.statement import MAX_TEXT_LENGTH
from schemas.strict_json import dump

_TEXTS = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=MAX_TEXT_LENGTH)


def _token(claims: object) -> str:
    return f"e30.{b64url(dump(claims))}.c2ln"


@given(identifier=_TEXTS, issuer=_TEXTS)
def test_reference__any_token_with_id_and_issuer__names_both_and_the_token(identifier, issuer):
    """The reference holds what the token says, and binds the very bytes that the head carries."""
    token = _token({"jti": identifier, "iss": issuer, "sub": "left out"})
    digest = b64url(sha256(token.encode()).digest())
    assert consent_reference(token) == {"id": identifier, "issuer": issuer, "digest": digest}


@pytest.mark.parametrize(
    "claims",
    [
        {}, {"jti": "c-1"}, {"iss": "LM/GOV/CON"}, {"jti": "", "iss": "i"}, {"jti": "c", "iss": ""},
        {"jti": 1, "iss": "i"}, {"jti": ["c"], "iss": "i"}, {"jti": "c", "iss": None},
        {"jti": "c" * (MAX_TEXT_LENGTH + 1), "iss": "i"}, {"jti": "c\nX-Injected: 1", "iss": "i"},
        {"jti": "c", "iss": "i\x00"},
    ],
    ids=["empty", "no_issuer", "no_id", "id_empty", "issuer_empty", "id_a_number", "id_a_list", "issuer_null",
         "id_too_long", "id_with_a_line_break", "issuer_with_a_nul"],
)  # fmt: skip
def test_reference__id_or_issuer_not_a_text__mismatch(claims):
    """What would not fit a statement's members is refused before anything is signed."""
    with pytest.raises(RequestMismatch):
        consent_reference(_token(claims))


@pytest.mark.parametrize(
    "token",
    ["", "canary", "a.b", "a.b.c.d", "e30.é.c2ln", _token({"jti": "c", "iss": "i", "x": "y" * MAX_TOKEN_LENGTH})],
    ids=["nothing", "one_part", "two_parts", "four_parts", "not_ascii", "too_long"],
)  # fmt: skip
def test_reference__no_compact_jwt__mismatch(token):
    """A token has three parts of ASCII, at most 4 KiB."""
    with pytest.raises(RequestMismatch):
        consent_reference(token)


@pytest.mark.parametrize(
    "payload",
    ["e30=", "e31", "*", b64url(b"[]"), b64url(b"canary"), b64url(b'{"jti":"a","jti":"b","iss":"i"}'),
     b64url(b'{"jti":NaN}'), b64url(b"\xff"), b64url(b"[" * 2000)],
    ids=["padded", "stray_bits", "foreign", "a_list", "no_json", "twice_the_same", "nan", "not_utf8", "deep"],
)  # fmt: skip
def test_reference__payload_not_strict_json__malformed_and_not_quoted(payload):
    """A payload that two parsers could read differently is not read at all, nor repeated in the error."""
    with pytest.raises(MalformedRequest) as caught:
        consent_reference(f"e30.{payload}.c2ln")
    assert "canary" not in caught.value.detail


@given(st.text(max_size=200))
def test_reference__any_text__refused_as_the_clients_fault(text):
    """Nothing that a client writes ends otherwise than in an error of the tree."""
    with pytest.raises((RequestMismatch, MalformedRequest)):
        consent_reference(text)
