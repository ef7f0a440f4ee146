"""Signatures and encryption of DCI messages, against what others make."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from adapters.kinds.dci.encryption import Undecryptable, decrypt, encrypt
from adapters.kinds.dci.keys import thumbprint
from adapters.kinds.dci.signing import (
    CavageSigner,
    CavageVerifier,
    EmbeddedSigner,
    EmbeddedVerifier,
    Unverified,
)
from tests.dci import jose

VECTOR = Path(__file__).parents[4] / "vectors" / "dci" / "openspp_signature.json"
RECORDED = json.loads(VECTOR.read_text(encoding="utf-8"))
OPENSPP = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(RECORDED["private_key_hex"]))
KID = "openspp.lm|key-1|ed25519"
NOW = RECORDED["created"]
BODY = RECORDED["body"]
HEADER, MESSAGE = BODY["header"], BODY["message"]


@pytest.fixture(scope="module")
def rsa() -> RSAPrivateKey:
    """One key for all tests."""
    return generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def node() -> Iterator[Callable[..., Any]]:
    """The library OpenCRVS uses."""
    with jose() as call:
        yield call


def pem(key: RSAPrivateKey) -> str:
    """PKCS 8."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def spki(key: RSAPrivateKey) -> str:
    """Its public half."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_cavage__openspp_recorded__is_verified_and_made_again():
    """What OpenSPP's own code signed is accepted, and ours is the same to the byte."""
    CavageVerifier().verify(BODY["signature"], HEADER, MESSAGE, {KID: OPENSPP.public_key()}, NOW)

    made = CavageSigner(OPENSPP, "openspp.lm", "key-1").sign(HEADER, MESSAGE, NOW)

    assert made == BODY["signature"]


@pytest.mark.parametrize("moment", [NOW - 61, NOW + 361])
def test_cavage__outside_its_time__refused(moment: int):
    """A kept answer cannot be shown again later."""
    with pytest.raises(Unverified):
        CavageVerifier().verify(BODY["signature"], HEADER, MESSAGE, {KID: OPENSPP.public_key()}, moment)


FORGED = [
    lambda text: text.replace('algorithm="ed25519"', 'algorithm="none"'),
    lambda text: text.replace('headers="(created) (expires) digest"', 'headers="(created)"'),
    lambda text: text.replace(f'expires="{NOW + 300}"', f'expires="{NOW + 301}"'),
    lambda text: text.replace(f'expires="{NOW + 300}"', f'expires="{NOW + 10**9}"'),
    lambda text: text + f', created="{NOW}"',
    lambda text: text.replace(KID, "openspp.lm|key-2|ed25519"),
    lambda text: text[:-6] + 'AAA=="',
    lambda text: text.replace('signature="', 'signature="!'),
    lambda _: "",
    lambda _: "CANARY",
]


@pytest.mark.parametrize("forge", FORGED)
def test_cavage__forged__refused_and_not_quoted(forge: Callable[[str], str]):
    """Every part of the signature counts."""
    with pytest.raises(Unverified) as refused:
        CavageVerifier().verify(forge(BODY["signature"]), HEADER, MESSAGE, {KID: OPENSPP.public_key()}, NOW)

    assert "CANARY" not in str(refused.value)


def test_cavage__message_changed__refused():
    """The signature covers every member."""
    changed = deepcopy(MESSAGE)
    changed["search_response"][0]["data"]["reg_records"][0]["poverty_score"] = 4.4

    with pytest.raises(Unverified):
        CavageVerifier().verify(BODY["signature"], HEADER, changed, {KID: OPENSPP.public_key()}, NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_cavage__any_message__signed_and_verified_after_a_journey(message: dict[str, Any]):
    """Also after somebody wrote the JSON in another way."""
    signature = CavageSigner(OPENSPP, "a", "k").sign(HEADER, message, NOW)

    arrived = json.loads(json.dumps(message, ensure_ascii=False, indent=1))

    CavageVerifier().verify(signature, HEADER, arrived, {"a|k|ed25519": OPENSPP.public_key()}, NOW)


def test_embedded__ours__jws_that_holds_the_message(rsa: RSAPrivateKey):
    """Signed and verified by us; another message, or another key, is refused."""
    signature = EmbeddedSigner(rsa, "k").sign(HEADER, MESSAGE, NOW)
    keys = {"k": rsa.public_key()}

    EmbeddedVerifier().verify(signature, HEADER, MESSAGE, keys, NOW)

    for header, message, known in (
        (HEADER, {**MESSAGE, "transaction_id": "t-2"}, keys),
        ({**HEADER, "total_count": True}, MESSAGE, keys),
        (HEADER, MESSAGE, {"other": rsa.public_key()}),
        (HEADER, MESSAGE, {"k": OPENSPP.public_key()}),
        (HEADER, MESSAGE, {"k": generate_private_key(65537, 2048).public_key()}),
    ):
        with pytest.raises(Unverified):
            EmbeddedVerifier().verify(signature, header, message, known, NOW)


@pytest.mark.parametrize(
    "protected", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "RS256", "crit": ["x"]}, [], 7]
)
def test_embedded__another_algorithm__refused(rsa: RSAPrivateKey, protected: Any):
    """The signature does not choose how it is checked."""
    import base64

    head = base64.urlsafe_b64encode(json.dumps(protected).encode()).rstrip(b"=").decode()
    rest = EmbeddedSigner(rsa, "k").sign(HEADER, MESSAGE, NOW).partition(".")[2]

    for signature in (f"{head}.{rest}", f"{head}..", rest):
        with pytest.raises(Unverified):
            EmbeddedVerifier().verify(signature, HEADER, MESSAGE, {"": rsa.public_key()}, NOW)


@pytest.mark.system
def test_embedded__opencrvs_library__accepts_ours_and_we_its(rsa: RSAPrivateKey, node: Callable[..., Any]):
    """Both ways with `jose`, the thumbprint included."""
    name = thumbprint(rsa.public_key())
    assert node("thumbprint", key=spki(rsa)) == name

    ours = node("verify", signature=EmbeddedSigner(rsa, name).sign(HEADER, MESSAGE, NOW), key=spki(rsa))
    assert ours == {"payload": {"header": HEADER, "message": MESSAGE}, "kid": name}

    theirs = node("sign", payload={"header": HEADER, "message": MESSAGE}, key=pem(rsa), kid=name)
    EmbeddedVerifier().verify(theirs, HEADER, MESSAGE, {name: rsa.public_key()}, NOW)


@pytest.mark.system
def test_encryption__opencrvs_library__reads_ours_and_we_its(rsa: RSAPrivateKey, node: Callable[..., Any]):
    """A flattened JWE whose algorithms stand in the unprotected header."""
    assert node("decrypt", sealed=encrypt(MESSAGE, rsa.public_key(), "enc-1"), key=pem(rsa)) == MESSAGE

    theirs = node("encrypt", payload=MESSAGE, key=spki(rsa))
    assert decrypt(theirs, rsa, 100_000) == MESSAGE


def test_encryption__changed_on_its_way__refused_in_one_word(rsa: RSAPrivateKey):
    """Nobody learns which part was wrong, and other algorithms are not taken."""
    sealed = encrypt(MESSAGE, rsa.public_key(), "enc-1")
    words = set()
    for name in ("ciphertext", "encrypted_key", "tag", "iv"):
        first = "B" if sealed[name][0] == "A" else "A"
        with pytest.raises(Undecryptable) as refused:
            decrypt({**sealed, name: first + sealed[name][1:]}, rsa, 100_000)
        words.add(str(refused.value))
    assert len(words) == 1

    for broken in (
        {**sealed, "header": {**sealed["header"], "enc": "A128CBC-HS256"}},
        {**sealed, "header": {**sealed["header"], "alg": "RSA1_5"}},
        {**sealed, "tag": ""},
        {**sealed, "iv": "AA"},
        {**sealed, "protected": 7},
        {},
        None,
    ):
        with pytest.raises(Undecryptable):
            decrypt(broken, rsa, 100_000)


def test_encryption__longer_than_allowed__refused(rsa: RSAPrivateKey):
    """The limit holds for the plain message too."""
    with pytest.raises(Undecryptable):
        decrypt(encrypt(MESSAGE, rsa.public_key(), "enc-1"), rsa, 10)
