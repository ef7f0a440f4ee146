"""The statement's signature: what we sign PyJWT verifies, and what deviates in any way is refused."""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.trust.jws import StatementSigner, thumbprint, verify
from gateway.trust.pki import SandboxAuthority
from schemas.errors import ConfigurationError, MalformedRequest, Unauthenticated
from schemas.statement import jws_digest, signing_digest

CREDENTIAL = SandboxAuthority.create().issue_signing("isthmus://LM/GOV/TAX")
DER = CREDENTIAL.certificate.public_bytes(Encoding.DER)
SIGNER = StatementSigner(CREDENTIAL.key, DER)
PAYLOAD = b'{"iat":1700000000,"typ":"request"}'
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
HEADER = {
    "alg": "ES256", "cty": "isthmus-statement+json", "iat": 1_700_000_000, "typ": "JOSE", "x5t#S256": thumbprint(DER),
}  # fmt: skip


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _find(thumb: str):
    return CREDENTIAL.key.public_key() if thumb == SIGNER.thumbprint else None


def _signed(header, payload: bytes = PAYLOAD) -> str:
    """A rightly signed JWS under whatever header."""
    text = header if isinstance(header, bytes) else orjson.dumps(header)
    signing_input = f"{_encode(text)}.{_encode(payload)}"
    return f"{signing_input}.{_encode(jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(signing_input.encode(), CREDENTIAL.key))}"


def test_sign__the_published_form__jades_baseline_members_exactly():
    """ETSI TS 119 182-1: these five members, the payload attached, its bytes untouched."""
    header, payload, signature = SIGNER.sign(PAYLOAD, 1_700_000_000).split(".")
    assert orjson.loads(_decode(header)) == HEADER
    assert list(orjson.loads(_decode(header))) == ["alg", "cty", "iat", "typ", "x5t#S256"]
    assert _decode(payload) == PAYLOAD
    assert len(_decode(signature)) == 64


def test_sign__ours__verified_by_pyjwt_and_by_us():
    """An independent library reads it."""
    jws = SIGNER.sign(PAYLOAD, 1_700_000_000)
    assert jwt.PyJWS().decode(jws, CREDENTIAL.key.public_key(), algorithms=["ES256"]) == PAYLOAD
    verified = verify(jws, _find)
    assert (verified.payload, verified.thumbprint, verified.iat) == (
        PAYLOAD,
        SIGNER.thumbprint,
        1_700_000_000,
    )


def test_verify__pyjwts__ours_reads_it():
    """And the other way round."""
    headers = {name: value for name, value in HEADER.items() if name != "alg"}
    jws = jwt.PyJWS().encode(PAYLOAD, CREDENTIAL.key, algorithm="ES256", headers=headers)
    assert verify(jws, _find).payload == PAYLOAD
    assert verify(_signed(HEADER), _find).payload == PAYLOAD


DEVIATIONS = {
    "alg_none": {**HEADER, "alg": "none"}, "hs256": {**HEADER, "alg": "HS256"}, "es384": {**HEADER, "alg": "ES384"},
    "alg_lower": {**HEADER, "alg": "es256"}, "alg_missing": {k: v for k, v in HEADER.items() if k != "alg"},
    "crit": {**HEADER, "crit": ["b64"]}, "b64": {**HEADER, "b64": False}, "kid": {**HEADER, "kid": "1"},
    "x5t": {**HEADER, "x5t": "AAAA"}, "jku": {**HEADER, "jku": "https://evil.example"},
    "jwk": {**HEADER, "jwk": {}}, "x5u": {**HEADER, "x5u": "https://evil.example"}, "zip": {**HEADER, "zip": "DEF"},
    "iat_missing": {k: v for k, v in HEADER.items() if k != "iat"}, "iat_text": {**HEADER, "iat": "1"},
    "iat_float": {**HEADER, "iat": 1.5}, "iat_bool": {**HEADER, "iat": True}, "typ": {**HEADER, "typ": "JWT"},
    "cty": {**HEADER, "cty": "json"}, "x5t_short": {**HEADER, "x5t#S256": "AAAA"},
    "x5t_padded": {**HEADER, "x5t#S256": HEADER["x5t#S256"] + "="}, "x5t_list": {**HEADER, "x5t#S256": []},
    "duplicate_key": orjson.dumps(HEADER)[:-1] + b',"alg":"ES256"}', "not_an_object": b"[]", "not_json": b"x",
    "deep": b"[" * 200 + b"]" * 200, "empty": b"",
}  # fmt: skip


@pytest.mark.parametrize("name", DEVIATIONS)
def test_verify__header_deviates__malformed_whatever_the_signature(name):
    """One form only: nothing is negotiated, nothing is skipped."""
    with pytest.raises(MalformedRequest):
        verify(_signed(DEVIATIONS[name]), _find)


def test_verify__x5c__allowed():
    """`x5c` on request; the key still comes from the federation."""
    assert verify(_signed({**HEADER, "x5c": ["AAAA"]}), _find).payload == PAYLOAD


MALLEATED = {
    "junk_character": lambda j: j[:-3] + "*" + j[-3:], "line_feed": lambda j: j + "\n", "padding": lambda j: j + "==",
    "blank": lambda j: j.replace(".", ". "), "65th_byte": lambda j: j.rpartition(".")[0] + "." + _encode(_decode(j.rpartition(".")[2]) + b"\0"),
    "63_bytes": lambda j: j.rpartition(".")[0] + "." + _encode(_decode(j.rpartition(".")[2])[:-1]),
    "stray_bits": lambda j: j[:-1] + chr(ord(j[-1]) + 1), "standard_alphabet": lambda j: j[:-2] + "+/",
    "der_signature": lambda j: j.rpartition(".")[0] + "." + _encode(b"\x30" + b"0" * 70), "no_signature": lambda j: j.rpartition(".")[0] + ".",
    "non_ascii": lambda j: j[:-1] + "ä", "too_long": lambda j: j + "A" * 20_000,
    "payload_junk": lambda j: j.replace(".", ".*", 1), "four_parts": lambda j: j + ".",
}  # fmt: skip


@pytest.mark.parametrize("name", MALLEATED)
def test_verify__another_text_of_the_same__malformed(name):
    """Lenient base64 makes signed text malleable: one text for one value."""
    with pytest.raises(MalformedRequest):
        verify(MALLEATED[name](SIGNER.sign(PAYLOAD, 1_700_000_000)), _find)


def test_verify__r_and_n_minus_s__verifies_and_is_the_same_statement():
    """(r, n - s) verifies everywhere, so identity is header and payload, never the whole text."""
    jws = SIGNER.sign(PAYLOAD, 1_700_000_000)
    head, _, signature = jws.rpartition(".")
    raw = _decode(signature)
    mirrored = raw[:32] + (ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    twin = f"{head}.{_encode(mirrored)}"
    assert verify(twin, _find).payload == PAYLOAD
    assert twin != jws
    assert signing_digest(twin) == signing_digest(jws)
    assert jws_digest(twin) != jws_digest(jws)


@pytest.mark.parametrize(
    "raw", [b"\0" * 64, b"\xff" * 64, b"\0" * 32 + b"\1" * 32, b"\1" * 64], ids=["0", "max", "r0", "1"]
)
def test_verify__absurd_numbers__unauthenticated(raw):
    """Zero, beyond the order, and what nobody signed."""
    head = SIGNER.sign(PAYLOAD, 1_700_000_000).rpartition(".")[0]
    with pytest.raises(Unauthenticated):
        verify(f"{head}.{_encode(raw)}", _find)


def test_verify__payload_or_header_of_another__unauthenticated():
    """Every byte is signed."""
    one, other = SIGNER.sign(PAYLOAD, 1), SIGNER.sign(PAYLOAD + b" ", 2)
    for parts in ((0, 1, 1), (1, 0, 1), (0, 0, 1)):
        mixed = ".".join((one, other)[which].split(".")[at] for at, which in enumerate(parts))
        with pytest.raises(Unauthenticated):
            verify(mixed, _find)


def test_verify__unknown_certificate__unauthenticated():
    """The federation has the last word."""
    with pytest.raises(Unauthenticated):
        verify(SIGNER.sign(PAYLOAD, int(time.time())), lambda _: None)


def test_signer__another_curve__refused():
    """P-256 only."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key

    with pytest.raises(ConfigurationError):
        StatementSigner(generate_private_key(SECP384R1()), DER)
