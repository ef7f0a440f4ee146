"""Sessions at the admin port: CSRF, signing out, expiry, and who is nobody."""

from __future__ import annotations

import time

import pytest

from gateway.people.person import Role
from schemas.errors import Unauthenticated
from tests.unit.gateway.people.conftest import ORIGIN, House, NewBrowser, role_of, signed_in


async def test_csrf__request_without_the_header__refused(browser: NewBrowser, house: House) -> None:
    """Another site can make the browser send its cookie, but cannot read what the header has to hold."""
    await house.grant("boss", Role.operator)
    one = await signed_in(browser, "boss")
    body = role_of(house, "first", Role.auditor)
    for shown in ("", "guess"):
        answered = await one.client.post("/v1/admin/people/grant", json=body, headers={"isthmus-csrf": shown})
        assert answered.status_code == 403
        assert answered.json()["reasons"] == ["csrf"]
    assert (await one.post("/v1/admin/people/grant", body)).status_code == 200


async def test_csrf__request_from_another_origin__refused(browser: NewBrowser, house: House) -> None:
    """A browser says where a request comes from; with a foreign origin even the right header does not help."""
    await house.grant("boss", Role.operator)
    one = await signed_in(browser, "boss")
    body = role_of(house, "first", Role.auditor)
    assert (await one.post("/v1/admin/people/grant", body, origin="http://evil.example")).status_code == 403
    assert (await one.post("/v1/admin/people/grant", body, origin="null")).status_code == 403
    assert (await one.post("/v1/admin/people/grant", body, origin=ORIGIN)).status_code == 200


async def test_csrf__header_of_another_session__refused(browser: NewBrowser, house: House) -> None:
    """The token belongs to its session."""
    await house.grant("boss", Role.operator)
    one, other = await signed_in(browser, "boss"), await signed_in(browser, "boss")
    one.csrf = other.csrf
    answered = await one.post("/v1/admin/people/grant", role_of(house, "first", Role.auditor))
    assert answered.json()["reasons"] == ["csrf"]


async def test_session__signed_out__ends(browser: NewBrowser, house: House) -> None:
    """The cookie opens nothing any more, also for who kept it."""
    one = await signed_in(browser, "first")
    kept = one.client.cookies["isthmus-session"]
    assert (await one.post("/v1/admin/sign-out")).status_code == 204
    with pytest.raises(Unauthenticated):
        await house.people.sessions.person(kept)
    assert (await house.actions())[-1] == "person.signed_out"


async def test_session__expired__refused_and_forgotten(
    browser: NewBrowser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session lasts eight hours; the upkeep then takes it away."""
    monkeypatch.setattr("gateway.people.sessions.LIFETIME_S", -1)
    one = browser()
    await one.sign_in("first")
    assert (await one.client.get("/v1/admin/me")).status_code == 401
    assert await house.people.purge(int(time.time()) + 3600) == 2
    assert await house.store.rows("SELECT * FROM people_session") == []


async def test_me__nobody__unauthenticated(browser: NewBrowser) -> None:
    """Without a session or a token there is nobody; health stays open."""
    one = browser()
    assert (await one.client.get("/v1/admin/me")).status_code == 401
    assert (await one.client.get("/health/live")).status_code == 200
    assert (await one.client.get("/v1/admin/me", headers={"authorization": "Basic eDp5"})).status_code == 401
