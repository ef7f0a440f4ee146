"""Four eyes: what one person asks for, another one approves, once and whole."""

from __future__ import annotations

import asyncio

import pytest

from gateway.people.four_eyes import VALID_FOR_S
from gateway.people.person import Person, Role
from schemas.errors import AuditUnavailable, Conflict
from tests.unit.gateway.people.conftest import MEMBER, House, NewBrowser, role_of, signed_in


async def test_approve__own_proposal__refused(browser: NewBrowser, house: House) -> None:
    """One person has two eyes, also through an API token."""
    await house.grant("boss", Role.operator)
    one = await signed_in(browser, "boss")
    proposal = (await one.post("/v1/admin/people/grant", role_of(house, "first", Role.operator))).json()
    path = f"/v1/admin/proposals/{proposal['proposal']}/approve"
    assert (await one.post(path)).json()["reasons"] == ["four_eyes.same_person"]
    token = (
        await one.post("/v1/admin/tokens", {"label": "mine", "roles": {str(MEMBER): ["operator"]}})
    ).json()["token"]
    by_token = await browser().client.post(path, headers={"authorization": f"Bearer {token}"})
    assert by_token.json()["reasons"] == ["four_eyes.same_person"]
    assert not (await house.person("first")).roles


async def test_approve__proposer_rejects__withdrawn(browser: NewBrowser, house: House) -> None:
    """One's own proposal may be taken back, and then not be approved."""
    await house.grant("boss", Role.operator)
    await house.grant("second boss", Role.operator)
    one, other = await signed_in(browser, "boss"), await signed_in(browser, "second boss")
    proposal = (await one.post("/v1/admin/people/grant", role_of(house, "first", Role.operator))).json()
    assert (await one.post(f"/v1/admin/proposals/{proposal['proposal']}/reject")).json()[
        "state"
    ] == "rejected"
    late = await other.post(f"/v1/admin/proposals/{proposal['proposal']}/approve")
    assert late.status_code == 409
    assert late.json()["reasons"] == ["proposal.rejected"]


async def test_approve__two_people_at_the_same_moment__one_of_them(house: House) -> None:
    """The decision's primary key is the proposal: the act is carried out once."""
    proposal = await house.people.four_eyes.propose("test.act", MEMBER, {"x": 1}, "proposer")
    write = ("INSERT INTO people_key (name, wrapped_key) VALUES ($1, $2)", ("done", b""))
    tries = [house.people.four_eyes.approve(proposal, by, [write]) for by in ("one", "two", "three")]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 2
    assert (await house.people.four_eyes.find(proposal)).state == "approved"
    assert (await house.actions()).count("proposal.approved") == 1


async def test_approve__write_fails__still_open_and_no_entry(house: House) -> None:
    """Decision, act and entry are one transaction."""
    proposal = await house.people.four_eyes.propose("test.act", MEMBER, {}, "proposer")
    with pytest.raises(AuditUnavailable):
        await house.people.four_eyes.approve(
            proposal, "other", [("INSERT INTO no_such_table VALUES (1)", ())]
        )
    assert (await house.people.four_eyes.find(proposal)).state == "open"
    assert (await house.actions()).count("proposal.approved") == 0


async def test_approve__after_two_weeks__expired(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody approved in time has to be proposed again."""
    monkeypatch.setattr("gateway.people.four_eyes.VALID_FOR_S", -1)
    proposal = await house.people.four_eyes.propose("test.act", MEMBER, {}, "proposer")
    with pytest.raises(Conflict, match="expired"):
        await house.people.four_eyes.approve(proposal, "other")
    assert VALID_FOR_S > 0


async def test_approve__act_that_nobody_registered__refused(house: House) -> None:
    """What cannot be carried out cannot be approved."""
    proposal = await house.people.four_eyes.propose("test.act", MEMBER, {}, "proposer")
    person = Person("other", {MEMBER: frozenset(Role)})
    with pytest.raises(Conflict):
        await house.people.acts.approve(proposal, person)
