"""Signing in with OpenID Connect: the honest way, and each answer of a browser that belongs to another."""

from __future__ import annotations

import time

import pytest

from gateway.people.person import Role
from schemas.record import Subject
from tests.unit.gateway.people.conftest import MEMBER, ORIGIN, House, NewBrowser, refused
from tests.unit.gateway.people.signing_provider import ISSUER, SigningProvider

NATIONAL_ID = "7310000001"


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


async def test_token_endpoint__refuses__unauthenticated(
    browser: NewBrowser, provider: SigningProvider
) -> None:
    """A code that the provider does not know opens nothing."""
    provider.raw["/token"] = (400, {}, b'{"error":"invalid_grant","error_description":"Canary"}')
    finished = await browser().sign_in("first")
    assert finished.status_code == 401
    assert "Canary" not in finished.text


async def test_pseudonym__same_subject_of_another_issuer__another_person(house: House) -> None:
    """A provider that calls somebody the same makes nobody somebody else."""
    from gateway.people.pseudonym import pseudonym

    assert pseudonym(house.people.key, ISSUER, "first") != pseudonym(house.people.key, f"{ISSUER}/", "first")
    assert pseudonym(house.people.key, ISSUER, "first") != pseudonym(bytes(32), ISSUER, "first")
