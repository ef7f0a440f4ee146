"""What a Security Server adds to a provider's answer, for fixtures and the conformance kit: what a
recorded answer must repeat of its question. Written after PR-REST section 4.3 and PR-MESS section 2.2;
it is no Security Server, and what it adds proves nothing about one.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from copy import deepcopy
from hashlib import sha512
from urllib.parse import urlsplit

from lxml import etree

from adapters.kinds.soap.names import ENVELOPE
from adapters.kinds.xroad.soap_headers import XROAD
from adapters.xml import UnfitXml, parse_xml, serialise

_SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
_MAX_BYTES = 4 * 1024 * 1024


def rest_headers(target: str, asked: Mapping[str, str]) -> dict[str, str]:
    """The headers that tie an answer to a request; header names of the request in lower case."""
    service = "/".join(urlsplit(target).path.split("/")[2:7])
    return {
        "X-Road-Client": asked.get("x-road-client", ""),
        "X-Road-Service": service,
        "X-Road-Id": asked.get("x-road-id", ""),
        "X-Road-Request-Id": "00000000-0000-4000-8000-000000000000",
        "X-Road-Request-Hash": b64encode(sha512(target.encode()).digest()).decode(),
    }


def soap_answer(request: bytes, answer: str) -> str:
    """A recorded envelope with the request's header blocks and its hash; any other text as it is."""
    try:
        asked = parse_xml(request, max_bytes=_MAX_BYTES)
        root = parse_xml(answer.strip().encode(), max_bytes=_MAX_BYTES)
    except UnfitXml:
        return answer
    uri = ENVELOPE["1.1"]
    sent = asked.find(f"{{{uri}}}Header")
    if root.tag != f"{{{uri}}}Envelope" or sent is None or root.find(f"{{{uri}}}Header") is not None:
        return answer
    header = etree.Element(f"{{{uri}}}Header")
    header.extend([deepcopy(block) for block in sent])
    hashed = etree.SubElement(header, f"{{{XROAD}}}requestHash", algorithmId=_SHA512)
    hashed.text = b64encode(sha512(request).digest()).decode()
    root.insert(0, header)
    return serialise(root).decode()


def unbound_answer(answer: str) -> str:
    """An envelope without the header blocks that tie it to its question; any other text as it is."""
    try:
        root = parse_xml(answer.strip().encode(), max_bytes=_MAX_BYTES)
    except UnfitXml:
        return answer
    header = root.find(f"{{{ENVELOPE['1.1']}}}Header")
    if header is None:
        return answer
    root.remove(header)
    return serialise(root).decode()
