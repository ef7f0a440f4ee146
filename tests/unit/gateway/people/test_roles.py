"""Roles, four eyes, API tokens and sessions at the admin port: who may do what, and who may not."""

from __future__ import annotations

import asyncio
import time

import pytest

from audit.reading import LogReader
from gateway.people.four_eyes import VALID_FOR_S
from gateway.people.person import Person, Role
from schemas.errors import AuditUnavailable, Conflict, NotPermitted, Unauthenticated, UnknownService
from schemas.identifiers import MemberId
from tests.unit.gateway.people.conftest import MEMBER, ORIGIN, OTHER, Browser, House, NewBrowser

ELSEWHERE = MemberId.parse("LM/GOV/TAX")


async def signed_in(browser: NewBrowser, subject: str) -> Browser:
    """A browser with a session."""
    one = browser()
    assert (await one.sign_in(subject)).status_code == 303
    return one


def role_of(house: House, subject: str, role: Role, member: MemberId = MEMBER) -> dict[str, str]:
    """The body of a grant or a revocation."""
    return {"person": house.id(subject), "role": role.value, "member": str(member)}


# CSRF.


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


# Sessions.


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


# Roles.


async def test_person__of_another_member__sees_and_changes_nothing(browser: NewBrowser, house: House) -> None:
    """A role is held for one member; for the neighbour on the same gateway it is worth nothing."""
    await house.grant("boss", Role.operator, OTHER)
    await house.grant("first", Role.auditor)
    one = await signed_in(browser, "boss")
    seen = await one.client.get("/v1/admin/people", params={"member": str(MEMBER)})
    assert seen.status_code == 403
    for verb in ("grant", "revoke"):
        answered = await one.post(f"/v1/admin/people/{verb}", role_of(house, "first", Role.auditor))
        assert answered.status_code == 403
        assert answered.json()["reasons"] == ["role.missing"]
    assert (await one.client.get("/v1/admin/people", params={"member": str(OTHER)})).status_code == 200


async def test_person__of_another_member__decides_no_proposal(browser: NewBrowser, house: House) -> None:
    """Neither does such a person see what waits there."""
    await house.grant("boss", Role.operator)
    await house.grant("neighbour", Role.operator, OTHER)
    one = await signed_in(browser, "boss")
    proposed = await one.post("/v1/admin/people/grant", role_of(house, "first", Role.key_custodian))
    other = await signed_in(browser, "neighbour")
    answered = await other.post(f"/v1/admin/proposals/{proposed.json()['proposal']}/approve")
    assert answered.status_code == 403
    listed = await other.client.get("/v1/admin/proposals", params={"member": str(MEMBER)})
    assert listed.json() == {"proposals": []}


async def test_grant__to_oneself__refused(browser: NewBrowser, house: House) -> None:
    """Nobody adds to their own roles, whichever."""
    await house.grant("boss", Role.operator)
    one = await signed_in(browser, "boss")
    answered = await one.post("/v1/admin/people/grant", role_of(house, "boss", Role.auditor))
    assert answered.json()["reasons"] == ["four_eyes.same_person"]


async def test_grant__role_without_four_eyes__at_once_and_an_entry(browser: NewBrowser, house: House) -> None:
    """The person may act in the next moment; the entry's case says who did it to whom."""
    await house.grant("boss", Role.operator)
    one = await signed_in(browser, "boss")
    answered = await one.post("/v1/admin/people/grant", role_of(house, "first", Role.integrator))
    assert answered.json() == {"state": "granted", "proposal": None}
    assert (await house.person("first")).may(Role.integrator, MEMBER)
    newest = (await house.log.reader.entries(kind="admin", limit=1))[0]
    assert newest.entry.action == "role.granted"
    case = await house.log.reader.case(newest.index)
    assert case.user == house.id("boss")
    assert case.acts == {"person": house.id("first"), "role": "integrator", "member": str(MEMBER)}


async def test_grant__issuer_and_subject__is_the_pseudonym_they_sign_in_with(
    browser: NewBrowser, house: House
) -> None:
    """An operator may name somebody as the provider does; no name is kept."""
    from tests.unit.gateway.people.signing_provider import ISSUER

    await house.grant("boss", Role.operator)
    one = await signed_in(browser, "boss")
    body = {**role_of(house, "first", Role.auditor), "person": f"{ISSUER}#first"}
    await one.post("/v1/admin/people/grant", body)
    assert (await house.person("first")).may(Role.auditor, MEMBER)


@pytest.mark.parametrize("role", [Role.operator, Role.key_custodian, Role.agreement_officer])
async def test_grant__role_that_approves__needs_two(browser: NewBrowser, house: House, role: Role) -> None:
    """Otherwise one person could make the second one."""
    await house.grant("boss", Role.operator)
    await house.grant("second boss", Role.operator)
    one = await signed_in(browser, "boss")
    proposed = (await one.post("/v1/admin/people/grant", role_of(house, "first", role))).json()
    assert proposed["state"] == "proposed"
    assert not (await house.person("first")).may(role, MEMBER)
    other = await signed_in(browser, "second boss")
    approved = await other.post(f"/v1/admin/proposals/{proposed['proposal']}/approve")
    assert approved.json()["state"] == "approved"
    assert (await house.person("first")).may(role, MEMBER)
    assert (await house.actions())[-1] == "proposal.approved"


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


async def test_revoke__role__ends_at_the_next_request(browser: NewBrowser, house: House) -> None:
    """A session that is open holds no more than its person does."""
    await house.grant("boss", Role.operator)
    await house.grant("second boss", Role.operator)
    one, other = await signed_in(browser, "boss"), await signed_in(browser, "second boss")
    assert (
        await one.post("/v1/admin/people/revoke", role_of(house, "second boss", Role.operator))
    ).status_code == 204
    assert (await other.client.get("/v1/admin/people", params={"member": str(MEMBER)})).status_code == 403
    again = await one.post("/v1/admin/people/revoke", role_of(house, "second boss", Role.operator))
    assert again.json()["reasons"] == ["role.not_held"]


async def test_grant__member_not_hosted__unknown(house: House) -> None:
    """Roles are for members of this gateway; one that moved away is worth nothing any more."""
    with pytest.raises(UnknownService):
        await house.grant("first", Role.auditor, ELSEWHERE)
    await house.store.execute(
        "INSERT INTO people_grant (person, member, role, granted_at) VALUES ($1, $2, $3, $4)",
        house.id("first"), str(ELSEWHERE), "auditor", 0,
    )  # fmt: skip
    assert (await house.person("first")).roles == {}


# Four eyes as such.


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


# API tokens.


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


# What is written.


async def test_acts__log_out_of_order__nothing_is_changed(house: House) -> None:
    """No entry, no act."""
    house.log._opened = False
    with pytest.raises(AuditUnavailable):
        await house.grant("first", Role.auditor)
    assert (await house.person("first")).roles == {}


async def test_entries__clear_part__holds_no_person(house: House) -> None:
    """Who did what to whom stands in the encrypted case."""
    await house.grant("first", Role.auditor)
    (found,) = await LogReader(house.store).entries(kind="admin", limit=1)
    assert house.id("first") not in found.entry.encode().decode()


async def test_must__role_missing__says_which_and_for_whom() -> None:
    """The refusal helps who may know."""
    with pytest.raises(NotPermitted, match="auditor for LM/GOV/MSW"):
        Person("x").must(Role.auditor, MEMBER)
