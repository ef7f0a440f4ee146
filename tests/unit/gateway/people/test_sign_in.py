"""Signing in with OpenID Connect: the honest way, and each way in which a token or an answer can be false."""

from __future__ import annotations

import hmac
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.people.oidc.provider import MAX_BYTES
from gateway.people.person import Role
from schemas.encoding import b64url
from schemas.record import Subject
from schemas.strict_json import dump
from tests.unit.gateway.people.conftest import MEMBER, ORIGIN, Browser, House, NewBrowser
from tests.unit.gateway.people.signing_provider import CLIENT, ISSUER, SigningProvider

NATIONAL_ID = "7310000001"


async def refused(browser: Browser, house: House, reason: str | None = None) -> dict[str, Any]:
    """Sign in, be refused, and have no session."""
    finished = await browser.sign_in("first")
    assert finished.status_code == 401
    assert "isthmus-session" not in browser.client.cookies
    assert await house.store.rows("SELECT * FROM people_session") == []
    problem: dict[str, Any] = finished.json()
    if reason is not None:
        assert problem["detail"].endswith(reason)
    return problem


async def test_sign_in__honest_provider__a_session_without_a_name(browser: NewBrowser, house: House) -> None:
    """The person is a pseudonym bound to the issuer; what they are called elsewhere is kept nowhere."""
    await house.grant("first", Role.auditor)
    one = browser()
    finished = await one.sign_in("first")
    assert finished.status_code == 303
    assert finished.headers["location"] == "/v1/admin/me"
    me = (await one.client.get("/v1/admin/me")).json()
    assert me["id"] == house.id("first")
    assert me["roles"] == {str(MEMBER): ["auditor"]}
    assert me["citizen"] is False
    assert (await house.actions())[-1] == "person.signed_in"


async def test_sign_in__cookies__are_out_of_reach_of_scripts_and_other_sites(browser: NewBrowser) -> None:
    """HttpOnly and SameSite=Lax; Secure only where there is TLS, else the browser would drop them."""
    one = browser()
    begun, finished = await one.begin(), await one.sign_in("first")
    for response in (begun, finished):
        for cookie in response.headers.get_list("set-cookie"):
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie
        assert response.headers["cache-control"] == "no-store"


async def test_sign_in__token_request__proves_client_and_browser(
    browser: NewBrowser, provider: SigningProvider
) -> None:
    """The code is redeemed with the PKCE verifier of the browser that began, at the same redirect URI."""
    await browser().sign_in("first")
    (form,) = provider.forms
    assert form["redirect_uri"] == f"{ORIGIN}/v1/admin/sign-in/callback"
    assert len(form["code_verifier"]) == 43
    assert "client_secret" not in form


async def test_sign_in__citizen_claim__is_the_subject_and_sealed(
    browser: NewBrowser, house: House, provider: SigningProvider
) -> None:
    """A citizen is whom the token says; the database alone does not tell who."""
    provider.claims["national_id"] = NATIONAL_ID
    one = browser()
    await one.sign_in("first")
    session = one.client.cookies["isthmus-session"]
    assert (await house.people.sessions.person(session)).citizen == Subject("national_id", NATIONAL_ID)
    assert NATIONAL_ID not in repr(await house.store.rows("SELECT * FROM people_session"))
    assert session not in repr(await house.store.rows("SELECT * FROM people_session"))


async def test_sign_in__citizen_claim_of_another_type__refused(
    browser: NewBrowser, house: House, provider: SigningProvider
) -> None:
    """A claim that is no identifier names nobody."""
    provider.claims["national_id"] = ["7310000001", "7310000002"]
    await refused(browser(), house, "citizen")


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


async def test_callback__replayed_state__refused(
    browser: NewBrowser, house: House, provider: SigningProvider
) -> None:
    """A sign-in is completed once, even with its own cookie brought back, and with a new code."""
    one = browser()
    begun = await one.begin()
    answer = provider.authorize(begun.headers["location"])
    kept = one.client.cookies["isthmus-sign-in"]
    assert (await one.finish(**answer)).status_code == 303
    one.client.cookies.set("isthmus-sign-in", kept, domain="127.0.0.1")
    again = await one.finish(**answer)
    assert again.status_code == 401
    assert again.json()["reasons"] == ["sign_in.replayed"]
    assert len(provider.forms) == 1


async def test_open__state_used_in_the_same_moment__one_session_only(house: House) -> None:
    """Two answers that both passed the first look meet the same row, and one of them fails."""
    expires = int(time.time()) + 60
    await house.people.sessions.open("person", None, "state", expires)
    with pytest.raises(Exception, match="completed before"):
        await house.people.sessions.open("person", None, "state", expires)
    assert len(await house.store.rows("SELECT * FROM people_session")) == 1


async def test_callback__answer_in_another_browser__refused(
    browser: NewBrowser, provider: SigningProvider
) -> None:
    """Nobody is signed in as somebody else by a link (login CSRF): state and cookie belong together."""
    one, victim = browser(), browser()
    answer = provider.authorize((await one.begin()).headers["location"])
    assert (await victim.finish(**answer)).status_code == 401
    await victim.begin()
    assert (await victim.finish(**answer)).json()["reasons"] == ["sign_in.state"]
    assert provider.forms == []


@pytest.mark.parametrize("cookie", ["", "x", "A" * 5000, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
async def test_callback__false_cookie__refused(browser: NewBrowser, cookie: str) -> None:
    """A cookie that this gateway has not sealed begins nothing."""
    one = browser()
    one.client.cookies.set("isthmus-sign-in", cookie, domain="127.0.0.1")
    assert (await one.finish(code="code", state="")).status_code == 401


async def test_callback__too_late__refused(
    browser: NewBrowser, provider: SigningProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sign-in waits ten minutes for its person."""
    monkeypatch.setattr("gateway.people.oidc.sign_in.VALID_FOR_S", -1)
    one = browser()
    answer = provider.authorize((await one.begin()).headers["location"])
    assert (await one.finish(**answer)).json()["reasons"] == ["sign_in.state"]


async def test_callback__answer_of_another_provider__refused(
    browser: NewBrowser, provider: SigningProvider
) -> None:
    """`iss` tells which provider answered, and no code goes to the wrong one (mix-up, RFC 9207)."""
    one = browser()
    answer = provider.authorize((await one.begin()).headers["location"])
    assert (await one.finish(**answer, iss="https://other.example")).json()["reasons"] == ["sign_in.issuer"]
    assert provider.forms == []


async def test_callback__provider_that_names_itself__has_to(
    browser: NewBrowser, provider: SigningProvider
) -> None:
    """Where the provider says that it sends `iss`, an answer without it is not its answer."""
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    one = browser()
    answer = provider.authorize((await one.begin()).headers["location"])
    assert (await one.finish(**answer)).json()["reasons"] == ["sign_in.issuer"]
    assert (await one.finish(**answer, iss=ISSUER)).status_code == 303


async def test_callback__person_said_no__refused(browser: NewBrowser, provider: SigningProvider) -> None:
    """The provider's error is not quoted: it may name a person."""
    one = browser()
    state = provider.authorize((await one.begin()).headers["location"])["state"]
    said_no = await one.finish(error="access_denied", error_description="Canary", state=state)
    assert said_no.json()["reasons"] == ["sign_in.refused"]
    assert "Canary" not in said_no.text


async def test_callback__repeated_parameter__malformed(browser: NewBrowser) -> None:
    """Which of two codes counts is not for a parser to choose."""
    one = browser()
    answered = await one.client.get("/v1/admin/sign-in/callback?code=a&code=b&state=s")
    assert answered.status_code == 400


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "evil.example",
    "",
    "/ok\r\nset-cookie: a=b",
    "/ok#fragment",
]


@pytest.mark.parametrize("path", ELSEWHERE)
async def test_sign_in__open_redirect__refused(browser: NewBrowser, path: str) -> None:
    """After signing in one is at this gateway, and nowhere else."""
    begun = await browser().begin(return_to=path)
    assert begun.status_code == 400
    assert "location" not in begun.headers


async def test_sign_in__own_path__is_returned_to(browser: NewBrowser, provider: SigningProvider) -> None:
    """A path of this gateway travels sealed, with its query."""
    one = browser()
    begun = await one.begin(return_to="/v1/admin/proposals?member=LM/GOV/MSW")
    finished = await one.finish(**provider.authorize(begun.headers["location"]))
    assert finished.headers["location"] == "/v1/admin/proposals?member=LM/GOV/MSW"


UNFIT = {
    "redirect": (302, {"location": f"{ISSUER}/elsewhere"}, b""),
    "server_error": (500, {}, b""),
    "not_json": (200, {}, b"<html>"),
    "duplicate_key": (200, {}, b'{"issuer":"a","issuer":"b"}'),
    "too_long": (200, {}, b" " * 300_000),
}


@pytest.mark.parametrize("answer", UNFIT.values(), ids=UNFIT)
async def test_discovery__unfit__no_redirect_and_a_gateway_problem(
    browser: NewBrowser, provider: SigningProvider, answer: Any
) -> None:
    """Fetches are bounded, follow nothing, and believe only the configured issuer."""
    provider.raw["/.well-known/openid-configuration"] = answer
    begun = await browser().begin()
    assert begun.status_code == 503
    assert begun.json()["fault"] == "gateway"
    assert provider.asked == ["/.well-known/openid-configuration"]


async def test_discovery__another_issuer__refused(browser: NewBrowser, provider: SigningProvider) -> None:
    """Metadata speaks for the issuer it names, whole as it may be otherwise (mix-up)."""
    provider.metadata = {"issuer": f"{ISSUER}/"}
    begun = await browser().begin()
    assert begun.status_code == 503
    assert begun.json()["detail"].endswith("another issuer")


async def test_discovery__endless_answer__is_not_read_to_its_end(browser: NewBrowser, house: House) -> None:
    """A provider that never stops talking fills no memory."""
    assert house.people.sign_in is not None
    read = 0

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            nonlocal read
            while read < 100 * MAX_BYTES:
                read += 65_536
                yield b" " * 65_536

    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Endless()))
    house.people.sign_in.provider._transport = transport
    assert (await browser().begin()).status_code == 503
    assert read <= 2 * MAX_BYTES


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("address", ["http://10.0.0.1/x", "file:///etc/passwd", None, "https://"])
async def test_discovery__address_that_is_not_https__refused(
    browser: NewBrowser, provider: SigningProvider, name: str, address: str | None
) -> None:
    """Plain HTTP is for the development provider on loopback alone."""
    provider.metadata = {name: address}
    assert (await browser().begin()).status_code == 503


async def test_token_endpoint__refuses__unauthenticated(
    browser: NewBrowser, provider: SigningProvider
) -> None:
    """A code that the provider does not know opens nothing."""
    provider.raw["/token"] = (400, {}, b'{"error":"invalid_grant","error_description":"Canary"}')
    finished = await browser().sign_in("first")
    assert finished.status_code == 401
    assert "Canary" not in finished.text


async def test_provider__unreachable__gateway_problem(browser: NewBrowser, house: House) -> None:
    """Nobody signs in while the provider is down; sessions and tokens go on."""
    assert house.people.sign_in is not None

    def down(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    house.people.sign_in.provider._transport = httpx.MockTransport(down)
    begun = await browser().begin()
    assert begun.status_code == 503
    assert begun.json()["reasons"] == ["identity_provider.unavailable"]


async def test_pseudonym__same_subject_of_another_issuer__another_person(house: House) -> None:
    """A provider that calls somebody the same makes nobody somebody else."""
    from gateway.people.pseudonym import pseudonym

    assert pseudonym(house.people.key, ISSUER, "first") != pseudonym(house.people.key, f"{ISSUER}/", "first")
    assert pseudonym(house.people.key, ISSUER, "first") != pseudonym(bytes(32), ISSUER, "first")
