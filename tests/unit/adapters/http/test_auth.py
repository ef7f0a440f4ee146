"""The nine kinds of `auth:`: what is sent, when it is fetched again, and what nobody gets to see."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import ECKey

from adapters.http.auth.form import read_auth
from adapters.http.auth.oauth2 import ClientAssertion
from adapters.http.client import HttpAnswer, HttpClient
from adapters.http.form import connection
from adapters.source import Limits
from schemas.errors import ConfigurationError
from schemas.outcome import DeniedBySource, Misbehaving, Unavailable
from tests.unit.adapters.http.fake_network import BASE_URL, FakeNetwork, answered, client_over

SECRET = "CANARY-SECRET"
TOKEN = "CANARY-TOKEN"
OAUTH = {"kind": "oauth2_cc", "token_url": "/token", "client_id": "isthmus", "client_secret": SECRET}
LOGIN = {
    "kind": "session_login",
    "request": {"url": "/login", "body": {"username": "isthmus", "password": SECRET}},
    "token": "/data/token",
}
HMAC = {
    "kind": "hmac",
    "key": SECRET,
    "key_id": "k1",
    "signs": "{method}\n{target}\n{timestamp}\n{nonce}\n{body_sha256}",
    "headers": {
        "Authorization": 'HMAC keyId="{key_id}",signature="{signature}"',
        "X-Time": "{timestamp}",
        "X-Nonce": "{nonce}",
    },
}


def pem(key: Any) -> str:
    """A private key as its owner keeps it."""
    encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    text: bytes = key.private_bytes(*encoding)
    return text.decode()


EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


class TokenService:
    """Gives numbered tokens at `/token` and `/login`; other paths want the newest one."""

    def __init__(self, **token: Any) -> None:
        self.given = 0
        self.expired = False
        self.token = token

    def __call__(self, request: httpx.Request) -> Any:
        """One answer."""
        if request.url.path in {"/token", "/login"}:
            self.given += 1
            self.expired = False
            name = f"{TOKEN}-{self.given}"
            return {"access_token": name, "data": {"token": name}, **self.token}
        fresh = f"{TOKEN}-{self.given}" in request.headers.get("authorization", "")
        return {"ok": True} if fresh and not self.expired else answered({"error": "expired"}, 401)

    def asked_at(self, network: FakeNetwork) -> list[str]:
        """The paths in the order of their requests."""
        return [request.url.path for request in network.sent]


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ({"kind": "bearer", "token": SECRET}, ("authorization", f"Bearer {SECRET}")),
        (
            {"kind": "basic", "user": "a", "password": "ñ"},
            ("authorization", "Basic " + base64.b64encode("a:ñ".encode()).decode()),
        ),
        ({"kind": "api_key", "header": "X-Key", "key": SECRET}, ("x-key", SECRET)),
        (
            {"kind": "api_key", "header": "Authorization", "scheme": "ApiToken", "key": SECRET},
            ("authorization", f"ApiToken {SECRET}"),
        ),
    ],
)
async def test_send__credentials_known_ahead__stand_in_the_header(
    auth: Mapping[str, Any], header: tuple[str, str]
):
    """Basic (UTF-8), bearer and key go into one header of every request."""
    network = FakeNetwork(lambda _: {})
    await client_over(network, auth).send("GET", "/x")
    assert network.sent[0].headers[header[0]] == header[1]


async def test_send__none__no_credentials():
    """Without credentials nothing is said."""
    network = FakeNetwork(lambda _: {})
    await client_over(network).send("GET", "/x")
    assert "authorization" not in network.sent[0].headers


async def test_send__key_in_the_query__escaped_beside_the_others():
    """A key in the query cannot add a parameter."""
    network = FakeNetwork(lambda _: {})
    await client_over(network, {"kind": "api_key", "query": "api_key", "key": "a&b=c"}).send(
        "GET", "/x", {"q": "1"}
    )
    assert network.sent[0].url.raw_path == b"/x?q=1&api_key=a%26b%3Dc"


@pytest.mark.parametrize("place", ["form", "json", "basic", "query"])
async def test_oauth2__secret__stands_where_the_service_wants_it(place: str):
    """Form, JSON, Basic and query: real token services differ (OpenCRVS takes two of them)."""
    network = FakeNetwork(TokenService(expires_in=3600))
    client = client_over(network, {**OAUTH, "place": place, "scope": "read"})
    answer = await client.send("GET", "/x")

    assert isinstance(answer, HttpAnswer)
    assert answer.status == 200
    request = network.sent[0]
    body = request.content.decode()
    seen = {
        "form": lambda: {name: value[0] for name, value in parse_qs(body).items()},
        "json": lambda: json.loads(body),
        "basic": lambda: (
            {name: value[0] for name, value in parse_qs(body).items()}
            | dict(zip(("client_id", "client_secret"), _basic(request), strict=True))
        ),
        "query": lambda: dict(request.url.params),
    }[place]()
    assert seen == {
        "grant_type": "client_credentials",
        "scope": "read",
        "client_id": "isthmus",
        "client_secret": SECRET,
    }
    assert (SECRET in str(request.url)) == (place == "query")
    assert network.sent[1].headers["authorization"] == f"Bearer {TOKEN}-1"


def _basic(request: httpx.Request) -> list[str]:
    return base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode().split(":")


async def test_oauth2__many_at_once__one_token_for_all():
    """Questions that arrive together wait for one token (single flight); later ones use it too."""
    service = TokenService(expires_in=3600)

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(0.001)
            given = service(request)
            return given if isinstance(given, httpx.Response) else answered(given)

    form = connection({"base_url": BASE_URL, "auth": OAUTH}, Path("unused"))
    client = HttpClient(form, Limits(), Slow())
    client.open()
    answers = await asyncio.gather(*(client.send("GET", "/x") for _ in range(20)))
    await client.send("GET", "/x")
    assert service.given == 1
    assert {answer.status for answer in answers if isinstance(answer, HttpAnswer)} == {200}


async def test_oauth2__token_refused__fetched_once_more_and_asked_again():
    """A 401 means that the token ended early: one new token, one more attempt."""
    service = TokenService(expires_in=3600)
    network = FakeNetwork(service)
    client = client_over(network, OAUTH)
    await client.send("GET", "/x")
    service.expired = True
    answer = await client.send("GET", "/y")

    assert isinstance(answer, HttpAnswer)
    assert answer.status == 200
    assert service.asked_at(network) == ["/token", "/x", "/y", "/token", "/y"]


async def test_oauth2__refused_for_ever__two_attempts_only():
    """Where every token is refused, the answer is the refusal, after one renewal."""
    network = FakeNetwork(
        lambda request: (
            {"access_token": "t", "expires_in": 60} if request.url.path == "/token" else answered({}, 401)
        )
    )
    answer = await client_over(network, OAUTH).send("GET", "/x")
    assert isinstance(answer, HttpAnswer)
    assert answer.status == 401
    assert len(network.sent) == 4


async def test_oauth2__refused_for_ever__many_questions_fetch_no_token_each():
    """A new token that is refused at once is no reason for another: the token service has its limits."""
    network = FakeNetwork(
        lambda request: (
            {"access_token": "t", "expires_in": 60} if request.url.path == "/token" else answered({}, 401)
        )
    )
    client = client_over(network, OAUTH)
    for _ in range(5):
        await client.send("GET", "/x")
    assert sum(request.url.path == "/token" for request in network.sent) == 2


async def test_oauth2__refused_again_later__renewed_again(monkeypatch: pytest.MonkeyPatch):
    """A token that ends early more than once is renewed each time."""
    now = 1000.0
    service = TokenService(expires_in=3600)
    client = client_over(FakeNetwork(service), OAUTH)
    monkeypatch.setattr(client._authenticator, "_clock", lambda: now)
    for _ in range(3):
        service.expired = True
        answer = await client.send("GET", "/x")
        assert isinstance(answer, HttpAnswer)
        assert answer.status == 200
        now += 60


async def test_oauth2__token_service_is_down__all_who_wait_share_one_attempt():
    """A fetch that fails is not repeated for each of those who waited for it."""
    asked = 0

    async def failing(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return answered({}, 503)

    client = HttpClient(
        connection({"base_url": BASE_URL, "auth": OAUTH}, Path()), Limits(), httpx.MockTransport(failing)
    )
    client.open()
    answers = await asyncio.gather(*(client.send("GET", "/x") for _ in range(20)))
    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert asked == 1
    await client.send("GET", "/x")
    assert asked == 2


@pytest.mark.parametrize("status", [200, 404, 422])
async def test_session_login__answered_with_anything_else__not_tried_again_at_once(status: int):
    """A wrong password is a 422 or a page of HTML to many systems: it must not lock the account either."""
    network = FakeNetwork(
        lambda _: httpx.Response(status, headers={"content-type": "text/html"}, content=b"<p>")
    )
    client = client_over(network, LOGIN)
    answers = [await client.send("GET", "/x") for _ in range(5)]
    assert all(isinstance(answer, Misbehaving) for answer in answers)
    assert len(network.sent) == 1


@pytest.mark.parametrize(
    ("token", "seconds"), [({"expires_in": 100}, 90), ({"expires_in": "1000"}, 970), ({}, 570)]
)
async def test_oauth2__lifetime__token_is_left_before_its_end(
    token: dict[str, Any], seconds: int, monkeypatch: pytest.MonkeyPatch
):
    """`expires_in`, else `assumed_lifetime_s`; the last tenth of it, at most 30 s, is not used."""
    now = 1000.0
    service = TokenService(**token)
    client = client_over(FakeNetwork(service), {**OAUTH, "assumed_lifetime_s": 600})
    monkeypatch.setattr(client._authenticator, "_clock", lambda: now)
    await client.send("GET", "/x")
    now += seconds - 1
    await client.send("GET", "/x")
    assert service.given == 1
    now += 2
    await client.send("GET", "/x")
    assert service.given == 2


async def test_oauth2__wrong_secret__denied_and_not_tried_again_at_once():
    """A refused login is remembered, so that many questions do not lock the account."""
    network = FakeNetwork(lambda _: answered({"error": "invalid_client", "hint": SECRET}, 401))
    client = client_over(network, OAUTH)
    answers = [await client.send("GET", "/x") for _ in range(5)]
    assert all(isinstance(answer, DeniedBySource) for answer in answers)
    assert len(network.sent) == 1
    assert SECRET not in repr(answers)


async def test_oauth2__token_service_throttles__pause_is_kept():
    """`Retry-After` of the token service is waited for (OpenSPP: five tokens a minute)."""
    network = FakeNetwork(lambda _: answered({}, 429, retry_after="60"))
    client = client_over(network, OAUTH)
    answers = [await client.send("GET", "/x") for _ in range(3)]
    assert answers == [Unavailable("the source answered HTTP 429", retry_after_s=60.0)] * 3
    assert len(network.sent) == 1


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "", 5, None, "é", "a b", "x" * 20000, {"a": 1}])
async def test_oauth2__token_that_no_header_can_carry__misbehaving_and_not_sent(token: Any):
    """A token service cannot put a header or a line into our requests."""
    network = FakeNetwork(lambda _: {"access_token": token})
    answer = await client_over(network, OAUTH).send("GET", "/x")
    assert isinstance(answer, Misbehaving)
    assert len(network.sent) == 1


async def test_oauth2__token_service_on_another_host__only_if_the_file_allows_it():
    """Secrets go to the source's host and to those of `allow_hosts`."""
    elsewhere = {**OAUTH, "token_url": "https://auth.example/token"}
    with pytest.raises(ConfigurationError, match="allow_hosts"):
        client_over(FakeNetwork(lambda _: {}), elsewhere)
    network = FakeNetwork(TokenService())
    await client_over(network, elsewhere, allow_hosts=["auth.example"]).send("GET", "/x")
    assert network.sent[0].url.host == "auth.example"
    assert network.sent[1].url.host == "source.example"


@pytest.mark.parametrize(("key", "algorithm"), [(EC_KEY, "ES256"), (RSA_KEY, "RS256"), (RSA_KEY, "RS384")])
async def test_private_key_jwt__assertion__verifies_in_another_library(key: Any, algorithm: str):
    """RFC 7523: issuer, subject, audience, a fresh `jti` and five minutes, checked by PyJWT."""
    auth = {
        "kind": "private_key_jwt",
        "token_url": "/token",
        "client_id": "isthmus",
        "key": pem(key),
        "key_id": "k1",
        "algorithm": algorithm,
        "scope": "system/Patient.rs",
    }
    network = FakeNetwork(TokenService(expires_in=60))
    await client_over(network, auth).send("GET", "/x")

    form = {name: value[0] for name, value in parse_qs(network.sent[0].content.decode()).items()}
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert form["scope"] == "system/Patient.rs"
    assertion = form["client_assertion"]
    claims = jwt.decode(
        assertion, key.public_key(), algorithms=[algorithm], audience=f"{BASE_URL}/token", issuer="isthmus"
    )
    assert claims["sub"] == "isthmus"
    assert claims["exp"] - claims["iat"] == 300
    assert len(claims["jti"]) == 36
    assert jwt.get_unverified_header(assertion) == {"typ": "JWT", "alg": algorithm, "kid": "k1"}


def test_private_key_jwt__key_as_jwk__signs_like_its_pem():
    """Many systems hand out keys as JWK; a text that is neither is refused without quoting it."""
    key = ECKey.generate_key("P-256")
    text = json.dumps(key.as_dict(private=True))
    auth = {"kind": "private_key_jwt", "token_url": "/token", "client_id": "isthmus", "key": text}
    made = read_auth(auth, BASE_URL)
    assert isinstance(made, ClientAssertion)
    pem_text = key.as_pem(private=False)
    claims = jwt.decode(made.assertion(int(time.time())), pem_text, ["ES256"], audience=f"{BASE_URL}/token")
    assert claims["sub"] == "isthmus"
    with pytest.raises(ConfigurationError) as caught:
        client_over(FakeNetwork(lambda _: {}), {**auth, "key": '{"d": "CANARY-SECRET"'})
    assert SECRET not in str(caught.value)


def test_private_key_jwt__key_does_not_fit__refused_at_opening_without_quoting_it():
    """An RSA key cannot sign ES256; a text is no key."""
    for key in (pem(RSA_KEY), SECRET):
        auth = {"kind": "private_key_jwt", "token_url": "/token", "client_id": "a", "key": key}
        with pytest.raises(ConfigurationError, match="cannot sign by ES256") as raised:
            client_over(FakeNetwork(lambda _: {}), auth)
        assert SECRET not in str(raised.value)


async def test_session_login__token_in_the_answer__shown_and_renewed_after_401():
    """A login request first; after a 401 once more (OpenEMIS)."""
    service = TokenService()
    network = FakeNetwork(service)
    client = client_over(network, LOGIN)
    await client.send("GET", "/x")
    service.expired = True
    answer = await client.send("GET", "/x")

    assert isinstance(answer, HttpAnswer)
    assert answer.status == 200
    assert service.asked_at(network) == ["/login", "/x", "/x", "/login", "/x"]
    assert json.loads(network.sent[0].content) == LOGIN["request"]["body"]  # type: ignore[index]


async def test_session_login__cookie__sent_back_alone():
    """A session cookie (Odoo) is sent back; other cookies are not kept."""
    cookies = [("set-cookie", "session_id=abc; HttpOnly; Path=/"), ("set-cookie", "tracker=1")]
    network = FakeNetwork(
        lambda request: httpx.Response(
            200,
            headers=[
                ("content-type", "application/json"),
                *(cookies if request.url.path == "/login" else []),
            ],
            content=b"{}",
        )
    )
    auth = {
        "kind": "session_login",
        "request": {"url": "/login", "form": {"p": SECRET}},
        "cookie": "session_id",
    }
    await client_over(network, auth).send("GET", "/x")
    assert network.sent[0].content == f"p={SECRET}".encode()
    assert network.sent[1].headers["cookie"] == "session_id=abc"


async def test_session_login__no_token_in_an_http_200__denied():
    """A wrong password inside an HTTP 200 is a refusal."""
    network = FakeNetwork(lambda _: {"message": "wrong password"})
    assert await client_over(network, LOGIN).send("GET", "/x") == DeniedBySource(
        "the login was answered without a token"
    )


async def test_hmac__signature__is_what_the_other_side_computes():
    """The digest covers method, target as sent, time, nonce and body; each nonce is new."""
    network = FakeNetwork(lambda _: {})
    client = client_over(network, HMAC)
    for _ in range(2):
        await client.send("POST", "/search", {"q": "a b"}, {"nid": "1"})
    for request in network.sent:
        time, nonce = request.headers["x-time"], request.headers["x-nonce"]
        digest = hashlib.sha256(request.content).hexdigest()
        message = f"POST\n/search?q=a%20b\n{time}\n{nonce}\n{digest}"
        signature = hmac.new(SECRET.encode(), message.encode(), "sha256").hexdigest()
        assert request.headers["authorization"] == f'HMAC keyId="k1",signature="{signature}"'
    assert network.sent[0].headers["x-nonce"] != network.sent[1].headers["x-nonce"]


def test_mtls__no_pair__refused_at_opening_without_quoting_it():
    """Certificate and key must be a PEM pair; the secret stays unsaid."""
    from adapters.http.tls import tls_context

    form = connection(
        {"base_url": BASE_URL, "auth": {"kind": "mtls", "certificate": SECRET, "key": SECRET}}, Path("unused")
    )
    with pytest.raises(ConfigurationError, match="PEM pair") as raised:
        tls_context(form)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "auth",
    [
        {"kind": "bearer", "token": SECRET},
        {"kind": "basic", "user": "a", "password": SECRET},
        {"kind": "api_key", "query": "k", "key": SECRET},
        OAUTH,
        {"kind": "private_key_jwt", "token_url": "/t", "client_id": "a", "key": SECRET},
        LOGIN,
        {"kind": "mtls", "certificate": SECRET, "key": SECRET},
        HMAC,
    ],
)
def test_auth__text_form__shows_no_secret(auth: Mapping[str, Any]):
    """Credentials stay out of logs and tracebacks that show a value's text form."""
    made = connection({"base_url": BASE_URL, "auth": auth}, Path("unused"))
    base64_secret = base64.b64encode(f"a:{SECRET}".encode()).decode()
    for text in (repr(made), str(made), repr(made.auth), repr(read_auth(auth, BASE_URL))):
        assert SECRET not in text
        assert base64_secret not in text


async def test_send__token_fails_everywhere__never_in_log_or_cause(caplog: pytest.LogCaptureFixture):
    """Neither token nor secret is in a cause or a log line, at any level."""
    caplog.set_level("DEBUG")

    def broken(request: httpx.Request) -> Any:
        if request.url.path == "/token":
            return {"access_token": TOKEN, "expires_in": 60}
        raise httpx.ConnectError(f"no route with {request.headers['authorization']}")

    outcome = await client_over(FakeNetwork(broken), OAUTH).send("GET", "/x")
    assert isinstance(outcome, Unavailable)
    assert TOKEN not in repr(outcome) + caplog.text
    assert SECRET not in repr(outcome) + caplog.text
