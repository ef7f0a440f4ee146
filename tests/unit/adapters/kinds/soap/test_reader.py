"""Kind `soap`: what is sent, and what each answer means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.form import HttpConnection
from adapters.kinds.soap.form import SoapConnection
from adapters.kinds.soap.names import WSSE
from adapters.kinds.soap.reader import Soap
from adapters.kinds.soap.xml_template import template_of
from adapters.source import RecordService
from adapters.xml import UnfitXml, parse_xml, record_of, serialise
from schemas.errors import RequestMismatch
from schemas.outcome import DeniedBySource, Misbehaving, NotFound, Unavailable
from schemas.record import Subject
from tests.unit.adapters.kinds.soap.tax_source import tax_source

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
TWELVE = "http://www.w3.org/2003/05/soap-envelope"
PLAIN = SoapConnection(HttpConnection("https://tax.example"))
HOSTILE = [
    "</t:Person><t:Person>X",
    "&lt;!--",
    "]]><x/>",
    "<!DOCTYPE a>",
    "' or '1'='1",
    "{secret:key}",
    "A&B",
]


def enveloped(body: str, uri: str = SOAP, header: str = "") -> str:
    """A message around a body."""
    return (
        f'<e:Envelope xmlns:e="{uri}" xmlns:t="urn:example:tax">{header}<e:Body>{body}</e:Body></e:Envelope>'
    )


async def read(
    body: str | bytes,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    connection: SoapConnection = PLAIN,
    sent: list[httpx.Request] | None = None,
) -> Any:
    """What the kind makes of one recorded answer."""

    def reply(request: httpx.Request) -> httpx.Response:
        if sent is not None:
            sent.append(request)
        media = {"Content-Type": "text/xml; charset=utf-8", **(headers or {})}
        return httpx.Response(status, content=body, headers=media)

    source = tax_source(connection)
    service = source.record_service("income-band")
    assert isinstance(service, RecordService)
    kind = Soap(connection, source.limits, httpx.MockTransport(reply))
    await kind.open()
    try:
        return await kind.read(service, Subject("national_id", "A0000017"), ("income_band",))
    finally:
        await kind.close()


FOUND = (
    "<t:GetAssessmentResponse><t:Assessment><t:Year>2025</t:Year></t:Assessment></t:GetAssessmentResponse>"
)


@pytest.mark.parametrize("value", HOSTILE)
def test_filled__markup_in_a_value__stays_one_text(value: str) -> None:
    """A value is put into the tree, never into the text: it cannot add an element or attribute."""
    root = template_of('<a><b c="{x}">{x}</b></a>').filled({"x": value})
    again = parse_xml(serialise(root), max_bytes=4096)
    assert record_of(again) == {"b": {"@c": value, "#text": value}}


@given(st.text(max_size=30))
def test_filled__any_value__one_text_or_refused(value: str) -> None:
    """Characters that XML cannot hold are refused, everything else comes back as it was."""
    try:
        root = template_of("<a><b>{x}</b></a>").filled({"x": value})
    except RequestMismatch:
        return
    assert record_of(parse_xml(serialise(root), max_bytes=4096)) == {"b": value}


def test_template__a_document_type__is_refused() -> None:
    """Also the file's own XML is bounded."""
    with pytest.raises(UnfitXml):
        template_of('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>')


async def test_read__body_secrets__stand_in_the_body_only() -> None:
    """Credentials inside the Body come from the connection, and no error shows them."""
    connection = replace(PLAIN, body_secrets={"key": "SECRET-WORD"})
    assert "SECRET-WORD" not in repr(connection)
    template = template_of("<a><k>{secret:key}</k></a>")
    assert record_of(template.filled({"secret:key": "SECRET-WORD"})) == {"k": "SECRET-WORD"}


async def test_read__request__action_media_type_and_envelope() -> None:
    """SOAP 1.1 says its action in a header, 1.2 in the media type."""
    sent: list[httpx.Request] = []
    await read(enveloped(FOUND), sent=sent)
    assert sent[0].headers["SOAPAction"] == '"urn:example:tax/GetAssessment"'
    assert sent[0].headers["Content-Type"] == "text/xml; charset=utf-8"
    twelve = replace(PLAIN, version="1.2")
    await read(enveloped(FOUND, TWELVE), connection=twelve, sent=sent)
    assert 'action="urn:example:tax/GetAssessment"' in sent[1].headers["Content-Type"]
    assert "SOAPAction" not in sent[1].headers
    assert record_of(parse_xml(sent[1].content, max_bytes=4096))["Body"]["GetAssessment"] == {
        "Person": "A0000017"
    }


async def test_read__cookies__are_not_kept() -> None:
    """A session would tie one person's answer to another's question."""
    sent: list[httpx.Request] = []
    await read(enveloped(FOUND), headers={"Set-Cookie": "session=1"}, sent=sent)
    await read(enveloped(FOUND), headers={"Set-Cookie": "session=1"}, sent=sent)
    assert all("Cookie" not in request.headers for request in sent)


def fault(code: str, uri: str = SOAP) -> str:
    """A fault of SOAP 1.1."""
    return enveloped(
        f"<e:Fault><faultcode>{code}</faultcode><faultstring>CANARY</faultstring></e:Fault>", uri
    )


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("e:Server", Unavailable),
        ("e:Server.Database", Unavailable),
        ("e:Client", Misbehaving),
        ("e:MustUnderstand", Misbehaving),
        ("e:VersionMismatch", Misbehaving),
        ("t:Whatever", Misbehaving),
        ("w:FailedAuthentication", DeniedBySource),
        ("w:InvalidSecurityToken", DeniedBySource),
        ("w:SecurityError", DeniedBySource),
        ("t:UnknownPerson", NotFound),
    ],
)
async def test_read__fault__by_its_code_and_not_by_its_http_status(
    code: str, outcome: type, status: int
) -> None:
    """Only the file's own rule makes a fault say that nobody is there."""
    told = await read(fault(code), status)
    assert isinstance(told, outcome)
    assert "CANARY" not in repr(told)


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        (("e:Receiver",), Unavailable),
        (("e:Sender",), Misbehaving),
        (("e:Sender", "w:FailedAuthentication"), DeniedBySource),
    ],
)
async def test_read__fault_of_soap_1_2__by_its_codes(codes: tuple[str, ...], outcome: type) -> None:
    """Subcodes count."""
    inner = f"<e:Subcode><e:Value>{codes[1]}</e:Value></e:Subcode>" if len(codes) > 1 else ""
    body = f"<e:Fault><e:Code><e:Value>{codes[0]}</e:Value>{inner}</e:Code></e:Fault>"
    told = await read(enveloped(body, TWELVE), 500, connection=replace(PLAIN, version="1.2"))
    assert isinstance(told, outcome)


@pytest.mark.parametrize(
    "body",
    [
        enveloped("<t:OtherResponse/>"),
        enveloped(""),
        enveloped(FOUND + FOUND),
        enveloped(FOUND, TWELVE),
        f'<e:Envelope xmlns:e="{SOAP}"><e:Body/><e:Body/></e:Envelope>',
        FOUND.replace("<t:GetAssessmentResponse>", '<t:GetAssessmentResponse xmlns:t="urn:example:tax">'),
        enveloped(FOUND, header='<e:Header><x:a xmlns:x="urn:x" e:mustUnderstand="1"/></e:Header>'),
        "<!DOCTYPE a>" + enveloped(FOUND),
        "{}",
        "",
    ],
)
async def test_read__not_the_announced_answer__misbehaving_and_never_nobody(body: str) -> None:
    """An answer without the announced element says nothing about the person."""
    assert isinstance(await read(body), Misbehaving)


async def test_read__records__namespaces_by_uri_and_nil_is_no_record() -> None:
    """Prefixes are the source's affair; xsi:nil is nobody."""
    assert await read(enveloped(FOUND)) == [{"Year": "2025"}]
    nil = (
        '<t:GetAssessmentResponse xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
        '<t:Assessment i:nil="true"/></t:GetAssessmentResponse>'
    )
    assert await read(enveloped(nil)) == []


async def test_read__multipart__refused_clearly() -> None:
    """Attachments are never guessed at."""
    told = await read("--x", headers={"Content-Type": 'multipart/related; type="application/xop+xml"'})
    assert isinstance(told, Misbehaving)
    assert "MTOM" in told.cause


async def test_read__a_security_header_that_must_be_understood__is_understood() -> None:
    """WS-Security is known here."""
    header = f'<e:Header><w:Security xmlns:w="{WSSE}" e:mustUnderstand="1"/></e:Header>'
    assert await read(enveloped(FOUND, header=header)) == [{"Year": "2025"}]
