"""`gateway.consent.token`: one form only, everything bound, and stock tools read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from hypothesis import given
from hypothesis import strategies as st

from gateway.consent.errors import UnfitConsent
from gateway.consent.token import MAX_TOKEN_LENGTH, Token, make, read, sub_tag, verify
from gateway.trust.jws import StatementSigner
from schemas.encoding import b64url, unb64url
from schemas.errors import ExchangeError, MalformedRequest, Unauthenticated
from schemas.record import Subject
from schemas.strict_json import dump
from tests.unit.gateway.consent.wishes import CLIENT, ISSUER, NOW, PROVIDER, PURPOSE

KEY = generate_private_key(SECP256R1())
SIGNER = StatementSigner(KEY, b"a certificate")
TOKEN = Token("id.1", ISSUER, b64url(bytes(32)), CLIENT, PROVIDER, PURPOSE, ("full_name",), NOW, NOW + 60)

_names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)


def find(thumbprint: str) -> EllipticCurvePublicKey | None:
    return KEY.public_key() if thumbprint == SIGNER.thumbprint else None


@given(
    st.builds(
        Token,
        st.text("abcdef0123456789-.", min_size=1, max_size=40),
        st.just(ISSUER),
        st.binary(min_size=32, max_size=32).map(b64url),
        st.just(CLIENT),
        st.just(PROVIDER),
        st.from_regex(r"[a-z][a-z0-9.-]{0,40}", fullmatch=True),
        st.lists(_names, min_size=1, max_size=20, unique=True).map(tuple),
        st.integers(0, 2**40),
        st.integers(2**40 + 1, 2**41),
    )
)
def test_make__verify__gives_the_same_claims(token: Token) -> None:
    """Round trip."""
    assert verify(read(make(token, SIGNER)), find) == token


def test_make__stock_library_verifies_it() -> None:
    """PyJWT reads the same claims with the same key."""
    claims = jwt.decode(
        make(TOKEN, SIGNER), KEY.public_key(), algorithms=["ES256"], options={"verify_exp": False}
    )
    assert claims["jti"] == "id.1"
    assert claims["client"] == str(CLIENT)


@given(st.integers(0, 400), st.integers(1, 255))
def test_verify__any_byte_changed__is_refused(place: int, change: int) -> None:
    """A token is one text; no change of it stands."""
    text = bytearray(make(TOKEN, SIGNER).encode())
    text[place % len(text)] ^= change
    with pytest.raises(ExchangeError):
        verify(read(text.decode("latin-1")), find)


@given(st.text(max_size=200))
def test_read__any_text__is_refused(text: str) -> None:
    """Nothing else is a token, and nothing else is raised."""
    with pytest.raises(MalformedRequest):
        read(text)


def test_verify__anothers_key__is_refused() -> None:
    """A forged token: rightly formed, with the right thumbprint, signed by somebody else."""
    forger = StatementSigner(generate_private_key(SECP256R1()), b"a certificate")
    with pytest.raises(Unauthenticated):
        verify(read(make(TOKEN, forger)), find)


def test_verify__unknown_certificate__is_refused() -> None:
    """A key that the federation does not know proves nothing."""
    stranger = StatementSigner(KEY, b"another certificate")
    with pytest.raises(Unauthenticated):
        verify(read(make(TOKEN, stranger)), find)


def _signed(header: bytes, payload: bytes) -> str:
    signing_input = f"{b64url(header)}.{b64url(payload)}"
    return f"{signing_input}.{b64url(SIGNER.raw_signature(signing_input.encode()))}"


_HEADER = {"alg": "ES256", "typ": "consent+jwt", "x5t#S256": SIGNER.thumbprint}


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES384"},
        {"typ": "JWT"},
        {"typ": "JOSE"},
        {"crit": ["exp"]},
        {"kid": "1"},
        {"jwk": {}},
        {"x5t#S256": "AAAA"},
        {"x5t#S256": 1},
    ],
)
def test_read__other_header__is_refused(change: dict[str, Any]) -> None:
    """Algorithm and type are fixed; nothing may be added."""
    with pytest.raises(MalformedRequest):
        read(_signed(dump({**_HEADER, **change}), TOKEN.to_payload()))


@pytest.mark.parametrize(
    "change",
    [
        {"jti": ""},
        {"jti": "x" * 65},
        {"jti": 1},
        {"iss": "LM/GOV"},
        {"iss": "LM/GOV/%4DSW"},
        {"sub_tag": "short"},
        {"sub_tag": None},
        {"client": "LM/NGO/RELIEF"},
        {"provider": ["LM/GOV/NIA/identity"]},
        {"purpose": "a sentence is no code"},
        {"fields": []},
        {"fields": ["a", "a"]},
        {"fields": "a"},
        {"fields": ["A"]},
        {"nbf": True},
        {"nbf": 1.0},
        {"exp": str(NOW)},
        {"nbf": NOW + 60},
        {"exp": 2**60},
        {"aud": "x"},
        {"sub": "7310000001"},
    ],
)
def test_read__other_claims__are_refused(change: dict[str, Any]) -> None:
    """Every claim is there, typed and bounded; none is added."""
    claims = {**json.loads(TOKEN.to_payload()), **change}
    with pytest.raises(MalformedRequest):
        read(_signed(dump(_HEADER), dump(claims)))


def test_read__duplicate_claim__is_refused() -> None:
    """Two parsers may choose differently between two claims of one name."""
    payload = TOKEN.to_payload()
    doubled = payload[:-1] + b',"client":"LM/GOV/MSW/cash-transfer"}'
    with pytest.raises(MalformedRequest):
        read(_signed(dump(_HEADER), doubled))


@pytest.mark.parametrize("missing", sorted(json.loads(TOKEN.to_payload())))
def test_read__claim_missing__is_refused(missing: str) -> None:
    """No claim has a default."""
    claims = json.loads(TOKEN.to_payload())
    del claims[missing]
    with pytest.raises(MalformedRequest):
        read(_signed(dump(_HEADER), dump(claims)))


def _stray_bits(text: str) -> str:
    return text[:-1] + chr(ord(text[-1]) + 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "=",
        lambda text: text + ".",
        lambda text: " " + text,
        lambda text: text.replace("_", "/").replace("-", "+") + "==",
        _stray_bits,
        lambda text: text + "x" * MAX_TOKEN_LENGTH,
        lambda text: text.rpartition(".")[0],
    ],
)
def test_read__lenient_or_huge_form__is_refused(change: Callable[[str], str]) -> None:
    """One text for one token: no padding, blanks or stray bits, and bounded."""
    with pytest.raises(MalformedRequest):
        read(change(make(TOKEN, SIGNER)))


def test_make__too_much_for_a_token__is_unfit() -> None:
    """What no door would carry is not made."""
    with pytest.raises(UnfitConsent):
        make(replace(TOKEN, fields=tuple(f"field_{number:058}" for number in range(64))), SIGNER)


def test_make__longest_scope_that_may_be_granted__fits() -> None:
    """Whatever is granted can be carried."""
    fields = tuple(f"f{number:022}" for number in range(64))
    assert len(make(replace(TOKEN, fields=fields), SIGNER)) <= MAX_TOKEN_LENGTH


def test_sub_tag__depends_on_key_type_and_value_only() -> None:
    """Another key, type or value gives another tag; a blank or another case does not."""
    tag = sub_tag(bytes(32), Subject("national_id", "ab 12"))
    assert tag == sub_tag(bytes(32), Subject("national_id", "AB12"))
    assert len(unb64url(tag)) == 32
    assert tag not in {
        sub_tag(b"\1" * 32, Subject("national_id", "ab12")),
        sub_tag(bytes(32), Subject("passport", "ab12")),
        sub_tag(bytes(32), Subject("national_id", "ab13")),
    }
