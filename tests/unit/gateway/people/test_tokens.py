"""API tokens: shown once, never more than their owner, gone with the owner's roles."""

from __future__ import annotations

import time

import pytest

from gateway.people.person import Role
from schemas.errors import Conflict, Unauthenticated
from tests.unit.gateway.people.conftest import MEMBER, OTHER, House, NewBrowser, signed_in


async def test_token__shown_once__kept_as_a_digest(browser: NewBrowser, house: House) -> None:
    """Who reads the database cannot use what is there."""
    await house.grant("first", Role.auditor)
    one = await signed_in(browser, "first")
    made = await one.post("/v1/admin/tokens", {"label": "report", "roles": {str(MEMBER): ["auditor"]}})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    text = made.json()["token"]
    assert text not in repr(await house.store.rows("SELECT * FROM people_token"))
    assert text not in (await one.client.get("/v1/admin/tokens")).text
    me = await browser().client.get("/v1/admin/me", headers={"authorization": f"Bearer {text}"})
    assert me.json()["roles"] == {str(MEMBER): ["auditor"]}
    assert me.json()["citizen"] is False


async def test_token__more_roles_than_its_owner__refused(browser: NewBrowser, house: House) -> None:
    """Neither another role nor another member's."""
    await house.grant("first", Role.auditor)
    one = await signed_in(browser, "first")
    for roles in ({str(MEMBER): ["auditor", "operator"]}, {str(OTHER): ["auditor"]}):
        answered = await one.post("/v1/admin/tokens", {"label": "more", "roles": roles})
        assert answered.status_code == 403
        assert answered.json()["reasons"] == ["token.exceeds_owner"]


async def test_token__role_of_its_owner_revoked__gone_from_the_token(house: House) -> None:
    """A token has at each use what both have: it never exceeds its owner's present roles."""
    await house.grant("first", Role.auditor)
    await house.grant("first", Role.integrator)
    roles = {MEMBER: frozenset({Role.auditor, Role.integrator})}
    _, text = await house.people.tokens.create(house.id("first"), "two", roles, 1, "test")
    await house.people.grants.revoke(house.id("first"), Role.integrator, MEMBER, "test")
    assert (await house.people.tokens.person(text)).roles == {MEMBER: frozenset({Role.auditor})}
    await house.grant("first", Role.operator)
    assert (await house.people.tokens.person(text)).roles == {MEMBER: frozenset({Role.auditor})}


async def test_token__owner_revoked__refused(house: House) -> None:
    """Without its owner's roles a token is nothing."""
    await house.grant("first", Role.auditor)
    _, text = await house.people.tokens.create(
        house.id("first"), "one", {MEMBER: frozenset({Role.auditor})}, 1, "test"
    )
    await house.people.grants.revoke(house.id("first"), Role.auditor, MEMBER, "test")
    with pytest.raises(Unauthenticated):
        await house.people.tokens.person(text)


async def test_token__makes_a_token__refused(browser: NewBrowser, house: House) -> None:
    """A stolen token does not outlive itself."""
    await house.grant("first", Role.auditor)
    one = await signed_in(browser, "first")
    body = {"label": "one", "roles": {str(MEMBER): ["auditor"]}}
    text = (await one.post("/v1/admin/tokens", body)).json()["token"]
    answered = await browser().client.post(
        "/v1/admin/tokens", json=body, headers={"authorization": f"Bearer {text}"}
    )
    assert answered.json()["reasons"] == ["token.by_token"]


async def test_token__revoked_or_expired__refused(
    browser: NewBrowser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both end it at once; the upkeep forgets what has expired."""
    await house.grant("first", Role.auditor)
    one = await signed_in(browser, "first")
    body = {"label": "one", "roles": {str(MEMBER): ["auditor"]}}
    made = (await one.post("/v1/admin/tokens", body)).json()
    revoked = await one.client.delete(
        f"/v1/admin/tokens/{made['id']}", headers={"isthmus-csrf": one.csrf or ""}
    )
    assert revoked.status_code == 204
    monkeypatch.setattr("gateway.people.tokens._DAY_S", -1)
    expired = (await one.post("/v1/admin/tokens", body)).json()
    for text in (made["token"], expired["token"], "isthmus_" + "A" * 43, "x", ""):
        with pytest.raises(Unauthenticated):
            await house.people.tokens.person(text)
    await house.people.purge(int(time.time()))
    assert await house.store.rows("SELECT * FROM people_token") == []


async def test_token__of_somebody_else__is_not_there(browser: NewBrowser, house: House) -> None:
    """One's own tokens only: another's id is as unknown as none."""
    await house.grant("first", Role.auditor)
    identifier, text = await house.people.tokens.create(
        house.id("first"), "one", {MEMBER: frozenset({Role.auditor})}, 1, "test"
    )
    other = await signed_in(browser, "second")
    answered = await other.client.delete(
        f"/v1/admin/tokens/{identifier}", headers={"isthmus-csrf": other.csrf or ""}
    )
    assert answered.status_code == 404
    assert (await house.people.tokens.person(text)).id == house.id("first")


async def test_token__fifty_are_enough(house: House) -> None:
    """What one person can make is bounded."""
    await house.grant("first", Role.auditor)
    roles = {MEMBER: frozenset({Role.auditor})}
    for _ in range(50):
        await house.people.tokens.create(house.id("first"), "one", roles, 1, "test")
    with pytest.raises(Conflict):
        await house.people.tokens.create(house.id("first"), "one", roles, 1, "test")
