"""Each way in which an ID token can be false: claims, signature, algorithm, key."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from schemas.encoding import b64url
from schemas.strict_json import dump
from tests.unit.gateway.people.conftest import House, NewBrowser, refused
from tests.unit.gateway.people.signing_provider import CLIENT, SigningProvider

HONEST_BUT = [
    pytest.param({"iss": "http://127.0.0.1:5555"}, "issuer", id="foreign_issuer"),
    pytest.param({"aud": "somebody else"}, "audience", id="wrong_audience"),
    pytest.param({"aud": [CLIENT, "somebody else"]}, "authorised party", id="several_audiences_without_azp"),
    pytest.param({"azp": "somebody else"}, "authorised party", id="azp_of_another_client"),
    pytest.param({"exp": int(time.time()) - 60}, "expiry", id="expired"),
    pytest.param({"exp": int(time.time()) + 10**7}, "expiry", id="valid_for_months"),
    pytest.param({"exp": None}, "a missing claim", id="missing_expiry"),
    pytest.param({"iat": int(time.time()) + 3600}, "time of issue", id="issued_in_the_future"),
    pytest.param({"iat": int(time.time()) - 3600}, "time of issue", id="issued_an_hour_ago"),
    pytest.param({"nonce": None}, "a missing claim", id="missing_nonce"),
    pytest.param({"nonce": "another"}, "nonce", id="nonce_of_another_sign_in"),
    pytest.param({"nonce": ["x"]}, "nonce", id="nonce_of_another_type"),
    pytest.param({"sub": None}, "a missing claim", id="missing_subject"),
    pytest.param({"sub": ""}, "subject", id="empty_subject"),
    pytest.param({"sub": "x" * 256}, "subject", id="long_subject"),
]


@pytest.mark.parametrize(("claims", "why"), HONEST_BUT)
async def test_sign_in__false_claim__no_session(
    browser: NewBrowser, house: House, provider: SigningProvider, claims: dict[str, Any], why: str
) -> None:
    """A token that is signed well but not for this sign-in opens nothing."""
    provider.claims = claims
    await refused(browser(), house, why)


def _none(_: SigningProvider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, "none")  # type: ignore[arg-type]


def _hmac_with_public_key(provider: SigningProvider, claims: dict[str, Any]) -> str:
    """What a verifier that trusts `alg` would accept: an HMAC whose key everybody can read."""
    public = provider.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    parts = ({"alg": "HS256", "typ": "JWT", "kid": "1"}, claims)
    signed = ".".join(b64url(dump(part)) for part in parts)
    return f"{signed}.{b64url(hmac.digest(public, signed.encode(), 'sha256'))}"


def _another_key(_: SigningProvider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", {"kid": "1"})


def _unknown_key(provider: SigningProvider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, provider.key, "ES256", {"kid": "2"})


def _key_in_header(_: SigningProvider, claims: dict[str, Any]) -> str:
    own = ec.generate_private_key(ec.SECP256R1())
    public = jwt.algorithms.ECAlgorithm.to_jwk(own.public_key(), as_dict=True)
    return jwt.encode(claims, own, "ES256", {"kid": "1", "jwk": public})


def _another_algorithm(_: SigningProvider, claims: dict[str, Any]) -> str:
    key = rsa.generate_private_key(65537, 2048)
    return jwt.encode(claims, key, "RS512", {"kid": "1"})


def _altered(provider: SigningProvider, claims: dict[str, Any]) -> str:
    head, _, signature = jwt.encode(claims, provider.key, "ES256", {"kid": "1"}).split(".")
    other = jwt.encode({**claims, "sub": "somebody else"}, provider.key, "ES256").split(".")[1]
    return f"{head}.{other}.{signature}"


def _huge(provider: SigningProvider, claims: dict[str, Any]) -> str:
    return jwt.encode({**claims, "more": "x" * 20_000}, provider.key, "ES256", {"kid": "1"})


FORGED = {
    "algorithm_none": (_none, "algorithm"),
    "hs256_with_the_public_key": (_hmac_with_public_key, "algorithm"),
    "another_algorithm": (_another_algorithm, "algorithm"),
    "another_key": (_another_key, "signature"),
    "unknown_key": (_unknown_key, "key"),
    "key_in_its_own_header": (_key_in_header, "signature"),
    "altered_claims": (_altered, "signature"),
    "not_a_token": (lambda *_: "token", "form"),
    "longer_than_the_bound": (_huge, "length"),
}


@pytest.mark.parametrize(("forge", "why"), FORGED.values(), ids=FORGED)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_sign_in__forged_token__no_session(
    browser: NewBrowser,
    house: House,
    provider: SigningProvider,
    forge: Callable[[SigningProvider, dict[str, Any]], str],
    why: str,
) -> None:
    """Only a signature by the provider's own key, with an algorithm from the list, counts."""
    provider.sign = lambda claims: forge(provider, claims)
    await refused(browser(), house, why)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "EdDSA"])
async def test_sign_in__other_algorithms_of_the_list__accepted(
    browser: NewBrowser, provider: SigningProvider, algorithm: str
) -> None:
    """RSA keys serve both paddings, as their `alg` allows."""
    key: Any = (
        ed25519.Ed25519PrivateKey.generate()
        if algorithm == "EdDSA"
        else rsa.generate_private_key(65537, 2048)
    )
    kind = jwt.algorithms.get_default_algorithms()[algorithm]
    provider.jwk = lambda: {**kind.to_jwk(key.public_key(), as_dict=True), "kid": "1"}  # type: ignore[attr-defined,method-assign]
    provider.sign = lambda claims: jwt.encode(claims, key, algorithm, {"kid": "1"})
    assert (await browser().sign_in("first")).status_code == 303


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_sign_in__short_rsa_key__refused(
    browser: NewBrowser, house: House, provider: SigningProvider
) -> None:
    """A 1024-bit key signs nothing here."""
    key = rsa.generate_private_key(65537, 1024)
    provider.jwk = lambda: {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "1"}  # type: ignore[method-assign]
    provider.sign = lambda claims: jwt.encode(claims, key, "RS256", {"kid": "1"})
    await refused(browser(), house, "its key is too short")


@pytest.mark.parametrize("limit", [{"alg": "RS256"}, {"use": "enc"}, {"kty": "EC"}])
async def test_sign_in__key_for_something_else__refused(
    browser: NewBrowser, house: House, provider: SigningProvider, limit: dict[str, str]
) -> None:
    """A key that says what it is for signs nothing else."""
    key = rsa.generate_private_key(65537, 2048)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    provider.jwk = lambda: {**public, "kid": "1", **limit}  # type: ignore[method-assign]
    provider.sign = lambda claims: jwt.encode(claims, key, "PS256", {"kid": "1"})
    await refused(browser(), house, "key")


async def test_sign_in__rotated_key__is_fetched_anew(
    browser: NewBrowser, house: House, provider: SigningProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown key makes the gateway ask again, but not at every stranger's wish."""
    monkeypatch.setattr("gateway.people.oidc.provider.KEYS_AGAIN_S", 0.0)
    assert (await browser().sign_in("first")).status_code == 303
    provider.key = ec.generate_private_key(ec.SECP256R1())
    honest = provider.jwk()
    provider.jwk = lambda: {**honest, "kid": "2"}  # type: ignore[method-assign]
    provider.headers = {"kid": "2"}
    assert (await browser().sign_in("first")).status_code == 303
    monkeypatch.setattr("gateway.people.oidc.provider.KEYS_AGAIN_S", 60.0)
    provider.headers = {"kid": "3"}
    before = provider.asked.count("/jwks")
    await browser().sign_in("first")
    assert provider.asked.count("/jwks") == before
