"""The sector systems over HTTP: the shape of their protocol, its errors, and its traps."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.unit.examples.sandbox import SECRETS, Sandbox

System = Callable[[str], httpx.Client]
CADASTRE = {"X-Api-Key": SECRETS["LUMERIA_CADASTRE_KEY"]}
HEALTH = {"Authorization": f"ApiToken {SECRETS['LUMERIA_HEALTH_TOKEN']}"}
PAYMENTS = {"Authorization": f"Bearer {SECRETS['LUMERIA_PAYMENTS_TOKEN']}", "Platform-TenantId": "lumeria"}
KEY = SECRETS["LUMERIA_GRIEVANCE_KEY"]
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
TAX = "http://tax.lumeria.example/taxpayer/1.0"
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
NID = "https://nia.lumeria.example/national-id"


def _call(client: httpx.Client, operation: str, **parameters: str) -> httpx.Response:
    inner = "".join(f"<t:{name}>{value}</t:{name}>" for name, value in parameters.items())
    text = f'<s:Envelope xmlns:s="{SOAP}" xmlns:t="{TAX}"><s:Body><t:{operation}>{inner}</t:{operation}></s:Body></s:Envelope>'
    return client.post(
        "/TaxpayerService.asmx", content=text, headers={"Content-Type": "text/xml; charset=utf-8"}
    )


def _assessments(
    client: httpx.Client, number: str, year: str = "2025", password: str | None = None
) -> httpx.Response:
    password = SECRETS["LUMERIA_TAX_PASSWORD"] if password is None else password
    return _call(
        client, "GetAssessments", UserId="exchange", PassWord=password, TaxpayerNumber=number, Year=year
    )


def test_tax__assessment__by_national_id_and_by_tin(sandbox: Sandbox, system: System) -> None:
    """Both numbers lead to the same assessment, with a decimal income."""
    answer = _assessments(system("tax"), sandbox.story["applicant"]["national_id"])
    (tin,) = re.findall("<Tin>(.*)</Tin>", answer.text)
    assert answer.status_code == 200
    assert re.search(r"<DeclaredIncome>\d+\.\d\d</DeclaredIncome>", answer.text)
    assert _assessments(system("tax"), tin).content == answer.content


def test_tax__errors__come_in_http_200(sandbox: Sandbox, system: System) -> None:
    """Unknown taxpayer and year as result codes, a refused password as a Fault; only nonsense is HTTP 500."""
    applicant, absent = (sandbox.story[role]["national_id"] for role in ("applicant", "absent"))
    client = system("tax")
    assert "<ResultCode>12<" in _assessments(client, absent).text
    assert "<ResultCode>31<" in _assessments(client, applicant, "1999").text
    refused = _assessments(client, applicant, password="wrong")
    assert (refused.status_code, "soap:Client.Authentication" in refused.text) == (200, True)
    assert "<Assessment>" not in refused.text
    assert _call(client, "DropEverything").status_code == 500
    bomb = '<!DOCTYPE e [<!ENTITY a "aaaa">]><e>&a;</e>'
    answer = client.post("/TaxpayerService.asmx", content=bomb, headers={"Content-Type": "text/xml"})
    assert (answer.status_code, "aaaa" in answer.text) == (500, False)


def test_tax__wsdl__names_the_address_it_was_asked_at(system: System) -> None:
    """A client may be made from it."""
    client = system("tax")
    assert str(client.base_url) in client.get("/TaxpayerService.asmx?wsdl").text


def _login(client: httpx.Client) -> dict[str, str]:
    body = {"username": "exchange", "password": SECRETS["LUMERIA_INSURANCE_PASSWORD"]}
    return {"Authorization": f"Bearer {client.post('/fhir/login/', json=body).json()['token']}"}


def _search(client: httpx.Client, kind: str, **parameters: str) -> dict[str, Any]:
    answer = client.post(f"/fhir/{kind}/_search", data=parameters, headers=_login(client))
    assert answer.headers["content-type"] == "application/fhir+json"
    body: dict[str, Any] = answer.json()
    return body


def test_insurance__head_and_dependant__only_the_head_is_covered(sandbox: Sandbox, system: System) -> None:
    """The dependant is a Patient without a Coverage, and a member of the head's Group."""
    client, story = system("insurance"), sandbox.story["insurance"]
    patients = {}
    for national_id in (story["head"], story["dependants"][0]):
        (entry,) = _search(client, "Patient", identifier=f"{NID}|{national_id}")["entry"]
        patients[national_id] = entry["resource"]["id"]
    head, dependant = patients.values()
    (covered,) = _search(client, "Coverage", beneficiary=f"Patient/{head}")["entry"]
    assert covered["resource"]["status"] == "active"
    assert "entry" not in _search(client, "Coverage", beneficiary=f"Patient/{dependant}")
    (family,) = _search(client, "Group", member=f"Patient/{dependant}")["entry"]
    assert {"entity": {"reference": f"Patient/{head}"}} in family["resource"]["member"]


def test_insurance__pages__are_linked_at_a_host_that_nobody_reaches(system: System) -> None:
    """The path and query of `next` work at the address that the client knows; pages are disjoint."""
    client = system("insurance")
    first = _search(client, "Patient", family="B", _count="5")
    (following,) = (link["url"] for link in first["link"] if link["relation"] == "next")
    assert "fhir.ssf.internal" in following
    second = client.get(
        following.removeprefix("http://fhir.ssf.internal:8080"), headers=_login(client)
    ).json()
    ids = [entry["resource"]["id"] for page in (first, second) for entry in page["entry"]]
    assert len(ids) == len(set(ids)) == 10


def test_insurance__errors__are_operation_outcomes(system: System) -> None:
    """Without a token, an unknown parameter, an unknown page."""
    client = system("insurance")
    headers = _login(client)
    for answer, status in (
        (client.get("/fhir/Patient"), 401),
        (client.get("/fhir/Patient?shoe-size=44", headers=headers), 400),
        (client.get("/fhir?_getpages=none", headers=headers), 410),
        (client.get("/fhir/Patient/nobody", headers=headers), 404),
    ):
        assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")
    assert client.post("/fhir/login/", json={"username": "exchange", "password": "x"}).status_code == 401
    assert client.get("/fhir/metadata").json()["fhirVersion"] == "4.0.1"


def test_cadastre__rights__are_found_by_holder(sandbox: Sandbox, system: System) -> None:
    """GeoJSON with the outline; longitude first, inside the district."""
    client, national_id = system("cadastre"), sandbox.story["applicant"]["national_id"]
    page = client.get("/collections/rights/items", params={"party_nid": national_id}, headers=CADASTRE).json()
    assert {one["properties"]["parcel_no"] for one in page["features"]} == {
        parcel["parcel_no"] for parcel in sandbox.story["parcels"]
    }
    assert page["numberMatched"] == page["numberReturned"] == len(page["features"])
    longitude, latitude = page["features"][0]["geometry"]["coordinates"][0][0]
    assert 88 <= longitude <= 91
    assert -32 <= latitude <= -29


def test_cadastre__pages_and_boxes__agree(system: System) -> None:
    """`next` leads through all features once; a box of the whole country finds them all."""
    client = system("cadastre")
    url: str | None = "/collections/parcels/items?limit=100"
    seen: list[str] = []
    while url:
        page = client.get(url, headers=CADASTRE).json()
        seen += [feature["id"] for feature in page["features"]]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert len(seen) == len(set(seen)) == page["numberMatched"]
    whole = client.get("/collections/parcels/items?bbox=88,-32,91,-29", headers=CADASTRE).json()
    assert whole["numberMatched"] == len(seen)
    nowhere = client.get("/collections/parcels/items?bbox=0,0,1,1", headers=CADASTRE).json()
    assert nowhere["features"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/collections/parcels/items?owner=1", 400),
        ("/collections/parcels/items?limit=0", 400),
        ("/collections/parcels/items?bbox=1,2,3", 400),
        ("/collections/parcels/items?datetime=yesterday", 400),
        ("/collections/parcels/items?bbox-crs=EPSG:4326", 400),
        ("/collections/secrets/items", 404),
        ("/collections/parcels/items/nothing", 404),
    ],
)
def test_cadastre__errors__are_problems(system: System, path: str, status: int) -> None:
    """RFC 9457, also for a parameter that nobody knows."""
    client = system("cadastre")
    answer = client.get(path, headers=CADASTRE)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert client.get(path).status_code == 401


def _tracked(client: httpx.Client, national_id: str, **query: str) -> httpx.Response:
    query = {"trackedEntityType": "nEenWmSyUEp", "filter": f"nIdLum00001:eq:{national_id}", **query}
    return client.get("/api/tracker/trackedEntities", params=query, headers=HEALTH)


def test_health__tracked_entity__has_attributes_under_opaque_keys(sandbox: Sandbox, system: System) -> None:
    """Enrolments only where they are asked for; totals only where they are asked for."""
    national_id = sandbox.story["applicant"]["national_id"]
    client = system("health")
    (plain,) = _tracked(client, national_id).json()["trackedEntities"]
    assert "enrollments" not in plain
    values = {one["code"]: one["value"] for one in plain["attributes"]}
    assert values["NATIONAL_ID"] == national_id
    asked = _tracked(client, national_id, fields="orgUnit,enrollments[program]", totalPages="true").json()
    assert asked["trackedEntities"][0].keys() == {"orgUnit", "enrollments"}
    assert asked["trackedEntities"][0]["enrollments"][0].keys() == {"program"}
    assert asked["pager"] == {"page": 1, "pageSize": 50, "total": 1, "pageCount": 1}


def test_health__somebody_elsewhere__looks_like_nobody(sandbox: Sandbox, system: System) -> None:
    """An organisation unit that is not the person's, and an absent number, give the same answer."""
    client = system("health")
    elsewhere = _tracked(client, sandbox.story["applicant"]["national_id"], orgUnits="orgUnitLM01").json()
    assert elsewhere == _tracked(client, sandbox.story["absent"]["national_id"]).json()


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"program": "none"},
        {"trackedEntityType": "nEenWmSyUEp", "filter": "nIdLum00001:eq:1:2"},
        {"trackedEntityType": "nEenWmSyUEp", "filter": "secret:eq:1"},
        {"trackedEntityType": "nEenWmSyUEp", "page": "0"},
        {"trackedEntityType": "nEenWmSyUEp", "fields": "a]"},
    ],
)
def test_health__bad_question__is_dhis2s_error(system: System, query: dict[str, str]) -> None:
    """The error names a status in words and in a number."""
    answer = system("health").get("/api/tracker/trackedEntities", params=query, headers=HEALTH)
    assert (answer.status_code, answer.json()["status"], answer.json()["httpStatusCode"]) == (
        400,
        "ERROR",
        400,
    )


def test_health__escaped_value__is_one_value(system: System) -> None:
    """`/:` is a colon of the value, not the end of it."""
    assert _tracked(system("health"), "1/:2").json()["trackedEntities"] == []


def test_early_warning__feed__leads_to_cap_documents(sandbox: Sandbox, system: System) -> None:
    """The flood is actual, public, under way, where the applicant lives; latitude stands first."""
    client = system("early-warning")
    feed = ET.fromstring(client.get("/alerts/atom.xml").content)
    links = [link.attrib["href"] for link in feed.iter("{http://www.w3.org/2005/Atom}link")]
    alerts = {
        found.findtext(f"{CAP}identifier"): found
        for found in (ET.fromstring(client.get(url).content) for url in links)
    }
    flood = alerts[sandbox.story["alerts"]["actual"]]
    assert [flood.findtext(f"{CAP}{name}") for name in ("status", "msgType", "scope")] == [
        "Actual",
        "Update",
        "Public",
    ]
    assert sandbox.story["applicant"]["district"] in [node.text for node in flood.iter(f"{CAP}value")]
    latitude, longitude = (flood.find(f".//{CAP}polygon").text or "").split()[0].split(",")  # type: ignore[union-attr]
    assert float(latitude) < 0 < float(longitude)
    assert re.fullmatch(r"[\d-]+T[\d:]+\+06:00", flood.findtext(f"{CAP}sent") or "")
    superseded = (flood.findtext(f"{CAP}references") or "").split(",")
    assert alerts[superseded[1]].findtext(f"{CAP}sent") == superseded[2]
    exercise = alerts[sandbox.story["alerts"]["exercise"]]
    assert exercise.findtext(f"{CAP}status") == "Exercise"
    assert {found.findtext(f"{CAP}status") for found in alerts.values()} == {"Actual", "Exercise", "Test"}


def test_early_warning__unchanged__is_304(system: System) -> None:
    """A client that polls with the ETag gets no body."""
    client = system("early-warning")
    tag = client.get("/alerts/atom.xml").headers["etag"]
    again = client.get("/alerts/atom.xml", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/alerts/none.cap.xml").status_code == 404


def test_grievance__requests__are_arrays_in_json_and_xml(sandbox: Sandbox, system: System) -> None:
    """By number in both formats; by person only with the key, and only then with the person's number."""
    client, story = system("grievance"), sandbox.story["grievance"]
    number = story["service_request_id"]
    (plain,) = client.get(f"/open311/v2/requests/{number}.json").json()
    assert (plain["service_code"], plain["status"], "account_id" in plain) == ("late-payment", "open", False)
    document = ET.fromstring(client.get(f"/open311/v2/requests/{number}.xml").content)
    assert document.findtext("request/service_request_id") == number
    mine = {"account_id": story["account_id"]}
    assert client.get("/open311/v2/requests.json", params=mine).status_code == 403
    found = client.get("/open311/v2/requests.json", params={**mine, "api_key": KEY}).json()
    assert number in {one["service_request_id"] for one in found}
    assert {one["account_id"] for one in found} == {story["account_id"]}


def test_grievance__window__is_ninety_days(system: System) -> None:
    """Whatever is asked for, an answer spans no more."""
    client = system("grievance")
    year = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-12-31T00:00:00Z"}
    days = [
        one["requested_datetime"][:10] for one in client.get("/open311/v2/requests.json", params=year).json()
    ]
    assert days
    assert max(days) <= "2026-04-01"
    errors = client.get("/open311/v2/requests.json?start_date=soon")
    assert (errors.status_code, errors.json()[0]["code"]) == (400, 400)


def test_grievance__lodged__is_found_by_its_number(system: System) -> None:
    """A form with the key is taken; without it, or for an unknown service, it is not."""
    client = system("grievance")
    form = {"api_key": KEY, "service_code": "exclusion", "address_id": "LM-03", "description": "Left out."}
    (taken,) = client.post("/open311/v2/requests.json", data=form).json()
    (found,) = client.get(f"/open311/v2/requests/{taken['service_request_id']}.json").json()
    assert (found["service_code"], found["status"]) == ("exclusion", "open")
    assert client.post("/open311/v2/requests.json", data={**form, "api_key": "x"}).status_code == 403
    assert client.post("/open311/v2/requests.json", data={**form, "service_code": "x"}).status_code == 400


def test_payments__transfers_of_a_person__say_how_far_they_are(sandbox: Sandbox, system: System) -> None:
    """Under way, or completed and on a statement; amounts are numbers, as the Hub writes them."""
    client, story = system("payments"), sandbox.story["payments"]
    query = {"payeePartyId": story["sent"]["payee_id"], "size": "50"}
    page = client.get("/api/v1/transfers", params=query, headers=PAYMENTS).json()
    states = {one["transactionId"]: one["status"] for one in page["content"]}
    assert states[story["sent"]["transaction_id"]] == "IN_PROGRESS"
    assert states[story["reconciled"]["transaction_id"]] == "COMPLETED"
    assert isinstance(page["content"][0]["amount"], float)
    statement = client.get(f"/statements/{story['reconciled']['reconciled_on']}.xml", headers=PAYMENTS)
    assert f"<EndToEndId>{story['reconciled']['transaction_id']}<" in statement.text


def test_payments__batch__is_accepted_once_and_paid_where_there_is_an_account(
    sandbox: Sandbox, system: System
) -> None:
    """The same correlation id is the same batch; a payee without an account fails; sums add up."""
    client = system("payments")
    known = sandbox.story["payments"]["reconciled"]["payee_id"]
    instructions = [
        {"requestId": "R1", "creditParty": [{"key": "NATIONAL_ID", "value": known}], "amount": "10.50", "currency": "LMD"},
        {"requestId": "R2", "creditParty": [{"key": "NATIONAL_ID", "value": "0"}], "amount": "1", "currency": "LMD"},
    ]  # fmt: skip
    headers = {**PAYMENTS, "X-CorrelationID": "TEST-0001"}
    first, second = (
        client.post("/batchtransactions?type=raw", json=instructions, headers=headers) for _ in range(2)
    )
    assert (first.status_code, first.json()) == (202, second.json())
    summary = client.get("/api/v1/batch", params=first.json(), headers=PAYMENTS).json()
    assert [summary[name] for name in ("total", "ongoing", "failed", "successful")] == [2, 0, 1, 1]
    assert [summary[name] for name in ("successful_amount", "failed_amount")] == [10.5, 1.0]


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({}, "?type=raw", 401),
        (PAYMENTS | {"Platform-TenantId": "other", "X-CorrelationID": "1"}, "?type=raw", 400),
        (PAYMENTS | {"X-CorrelationID": "1" * 21}, "?type=raw", 400),
        (PAYMENTS | {"X-CorrelationID": "1"}, "?type=csv", 400),
        (PAYMENTS | {"X-CorrelationID": "1", "X-Callback-URL": "http://192.0.2.1:80/"}, "?type=raw", 400),
    ],
)
def test_payments__bad_batch__is_the_same_sentence_for_all(
    system: System, headers: dict[str, str], query: str, status: int
) -> None:
    """A client that reads the text of a 400 learns nothing; a callback to another machine is refused."""
    answer = system("payments").post(f"/batchtransactions{query}", json=[], headers=headers)
    assert answer.status_code == status
    assert status == 401 or answer.json()["errorDescription"] == "File not uploaded"


def test_education__drop__is_served_with_a_password_and_by_its_manifest(
    sandbox: Sandbox, system: System
) -> None:
    """Only what the manifest names, and only to whom the password is known."""
    client, auth = system("education"), ("exchange", SECRETS["LUMERIA_EDUCATION_PASSWORD"])
    assert client.get("/drops/SHA256SUMS").status_code == 401
    named = [line.split()[1] for line in client.get("/drops/SHA256SUMS", auth=auth).text.splitlines()[1:]]
    for name in named:
        served = client.get(f"/drops/{name}", auth=auth)
        assert served.content == (sandbox.folder / "education" / name).read_bytes()
    assert client.get("/drops/..%2Fstory.json", auth=auth).status_code == 404


def test_crvs_events__birth__has_dotted_keys(sandbox: Sandbox, system: System) -> None:
    """A declaration's field names hold dots; the id of a result leads to it again."""
    client, newborn = system("civil-registry"), sandbox.story["newborn"]
    headers = _crvs_token(client)
    search = {"eventType": "birth", "data": {"child.nid": {"type": "exact", "term": newborn["national_id"]}}}
    body = {"query": {"type": "and", "clauses": [search]}, "limit": 2, "offset": 0}
    answer = client.post("/api/events/events/search", json=body, headers=headers).json()
    (event,) = answer["results"]
    assert answer["total"] == 1
    assert event["declaration"]["mother.nid"] == newborn["mother"]
    assert event["declaration"]["child.dob"] == newborn["birth_date"]
    assert client.get(f"/api/events/events/{event['id']}", headers=headers).json() == event


def test_crvs_events__death__is_an_event_of_its_own(sandbox: Sandbox, system: System) -> None:
    """The civil registry knows the death that others missed."""
    client, deceased = system("civil-registry"), sandbox.story["deceased_unpropagated"]
    search = {
        "eventType": "death",
        "data": {"deceased.nid": {"type": "exact", "term": deceased["national_id"]}},
    }
    body = {"query": {"type": "and", "clauses": [search]}}
    (event,) = client.post("/api/events/events/search", json=body, headers=_crvs_token(client)).json()[
        "results"
    ]
    assert event["declaration"]["eventDetails.date"] == deceased["death_date"]


@pytest.mark.parametrize(
    "query",
    [None, {"type": "and", "clauses": []}, {"type": "and", "clauses": [{"eventType": "birth"}]},
     {"type": "and", "clauses": [{"eventType": "birth", "data": {"child.secret": {"type": "exact", "term": "1"}}}]},
     {"type": "and", "clauses": [{"eventType": "birth", "data": {"child.nid": {"type": "regex", "term": "1"}}}]}],
)  # fmt: skip
def test_crvs_events__bad_clause__is_refused(system: System, query: object) -> None:
    """Unknown fields and conditions, and clauses that ask for nothing."""
    client = system("civil-registry")
    answer = client.post("/api/events/events/search", json={"query": query}, headers=_crvs_token(client))
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")
    assert client.post("/api/events/events/search", json={"query": query}).status_code == 401


def _crvs_token(client: httpx.Client) -> dict[str, str]:
    given = {
        "client_id": "exchange",
        "client_secret": SECRETS["LUMERIA_CRVS_SECRET"],
        "grant_type": "client_credentials",
    }
    answer = client.post("/auth/token", json=given).json()
    assert set(answer) == {"access_token"}
    return {"Authorization": f"Bearer {answer['access_token']}"}
