"""Consents on the admin port: citizens for themselves, clerks for the person at their desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from audit.errors import AuditUnavailable
from gateway.consent.desk import ConsentDesk
from tests.unit.gateway.consent.desks import CHILD, CLERK, MOTHER, OFFER, STRANGER, open_desk
from tests.unit.gateway.consent.wishes import DAY, ISSUER, NOW, PERSON
from tests.unit.gateway.doors.consent_ports import Clock, admin_port

CITIZEN, DESK = "/v1/citizen/consents", "/v1/admin/consents"
REPRESENTATIONS = "/v1/admin/representations"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[ConsentDesk]:
    async with open_desk(tmp_path) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def port(desk: ConsentDesk, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async with admin_port(desk, clock) as client:
        yield client


def choice(**members: Any) -> dict[str, Any]:
    return {"offer": OFFER, "valid_until": NOW + 30 * DAY, "language": "fr", **members}


def at_desk(person: Any = PERSON) -> dict[str, Any]:
    return {"person": {"type": person.type, "value": person.value}}


async def post(port: httpx.AsyncClient, who: str, path: str, body: Any = None) -> httpx.Response:
    return await port.post(path, json=body, headers={"test-person": who})


async def get(port: httpx.AsyncClient, who: str, path: str, **query: str) -> httpx.Response:
    return await port.get(path, params=query, headers={"test-person": who})


async def granted(port: httpx.AsyncClient, who: str, path: str = CITIZEN, **members: Any) -> dict[str, Any]:
    """Ask for the notice, then grant."""
    body = choice(**members)
    notice = (await post(port, who, f"{path}/notice", body)).json()
    answer = await post(port, who, path, {**body, "notice": notice["id"]})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def represented(port: httpx.AsyncClient, until: int = NOW + 10 * DAY) -> str:
    body = {
        **at_desk(MOTHER),
        "represented": at_desk(CHILD)["person"],
        "capacity": "guardian",
        "until": until,
    }
    answer = await post(port, "clerk", REPRESENTATIONS, body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_citizen__asks_grants_sees_renews_and_takes_back(port: httpx.AsyncClient):
    """The whole life of a consent, by the person themselves."""
    offers = (await get(port, "person", f"{CITIZEN}/offers")).json()["offers"]
    assert OFFER in {offer["id"] for offer in offers}
    consent = await granted(port, "person")
    assert (consent["state"], consent["method"], consent["officer"]) == ("granted", "self", None)
    path = f"{CITIZEN}/{consent['id']}"
    renewal = {"valid_until": NOW + 60 * DAY, "language": "en"}
    notice = (await post(port, "person", f"{path}/renew", renewal)).json()
    renewed = (await post(port, "person", f"{path}/renew", {**renewal, "notice": notice["id"]})).json()
    assert renewed["version"] == 2
    assert (await post(port, "person", f"{path}/token")).json()["token"].count(".") == 2
    assert (await post(port, "person", f"{path}/withdraw")).json()["state"] == "withdrawn"
    (listed,) = (await get(port, "person", CITIZEN)).json()["consents"]
    assert (listed["id"], listed["state"]) == (consent["id"], "withdrawn")
    again = await post(port, "person", f"{path}/withdraw")
    assert (again.status_code, again.json()["reasons"]) == (409, ["consent.ended"])


@pytest.mark.parametrize("name", ["subject", "person", "citizen", "subject_id", "national_id"])
async def test_citizen__naming_somebody_else__is_refused_and_nothing_recorded(
    port: httpx.AsyncClient, desk: ConsentDesk, name: str
):
    """A citizen's subject comes from their token: no member of a body, query or header says otherwise."""
    other = {"type": STRANGER.type, "value": STRANGER.value}
    answer = await post(port, "person", f"{CITIZEN}/notice", choice(**{name: other}))
    assert answer.status_code == 422
    assert STRANGER.value not in answer.text
    headers = {"test-person": "person", name: STRANGER.value}
    body = choice()
    notice = (
        await port.post(f"{CITIZEN}/notice", json=body, headers=headers, params={name: STRANGER.value})
    ).json()
    made = await port.post(
        CITIZEN, json={**body, "notice": notice["id"]}, headers=headers, params={name: STRANGER.value}
    )
    assert made.status_code == 201
    assert await desk.listed(ISSUER, STRANGER, NOW) == ()
    assert len(await desk.listed(ISSUER, PERSON, NOW)) == 1


@pytest.mark.parametrize("act", ["withdraw", "token", "slip", "renew"])
async def test_citizen__somebody_elses_consent__is_not_there(port: httpx.AsyncClient, act: str):
    """An id that belongs to another person looks like one that never was."""
    consent = await granted(port, "person")
    body = {"valid_until": NOW + DAY, "language": "en"} if act == "renew" else None
    answers = []
    for identifier in (consent["id"], "0198c0de-0000-7000-8000-000000000000"):
        path = f"{CITIZEN}/{identifier}/{act}"
        found = await (
            get(port, "stranger", path, language="en")
            if act == "slip"
            else post(port, "stranger", path, body)
        )
        answers.append((found.status_code, found.json()["reasons"]))
    assert answers == [(404, ["consent.unknown"])] * 2


async def test_people_who_are_no_citizens__have_no_consents_of_their_own(port: httpx.AsyncClient):
    """An officer's sign-in is not a citizen's."""
    for who, status in (("clerk", 403), ("nobody", 401)):
        assert (await get(port, who, CITIZEN)).status_code == status


async def test_slip__is_a_page_that_may_do_nothing(port: httpx.AsyncClient):
    """The page is shown, not kept, and runs nothing."""
    consent = await granted(port, "person")
    page = await get(port, "person", f"{CITIZEN}/{consent['id']}/slip", language="ar")
    assert 'dir="rtl"' in page.text
    assert consent["code"] in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["cache-control"] == "no-store"
    assert (await get(port, "person", f"{CITIZEN}/{consent['id']}/slip", language="xx")).status_code == 404


async def test_guardian__until_the_end_date_and_no_longer(port: httpx.AsyncClient, clock: Clock):
    """A guardian sees for whom they may decide, does so, and on the end date all of it is over."""
    representation = await represented(port)
    (held,) = (await get(port, "mother", "/v1/citizen/representations")).json()["held"]
    assert (held["id"], held["person"]["value"]) == (representation, CHILD.value)
    (about,) = (await get(port, "child", "/v1/citizen/representations")).json()["about_me"]
    assert (about["until"], about["person"]) == (NOW + 10 * DAY, None)
    consent = await granted(port, "mother", representation=representation)
    (listed,) = (await get(port, "mother", CITIZEN)).json()["consents"]
    assert (listed["representation"], listed["ends_at"]) == (representation, NOW + 10 * DAY)
    clock.now = NOW + 10 * DAY
    refused = await post(port, "mother", f"{CITIZEN}/notice", choice(representation=representation))
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["representation.missing"])
    assert (await post(port, "mother", f"{CITIZEN}/{consent['id']}/token")).status_code == 404
    assert (await get(port, "mother", CITIZEN)).json()["consents"] == []
    assert (await get(port, "mother", "/v1/citizen/representations")).json()["held"] == []
    (seen,) = (await get(port, "child", CITIZEN)).json()["consents"]
    assert (seen["id"], seen["state"]) == (consent["id"], "expired")


async def test_represented_person__takes_it_back_themselves(port: httpx.AsyncClient):
    """The child's own withdrawal wins over the guardian's next grant."""
    representation = await represented(port)
    consent = await granted(port, "mother", representation=representation)
    assert (await post(port, "child", f"{CITIZEN}/{consent['id']}/withdraw")).status_code == 200
    body = choice(representation=representation)
    notice = (await post(port, "mother", f"{CITIZEN}/notice", body)).json()
    refused = await post(port, "mother", CITIZEN, {**body, "notice": notice["id"]})
    assert (refused.status_code, refused.json()["reasons"]) == (403, ["consent.withdrawn_by_subject"])


async def test_clerk__writes_down_looks_up_prints_and_takes_back(port: httpx.AsyncClient, desk: ConsentDesk):
    """An officer assists; their pseudonym is in the record, and each look-up an entry."""
    consent = await granted(port, "clerk", DESK, **at_desk())
    assert (consent["method"], consent["officer"]) == ("assisted", CLERK)
    (listed,) = (await post(port, "clerk", f"{DESK}/list", at_desk())).json()["consents"]
    assert listed["id"] == consent["id"]
    path = f"{DESK}/{consent['id']}"
    page = await post(port, "clerk", f"{path}/slip", {**at_desk(), "language": "ar"})
    assert CLERK in page.text
    assert PERSON.value not in page.text
    assert (await post(port, "clerk", f"{path}/token", at_desk())).status_code == 200
    assert (await post(port, "clerk", f"{path}/withdraw", at_desk())).json()["state"] == "withdrawn"
    entries = await desk.consents.log.reader.entries(kind="lookup")
    assert [one.entry.action for one in entries] == ["consent.list", "consent.list"]


async def test_clerk__of_another_member__may_do_nothing_here(port: httpx.AsyncClient):
    """A clerk records and sees for the members whose clerk they are, whichever way they name the issuer."""
    consent = await granted(port, "clerk", DESK, **at_desk())
    body = choice(**at_desk())
    answers = [
        await post(port, "foreign clerk", f"{DESK}/notice", body),
        await post(port, "foreign clerk", DESK, {**body, "notice": "any"}),
        await post(port, "foreign clerk", DESK, {**body, "notice": "any", "issuer": str(ISSUER)}),
        await post(port, "foreign clerk", f"{DESK}/list", {**at_desk(), "issuer": str(ISSUER)}),
        await post(port, "foreign clerk", f"{DESK}/{consent['id']}/withdraw", at_desk()),
        await post(port, "foreign clerk", f"{DESK}/{consent['id']}/token", at_desk()),
        await post(port, "foreign clerk", f"{DESK}/{consent['id']}/slip", {**at_desk(), "language": "en"}),
        await post(port, "foreign clerk", f"{REPRESENTATIONS}/list", at_desk()),
    ]
    assert [(one.status_code, one.json()["reasons"]) for one in answers] == [(403, ["role.missing"])] * 8


async def test_other_roles__are_no_clerks(port: httpx.AsyncClient):
    """Neither an auditor nor a citizen records consents for others."""
    for who in ("auditor", "person"):
        assert (await post(port, who, f"{DESK}/list", at_desk())).status_code == 403


async def test_clerk__for_a_person_who_is_not_at_the_desk__is_not_there(port: httpx.AsyncClient):
    """A clerk takes back only consents of the person named as present."""
    consent = await granted(port, "person")
    answer = await post(port, "clerk", f"{DESK}/{consent['id']}/withdraw", at_desk(STRANGER))
    assert (answer.status_code, answer.json()["reasons"]) == (404, ["consent.unknown"])


async def test_clerk__ends_a_representation__and_what_it_carried(port: httpx.AsyncClient):
    """A guardian who loses the right has consented to nothing any more."""
    representation = await represented(port)
    await granted(port, "mother", representation=representation)
    ended = (await post(port, "clerk", f"{REPRESENTATIONS}/{representation}/end", {})).json()
    assert (ended["in_force"], ended["withdrawn"]) == (False, 1)
    (seen,) = (await get(port, "child", CITIZEN)).json()["consents"]
    assert seen["state"] == "withdrawn"


async def test_log_down__nothing_is_shown_or_done(
    port: httpx.AsyncClient, desk: ConsentDesk, monkeypatch: pytest.MonkeyPatch
):
    """No entry, no look-up and no act: nothing happens that is not logged."""

    async def fails(*_: Any) -> None:
        raise AuditUnavailable("the log could not be written")

    monkeypatch.setattr(desk.consents.store, "append", fails)
    notice = (await post(port, "clerk", f"{DESK}/notice", choice(**at_desk()))).json()
    for path, body in (
        (f"{DESK}/list", at_desk()),
        (DESK, choice(**at_desk(), notice=notice["id"])),
        (
            REPRESENTATIONS,
            {
                **at_desk(MOTHER),
                "represented": at_desk(CHILD)["person"],
                "capacity": "legal",
                "until": NOW + 9,
            },
        ),
    ):
        answer = await post(port, "clerk", path, body)
        assert answer.status_code == 503
        assert PERSON.value not in answer.text
    assert await desk.listed(ISSUER, PERSON, NOW) == ()


async def test_openapi__describes_every_route(port: httpx.AsyncClient):
    """The documentation that the port serves names the consent routes and their bodies."""
    document = (await port.get("/v1/openapi.json")).json()
    assert {CITIZEN, f"{CITIZEN}/notice", DESK, REPRESENTATIONS} <= document["paths"].keys()
    assert "PersonForm" not in str(document["components"]["schemas"]["GrantForm"])
