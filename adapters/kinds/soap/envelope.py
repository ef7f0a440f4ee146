"""SOAP envelopes: put around a request, taken off an answer (SOAP 1.1 section 4, SOAP 1.2 part 1 section 5).

An answer is a SOAP message of the version that was asked, with exactly one Body. A header block
that says `mustUnderstand` and is not WS-Security cannot be understood here, so the answer is not.
A message in parts (MTOM, SOAP with attachments) is refused: no canonical field is an attachment.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from lxml import etree

from adapters.http.answers import HttpAnswer
from adapters.kinds.soap.names import ENVELOPE, WSSE, Version
from adapters.xml import Element, UnfitXml, parse_xml
from schemas.outcome import Misbehaving

_XML: Final = ("text/xml", "application/xml", "application/soap+xml")
_TRUE: Final = ("1", "true")


@dataclass(frozen=True, slots=True)
class Message:
    """A SOAP message that was received: the envelope, and its one Body."""

    version: Version
    envelope: Element
    body: Element

    @property
    def payload(self) -> Element:
        """The Body as a document of its own: an XPath cannot look into headers."""
        return deepcopy(self.body)

    def headers(self) -> Iterable[Element]:
        """Its header blocks."""
        header = self.envelope.find(f"{{{ENVELOPE[self.version]}}}Header")
        return () if header is None else list(header)


def envelope(version: Version, headers: Iterable[Element], payload: Element) -> Element:
    """A message; the last child of the envelope is the Body."""
    uri = ENVELOPE[version]
    root = etree.Element(f"{{{uri}}}Envelope", nsmap={"soap": uri})
    blocks = list(headers)
    if blocks:
        etree.SubElement(root, f"{{{uri}}}Header").extend(blocks)
    etree.SubElement(root, f"{{{uri}}}Body").append(payload)
    return root


def media(version: Version, action: str) -> tuple[str, dict[str, str]]:
    """The media type of a message and the headers it needs: 1.1 says its action in one, 1.2 in the
    type."""
    if version == "1.1":
        return "text/xml; charset=utf-8", {"SOAPAction": f'"{action}"'}
    parameter = f'; action="{action}"' if action else ""
    return f"application/soap+xml; charset=utf-8{parameter}", {}


def received(version: Version, answer: HttpAnswer, max_bytes: int) -> Message | Misbehaving:
    """The SOAP message in an HTTP answer."""
    if answer.content_type.startswith("multipart/"):
        return Misbehaving("the answer comes in parts (MTOM or attachments), which are not read")
    if answer.content_type not in _XML:
        return Misbehaving("the answer is not XML")
    try:
        root = parse_xml(answer.body, max_bytes=max_bytes, charset=answer.charset)
    except UnfitXml as error:
        return Misbehaving(f"the answer is not acceptable: {error}")
    uri = ENVELOPE[version]
    bodies = root.findall(f"{{{uri}}}Body")
    if root.tag != f"{{{uri}}}Envelope" or len(bodies) != 1:
        return Misbehaving(f"the answer is no SOAP {version} message with one Body")
    message = Message(version, root, bodies[0])
    if any(_must_be_understood(block, uri) for block in message.headers()):
        return Misbehaving("the answer has a header that must be understood, and is not known here")
    return message


def _must_be_understood(block: Element, uri: str) -> bool:
    return block.get(f"{{{uri}}}mustUnderstand") in _TRUE and block.tag != f"{{{WSSE}}}Security"
