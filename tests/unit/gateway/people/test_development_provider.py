"""The development provider: loopback only, for loopback only; and otherwise an honest OpenID provider."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest
import yaml

from gateway.app.development_provider import (
    DevelopmentProvider,
    Fictional,
    check_development,
    development_api,
    fictional_persons,
)
from gateway.people.oidc.provider import Registration
from gateway.people.person import Role
from gateway.settings import Settings, load
from schemas.encoding import b64url
from schemas.errors import ConfigurationError

ISSUER = "http://127.0.0.1:4444"
CALLBACK = "http://127.0.0.1:4000/v1/admin/sign-in/callback"
VERIFIER = "v" * 43
QUERY = {
    "response_type": "code",
    "client_id": "isthmus",
    "redirect_uri": CALLBACK,
    "scope": "openid",
    "state": "state",
    "nonce": "nonce",
    "code_challenge": b64url(sha256(VERIFIER.encode()).digest()),
    "code_challenge_method": "S256",
}
FORM = {
    "grant_type": "authorization_code",
    "client_id": "isthmus",
    "redirect_uri": CALLBACK,
    "code_verifier": VERIFIER,
}
Change = Callable[[dict[str, Any]], object]


def settings(folder: Path, change: Change = lambda _: None) -> Settings:
    """A gateway's settings with the development provider, changed."""
    document: dict[str, Any] = {
        "gateway": "LM/GOV/NIA/gw1",
        "members": [{"id": "LM/GOV/NIA", "key": "k", "certificate": "c", "subsystems": []}],
        "database": "sqlite:///gateway.db", "case_key": "k", "log_key": "k",
        "tls": {"certificate": "c", "key": "k"},
        "federation": {"root": "r", "urls": ["https://registrar.example"], "store": "f"},
        "client": {"port": 8443}, "peer": {"port": 5500}, "admin": {"port": 4000},
        "sources": "s", "agreements": "a",
        "sign_in": {"issuer": ISSUER, "client_id": "isthmus", "development": True},
    }  # fmt: skip
    change(document)
    path = folder / "gateway.yaml"
    path.write_text(yaml.safe_dump(document))
    return load(path)


# Settings.

REFUSED: dict[str, tuple[Change, str]] = {
    "development_beyond_loopback": (lambda d: d["admin"].update(host="0.0.0.0"), "needs the admin port on loopback"),
    "development_behind_a_name": (lambda d: d["admin"].update(host="localhost"), "needs the admin port on loopback"),
    "development_with_a_public_url": (
        lambda d: d["sign_in"].update(url="https://gateway.example"), "needs the admin port on loopback"
    ),
    "provider_in_the_clear": (lambda d: d["sign_in"].update(development=False), "must be https"),
    "cookies_in_the_clear": (
        lambda d: (
            d["sign_in"].update(development=False, issuer="https://provider.example"),
            d["admin"].update(host="10.0.0.1"),
        ),
        "must be https",
    ),
    "url_with_a_path": (lambda d: d["sign_in"].update(url="https://gateway.example/x"), "host and port only"),
    "unknown_member": (lambda d: d["sign_in"].update(scope="profile"), "sign_in.scope"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "why"), REFUSED.values(), ids=REFUSED)
def test_settings__unsafe_sign_in__refused(tmp_path: Path, change: Change, why: str) -> None:
    """A gateway that people could not sign in at safely does not start."""
    with pytest.raises(ConfigurationError, match=re.escape(why)):
        settings(tmp_path, change)


def test_settings__behind_tls__the_public_url_counts(tmp_path: Path) -> None:
    """The address that the provider sends browsers back to is configured, never a request's `Host`."""
    public = {"issuer": "https://provider.example", "client_id": "isthmus", "url": "https://gateway.example/"}
    found = settings(tmp_path, lambda d: (d["admin"].update(host="10.0.0.1"), d.update(sign_in=public)))
    assert found.sign_in_url() == "https://gateway.example"


# What it refuses to be.


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "localhost", "gateway.example"])
def test_development_provider__outside_loopback__refuses(tmp_path: Path, host: str) -> None:
    """It lets anybody be anybody: nobody else may reach it. A name may come to mean another machine."""
    with pytest.raises(ConfigurationError, match="loopback"):
        check_development(settings(tmp_path), host)


def test_development_provider__gateway_not_meant_for_it__refuses(tmp_path: Path) -> None:
    """Neither one with a real provider, nor one without sign-in, nor one whose admin port is reachable."""
    real = {"issuer": "https://provider.example", "client_id": "isthmus"}
    with pytest.raises(ConfigurationError, match=re.escape("sign_in.development")):
        check_development(settings(tmp_path, lambda d: d.update(sign_in=real)), "127.0.0.1")
    with pytest.raises(ConfigurationError, match=re.escape("sign_in.development")):
        check_development(settings(tmp_path, lambda d: d.pop("sign_in")), "127.0.0.1")
    reachable = {**real, "url": "https://gateway.example"}
    changed = settings(tmp_path, lambda d: (d["admin"].update(host="10.0.0.1"), d.update(sign_in=reachable)))
    with pytest.raises(ConfigurationError, match=re.escape("admin.host")):
        check_development(changed, "127.0.0.1")


def test_development_provider__in_use__the_gateway_says_so_loudly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody runs it by mistake without a line in the log."""
    check_development(settings(tmp_path), "127.0.0.1")
    assert "INSECURE" in caplog.text


def test_fictional_persons__every_role_twice__and_no_invented_names(tmp_path: Path) -> None:
    """They are called by what they may do; two of each, since some acts need two."""
    found = fictional_persons(
        settings(tmp_path, lambda d: d["sign_in"].update(citizen_claim="national_id")), ["7310000001"]
    )
    assert len(found) == 2 * len(Role) + 1
    assert found[0].label == "first operator of LM/GOV/NIA"
    assert found[-1].claims == {"national_id": "7310000001"}
    with pytest.raises(ConfigurationError, match="citizen_claim"):
        fictional_persons(settings(tmp_path), ["7310000001"])


# What it does.


def provider(secret: str | None = None) -> DevelopmentProvider:
    """A provider of one person."""
    client = Registration(ISSUER, "isthmus", secret, CALLBACK, development=True)
    return DevelopmentProvider(client, [Fictional("auditor@LM/GOV/NIA", "auditor of LM/GOV/NIA")])


def code_of(chosen: DevelopmentProvider, **query: str) -> str:
    """A code, as it is sent to the gateway."""
    location = chosen.choose(0, {**QUERY, **query})
    assert location is not None
    return dict(parse_qsl(urlsplit(location).query))["code"]


def test_token__honest_request__token_that_its_keys_verify() -> None:
    """Anybody can check the token with the published key."""
    one = provider()
    status, document = one.redeem({**FORM, "code": code_of(one)}, None)
    assert status == 200
    key = jwt.PyJWK(one.jwks()["keys"][0])
    claims = jwt.decode(document["id_token"], key, algorithms=["ES256"], audience="isthmus", issuer=ISSUER)
    assert (claims["sub"], claims["nonce"]) == ("auditor@LM/GOV/NIA", "nonce")


@pytest.mark.parametrize(
    "change",
    [
        {"code": "another"}, {"code_verifier": "w" * 43}, {"code_verifier": ""}, {"redirect_uri": ISSUER},
        {"grant_type": "password"}, {"client_id": "another"},
    ],
)  # fmt: skip
def test_token__false_request__refused_and_the_code_is_gone(change: dict[str, str]) -> None:
    """A code is good once, for who began; a try spends it."""
    one = provider()
    code = code_of(one)
    assert one.redeem({**FORM, "code": code, **change}, None)[0] in {400, 401}
    if change.keys() & {"code_verifier", "redirect_uri", "grant_type"}:
        assert one.redeem({**FORM, "code": code}, None)[0] == 400


@pytest.mark.parametrize("shown", [None, "Basic", "Basic !!!", "Bearer x", "isthmus:guess", "other:secret"])
def test_token__client_secret_configured__has_to_be_shown(shown: str | None) -> None:
    """With a secret the gateway proves itself, as with a real provider."""
    one = provider("secret")
    if shown is not None and ":" in shown:
        shown = f"Basic {b64encode(shown.encode()).decode()}"
    assert one.redeem({**FORM, "code": code_of(one)}, shown)[0] == 401
    true = f"Basic {b64encode(b'isthmus:secret').decode()}"
    assert one.redeem({**FORM, "code": code_of(one)}, true)[0] == 200


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "https://evil.example/"}, {"client_id": "another"}, {"response_type": "token"},
        {"code_challenge_method": "plain"}, {"code_challenge": ""}, {"scope": "profile"},
    ],
)  # fmt: skip
async def test_authorize__another_request__no_page_and_no_code(change: dict[str, str]) -> None:
    """It sends codes to its own gateway only, and never without PKCE."""
    transport = httpx.ASGITransport(development_api(provider()))
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as browser:
        for path in ("/authorize", "/authorize/0"):
            answered = await browser.get(path, params={**QUERY, **change})
            assert answered.status_code == 400
            assert "location" not in answered.headers


async def test_authorize__page__shows_no_markup_of_the_request() -> None:
    """What stands in the request is escaped on the page."""
    transport = httpx.ASGITransport(development_api(provider()))
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as browser:
        page = await browser.get("/authorize", params={**QUERY, "state": '"><script>'})
        assert page.status_code == 200
        assert "<script>" not in page.text
        assert (await browser.get("/authorize/7", params=QUERY)).status_code == 400
