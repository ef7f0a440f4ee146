"""Kind `xroad`: headers of both protocols, errors of X-Road told apart, answers tied to questions."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha512
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.fixtures import load_offline
from adapters.kinds.xroad.errors import error_meaning
from adapters.kinds.xroad.passing import rest_headers, soap_answer
from adapters.kinds.xroad.reader import through_xroad
from adapters.source_checks import check_document
from adapters.xml import parse_xml, record_of
from adapters.yaml_lines import parse
from schemas.outcome import DeniedBySource, Misbehaving, NotFound, Unavailable
from schemas.record import Subject

REST = Path("adapters/civil_registry/xroad_rest.yaml")
SOAP = Path("adapters/tax/xroad_soap.yaml")
PERSON = {"personalCode": "A0000017"}
Reply = Callable[[httpx.Request], httpx.Response]


async def read(path: Path, reply: Reply) -> Any:
    """What the kind makes of an answer."""
    source = load_offline(path)
    source = replace(source, limits=replace(source.limits, retries=0))
    kind = through_xroad(source, httpx.MockTransport(reply))
    await kind.open()
    service = source.record_service(next(iter(source.services)))
    try:
        return await kind.read(service, Subject("national_id", "A0000017"), ())
    finally:
        await kind.close()


def tied(request: httpx.Request) -> dict[str, str]:
    """The headers a Security Server gives an answer."""
    return rest_headers(request.url.raw_path.decode(), dict(request.headers))


async def test_read__rest__service_in_the_path_and_client_in_the_header() -> None:
    """PR-REST section 4.1; each question has an id of its own."""
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=PERSON, headers=tied(request))

    assert await read(REST, reply) == [PERSON]
    await read(REST, reply)
    assert seen[0].url.raw_path == b"/r1/LM/GOV/CIVIL/population/persons/v1/persons/A0000017"
    assert seen[0].headers["X-Road-Client"] == "LM/GOV/SOCIAL/programmes"
    assert seen[0].headers["X-Road-Id"] != seen[1].headers["X-Road-Id"]


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Road-Id": "another"},
        {"X-Road-Service": "LM/GOV/CIVIL/population/other"},
        {"X-Road-Client": "LM/GOV/OTHER/x"},
        {"X-Road-Request-Hash": ""},
    ],
)
async def test_read__rest_answer_to_another_question__misbehaving(changed: dict[str, str]) -> None:
    """Client, service, id and the request's hash tie an answer to its question."""
    told = await read(
        REST, lambda asked: httpx.Response(200, json=PERSON, headers={**tied(asked), **changed})
    )
    assert isinstance(told, Misbehaving)


async def test_read__answer_without_x_road_headers__misbehaving() -> None:
    """Something else stands where the Security Server should."""
    assert isinstance(await read(REST, lambda _asked: httpx.Response(200, json=PERSON)), Misbehaving)


@pytest.mark.parametrize(
    ("status", "outcome"), [(404, Misbehaving), (401, DeniedBySource), (502, Unavailable), (302, Misbehaving)]
)
async def test_read__error_without_x_road_headers__never_nobody(status: int, outcome: type) -> None:
    """A proxy's 404 is not the provider's, whatever the file says a 404 means."""
    unknown = {"error": "PERSON_NOT_FOUND"}
    answer = httpx.Response(status, json=unknown)
    assert isinstance(await read(REST, lambda _asked: answer), outcome)
    if status == 404:
        told = await read(REST, lambda asked: httpx.Response(404, json=unknown, headers=tied(asked)))
        assert isinstance(told, NotFound)


def test_check__pages_by_links__refused_with_the_cure(tmp_path: Path) -> None:
    """A provider's links lead to its own address, which X-Road's path does not begin with."""
    text = REST.read_text(encoding="utf-8")
    changed = text.replace("    errors:", "    page: {by: link}\n    errors:", 1)
    assert changed != text
    found = list(check_document(parse(changed.encode(), tmp_path / "x.yaml")))
    assert any("not through X-Road" in str(finding) for finding in found), found


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("Server.ServerProxy.AccessDenied", DeniedBySource),
        ("Server.ClientProxy.SslAuthenticationFailed", DeniedBySource),
        ("Client.SslAuthenticationFailed", DeniedBySource),
        ("Server.ServerProxy.UnknownService", Misbehaving),
        ("Server.ClientProxy.UnknownMember", Misbehaving),
        ("Client.InvalidRequest", Misbehaving),
        ("Server.ServerProxy.ServiceFailed.InvalidContentType", Misbehaving),
        ("Server.ServerProxy.ServiceFailed.HttpError", Unavailable),
        ("Server.ServerProxy.ServiceDisabled", Unavailable),
        ("Server.ClientProxy.NetworkError", Unavailable),
        ("Server.ClientProxy.OutdatedGlobalConf", Unavailable),
        ("SOAP-ENV:Server.ClientProxy.NetworkError", Unavailable),
        ("of.a.later.version", Unavailable),
    ],
)
def test_error_meaning__error_of_x_road__never_nobody(error: str, outcome: type) -> None:
    """The type says where it failed; its words are not repeated."""
    assert isinstance(error_meaning(error), outcome)


async def test_read__soap__headers_of_protocol_4_0() -> None:
    """PR-MESS section 2.2, in the namespaces of its schemas."""
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(500, headers={"Content-Type": "text/xml"}, content=b"<a/>")

    await read(SOAP, reply)
    header = record_of(parse_xml(seen[0].content, max_bytes=8192))["Header"]
    assert header["client"] == {
        "@objectType": "SUBSYSTEM",
        "xRoadInstance": "LM",
        "memberClass": "GOV",
        "memberCode": "SOCIAL",
        "subsystemCode": "programmes",
    }
    assert header["service"]["@objectType"] == "SERVICE"
    assert header["service"]["serviceCode"] == "getAssessment"
    assert header["service"]["serviceVersion"] == "v1"
    assert (header["userId"], header["protocolVersion"]) == ("LM0000000000", "4.0")


ANSWER = (
    '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
    '<t:getAssessmentResponse xmlns:t="urn:example:tax"><t:assessment><t:year>2025</t:year></t:assessment>'
    "</t:getAssessmentResponse></S:Body></S:Envelope>"
)


async def test_read__soap_answer_with_our_headers_and_hash__read() -> None:
    """The hash is of the very bytes that we sent."""
    told = await read(SOAP, lambda asked: xml(soap_answer(asked.content, ANSWER)))
    assert told == [{"year": "2025"}]


@pytest.mark.parametrize("break_it", ["hash", "id", "headers"])
async def test_read__soap_answer_to_another_question__misbehaving(break_it: str) -> None:
    """An answer about another person, in time and well signed, does not fit our question."""

    def reply(asked: httpx.Request) -> httpx.Response:
        text = soap_answer(asked.content, ANSWER)
        right = b64encode(sha512(asked.content).digest()).decode()
        if break_it == "hash":
            text = text.replace(right, b64encode(sha512(b"other").digest()).decode())
        elif break_it == "id":
            text = text.replace("getAssessment</", "getOther</")
        else:
            text = ANSWER
        return xml(text)

    assert isinstance(await read(SOAP, reply), Misbehaving)


def xml(text: str) -> httpx.Response:
    """An XML answer."""
    return httpx.Response(200, content=text.encode(), headers={"Content-Type": "text/xml"})


async def test_health__a_service_no_longer_listed__misbehaving() -> None:
    """`listMethods` of the provider must name every service of the file."""
    kind = through_xroad(
        load_offline(REST),
        httpx.MockTransport(lambda asked: httpx.Response(200, json={"service": []}, headers=tied(asked))),
    )
    await kind.open()
    assert isinstance(await kind.health(), Misbehaving)
    await kind.close()
