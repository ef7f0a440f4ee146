"""X-Road's SOAP headers, protocol 4.0: put to requests, compared in answers (PR-MESS section 2.2).

A service copies the headers of the request; its Security Server adds `requestHash`, a hash of the
bytes that we sent. Both tie an answer to its question: another person's answer does not fit.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256, sha384, sha512
from typing import Any, Final
from uuid import uuid4

from lxml import etree

from adapters.kinds.soap.envelope import Message
from adapters.kinds.xroad.form import XRoadConnection
from adapters.xml import Element
from schemas.identifiers import SubsystemId
from schemas.outcome import Misbehaving

XROAD: Final = "http://x-road.eu/xsd/xroad.xsd"
IDENTIFIERS: Final = "http://x-road.eu/xsd/identifiers"
_HASHES: Final[dict[str, Any]] = {
    "http://www.w3.org/2001/04/xmlenc#sha256": sha256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": sha384,
    "http://www.w3.org/2001/04/xmlenc#sha512": sha512,
}
_TIED: Final = ("client", "service", "id")


def request_headers(connection: XRoadConnection, code: str, version: str | None) -> list[Element]:
    """The header blocks of one request, with an id of its own."""
    blocks = [
        _identifier("client", "SUBSYSTEM", connection.client, ()),
        _identifier("service", "SERVICE", connection.provider, (code, version)),
        _text("id", str(uuid4())),
    ]
    if connection.user_id is not None:
        blocks.append(_text("userId", connection.user_id))
    if connection.issue is not None:
        blocks.append(_text("issue", connection.issue))
    return [*blocks, _text("protocolVersion", "4.0")]


def tied(message: Message, sent: Iterable[Element], data: bytes) -> Message | Misbehaving:
    """The answer, if it is one to what was sent; `data` are the request's bytes."""
    told = {str(block.tag): block for block in message.headers()}
    for block in sent:
        if etree.QName(block).localname in _TIED and _plain(told.get(str(block.tag))) != _plain(block):
            return Misbehaving("the answer is not one to our question: its X-Road headers are others")
    found = told.get(f"{{{XROAD}}}requestHash")
    hashing = None if found is None else _HASHES.get(found.get("algorithmId", ""))
    if found is None or hashing is None:
        return Misbehaving("the answer has no X-Road request hash in SHA-2")
    if (found.text or "").strip() != b64encode(hashing(data).digest()).decode():
        return Misbehaving("the answer's X-Road request hash is of another question")
    return message


def _identifier(name: str, kind: str, at: SubsystemId, service: tuple[str | None, ...]) -> Element:
    block = etree.Element(f"{{{XROAD}}}{name}", nsmap={"xroad": XROAD, "id": IDENTIFIERS})
    block.set(f"{{{IDENTIFIERS}}}objectType", kind)
    parts = [at.instance, at.member_class, at.member_code, at.subsystem, *service]
    names = ["xRoadInstance", "memberClass", "memberCode", "subsystemCode", "serviceCode", "serviceVersion"]
    for part_name, part in zip(names, parts, strict=False):
        if part is not None:
            etree.SubElement(block, f"{{{IDENTIFIERS}}}{part_name}").text = part
    return block


def _text(name: str, text: str) -> Element:
    block = etree.Element(f"{{{XROAD}}}{name}", nsmap={"xroad": XROAD})
    block.text = text
    return block


def _plain(block: Element | None) -> list[tuple[str, str]]:
    """Names and texts of a block; prefixes and whitespace say nothing."""
    return [] if block is None else [(str(one.tag), (one.text or "").strip()) for one in block.iter()]
