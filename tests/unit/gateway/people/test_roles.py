"""Roles at the admin port: who holds them, who grants them, and what is written about it."""

from __future__ import annotations

import pytest

from audit.reading import LogReader
from gateway.people.person import Person, Role
from schemas.errors import AuditUnavailable, NotPermitted, UnknownService
from schemas.identifiers import MemberId
from tests.unit.gateway.people.conftest import MEMBER, OTHER, House, NewBrowser, role_of, signed_in

ELSEWHERE = MemberId.parse("LM/GOV/TAX")


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
