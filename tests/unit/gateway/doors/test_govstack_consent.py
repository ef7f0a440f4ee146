"""GovStack's Consent building block: answers in the standard's form, to the parties only."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from hashlib import sha1
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from gateway.consent.choices import Actor
from gateway.consent.desk import ConsentDesk
from gateway.consent.record import ConsentRecord
from tests.unit.gateway.consent.desks import (
    OFFER,
    OTHER_CLIENT,
    OTHER_OFFER,
    STRANGER,
    a_choice,
    open_desk,
)
from tests.unit.gateway.consent.wishes import CLIENT, DAY, ISSUER, NOW, PERSON, PROVIDER
from tests.unit.gateway.doors.consent_ports import Clock, client_port

STANDARD = json.loads(Path(__file__).with_name("govstack-consent.json").read_text("utf-8"))
RECORDS, RECORD = (
    "/service/verification/consent-records/",
    "/service/verification/consent-record/{consentRecordId}/",
)
VERIFICATION_AGREEMENTS = "/service/verification/data-agreements/"
AGREEMENTS, AGREEMENT = "/config/data-agreements/", "/config/data-agreement/{dataAgreementId}/"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[ConsentDesk]:
    async with open_desk(tmp_path) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def port(desk: ConsentDesk, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async with client_port(desk, clock) as client:
        yield client


async def granted(
    desk: ConsentDesk, offer: str = OFFER, person: Any = PERSON, now: int = NOW
) -> ConsentRecord:
    choice = a_choice(offer=offer)
    shown = await desk.ask(choice, Actor(person), now)
    return await desk.grant(choice, shown.reference.id, Actor(person), now)


async def ask(port: httpx.AsyncClient, path: str, client: object = CLIENT, **query: Any) -> httpx.Response:
    return await port.get(path, params=query, headers={"test-client": str(client)})


def check(path: str, document: Any) -> None:
    """Hold an answer to the standard: its types and required members, and no member of our own making."""
    schema = {**STANDARD["responses"][path], "components": STANDARD["components"]}
    Draft202012Validator(schema).validate(document)
    _check_members(STANDARD["responses"][path], document)


def _check_members(schema: Mapping[str, Any], value: Any) -> None:
    if "$ref" in schema:
        schema = STANDARD["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if "oneOf" in schema:
        (schema,) = schema["oneOf"]
        _check_members(schema, value)
    elif isinstance(value, dict):
        assert value.keys() <= schema["properties"].keys()
        for name, member in value.items():
            _check_members(schema["properties"][name], member)
    elif isinstance(value, list):
        for item in value:
            _check_members(schema["items"], item)


async def test_every_answer__has_the_standards_form(port: httpx.AsyncClient, desk: ConsentDesk):
    """Each path answers what the standard's OpenAPI says, for either party."""
    record = await granted(desk)
    for client in (CLIENT, PROVIDER):
        for path in (RECORDS, RECORD, VERIFICATION_AGREEMENTS, AGREEMENTS, AGREEMENT):
            asked = path.replace("{consentRecordId}", record.id).replace("{dataAgreementId}", OFFER)
            answer = await ask(port, asked, client)
            assert answer.status_code == 200
            assert answer.json()
            check(path, answer.json())


async def test_record__says_whether_it_counts_now(port: httpx.AsyncClient, desk: ConsentDesk, clock: Clock):
    """`optIn` follows withdrawal and the clock."""
    record = await granted(desk)
    path = RECORD.replace("{consentRecordId}", record.id)
    assert (await ask(port, path)).json()["consentRecord"]["optIn"] is True
    clock.now = NOW + 30 * DAY
    assert (await ask(port, path)).json()["consentRecord"]["optIn"] is False
    clock.now = NOW + 1
    await desk.withdraw(ISSUER, record.id, Actor(PERSON), NOW + 1)
    assert (await ask(port, path)).json()["consentRecord"]["optIn"] is False


async def test_record__names_nobody__and_parties_cannot_compare(port: httpx.AsyncClient, desk: ConsentDesk):
    """The individual is a pseudonym of that client's own, the same for all consents of a person."""
    await granted(desk)
    await granted(desk)
    await granted(desk, OTHER_OFFER)
    individuals = {
        str(client): {
            one["individual"]["id"] for one in (await ask(port, RECORDS, client)).json()["consentRecords"]
        }
        for client in (CLIENT, OTHER_CLIENT, PROVIDER)
    }
    assert [len(ids) for ids in individuals.values()] == [1, 1, 1]
    assert len(set().union(*individuals.values())) == 3
    assert PERSON.value not in (await ask(port, RECORDS)).text


async def test_foreign_client__sees_no_records_of_others(port: httpx.AsyncClient, desk: ConsentDesk):
    """A client system that is no party learns nothing, not even that a record exists."""
    record = await granted(desk)
    foreign = await ask(port, RECORD.replace("{consentRecordId}", record.id), OTHER_CLIENT)
    never = await ask(
        port, RECORD.replace("{consentRecordId}", "0198c0de-0000-7000-8000-000000000000"), OTHER_CLIENT
    )
    assert (foreign.status_code, never.status_code) == (404, 404)
    assert foreign.json()["reasons"] == never.json()["reasons"] == ["consent.unknown"]
    assert (await ask(port, RECORDS, OTHER_CLIENT)).json() == {"consentRecords": []}
    assert (await ask(port, AGREEMENT.replace("{dataAgreementId}", OFFER), OTHER_CLIENT)).status_code == 404
    (own,) = (await ask(port, AGREEMENTS, OTHER_CLIENT)).json()["dataAgreement"]
    assert own["id"] == OTHER_OFFER


@pytest.mark.parametrize("path", [RECORDS, RECORD, VERIFICATION_AGREEMENTS, AGREEMENTS, AGREEMENT])
async def test_unknown_client__is_answered_nothing(port: httpx.AsyncClient, path: str):
    """Without a certificate that the gateway knows there is no answer, and a header is no certificate."""
    answer = await port.get(path.replace("{", "").replace("}", ""), headers={"x-road-client": str(CLIENT)})
    assert answer.status_code == 401


async def test_renewed__the_newest_version_only(port: httpx.AsyncClient, desk: ConsentDesk):
    """A consent is one record, however often it was renewed."""
    record, until = await granted(desk), NOW + 60 * DAY
    shown = await desk.renewal(ISSUER, record.id, until, "en", Actor(PERSON), NOW)
    await desk.renew(ISSUER, record.id, until, "en", shown.reference.id, Actor(PERSON), NOW)
    (found,) = (await ask(port, RECORDS)).json()["consentRecords"]
    assert found["id"] == record.id
    answer = (await ask(port, RECORD.replace("{consentRecordId}", record.id))).json()
    assert answer["revision"]["id"] == f"{record.id}.2"


async def test_pages__by_offset_and_limit(port: httpx.AsyncClient, desk: ConsentDesk):
    """Newest first; what is beyond the bounds is refused, not read."""
    made = [(await granted(desk, person=person)).id for person in (PERSON, STRANGER, PERSON)]
    page = (await ask(port, RECORDS, offset=1, limit=1)).json()["consentRecords"]
    assert [one["id"] for one in page] == [sorted(made, reverse=True)[1]]
    for query in ({"limit": 0}, {"limit": 201}, {"offset": -1}):
        assert (await ask(port, RECORDS, **query)).status_code == 422


async def test_revision__its_hash_is_that_of_its_snapshot__and_the_record_names_it(
    port: httpx.AsyncClient, desk: ConsentDesk
):
    """The record carries the hash of the data agreement's revision, as the standard has it."""
    record = await granted(desk)
    found = (await ask(port, RECORD.replace("{consentRecordId}", record.id))).json()["consentRecord"]
    revision = (await ask(port, AGREEMENT.replace("{dataAgreementId}", OFFER))).json()["revision"]
    digest = sha1(revision["serializedSnapshot"].encode(), usedforsecurity=False).hexdigest()
    assert found["dataAgreementRevisionHash"] == revision["serializedHash"] == digest


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/config/data-agreement/"),
        ("PUT", f"/config/data-agreement/{OFFER}/"),
        ("DELETE", f"/config/data-agreement/{OFFER}/"),
        ("POST", RECORDS),
    ],
)
async def test_writing__is_not_allowed_here(port: httpx.AsyncClient, method: str, path: str):
    """Agreements are signed by two members, consents given by people."""
    answer = await port.request(method, path, json={}, headers={"test-client": str(CLIENT)})
    assert answer.status_code == 405
