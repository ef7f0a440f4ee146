"""SOAP 1.1 envelopes of the tax service: read a request, write an answer or a Fault.

Requests are parsed by expat without entities: a document type declaration is refused before its content is
read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree import ElementTree as ET
from xml.parsers import expat

_SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SERVICE: Final = "http://tax.lumeria.example/taxpayer/1.0"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
Element = Mapping[str, "str | Element | Sequence[Element] | None"]  # in order; None is xsi:nil

for _prefix, _namespace in (("soap", _SOAP), ("xsi", _XSI), ("", SERVICE)):
    ET.register_namespace(_prefix, _namespace)


class UnreadableEnvelopeError(ValueError):
    """A message is no SOAP 1.1 request; the sentence repeats nothing of it."""


def parse_request(content: bytes) -> tuple[str, dict[str, str]]:
    """The operation in the Body and its parameters by local name. Raises UnreadableEnvelopeError."""
    _refuse_declarations(content)
    try:
        root = ET.fromstring(content)  # noqa: S314 without a DTD there are no entities
    except ET.ParseError as error:
        raise UnreadableEnvelopeError("The message is not well-formed XML.") from error
    if root.tag != f"{{{_SOAP}}}Envelope":
        raise UnreadableEnvelopeError("The message is no SOAP 1.1 envelope.")
    body = root.find(f"{{{_SOAP}}}Body")
    if body is None or len(body) != 1 or not body[0].tag.startswith(f"{{{SERVICE}}}"):
        raise UnreadableEnvelopeError("The Body holds one operation of this service.")
    return _local(body[0].tag), {_local(child.tag): (child.text or "").strip() for child in body[0]}


def envelope(operation: str, content: Element) -> bytes:
    """The answer to an operation."""
    root = ET.Element(f"{{{_SOAP}}}Envelope")
    body = ET.SubElement(root, f"{{{_SOAP}}}Body")
    _fill(ET.SubElement(body, f"{{{SERVICE}}}{operation}Response"), content)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def fault(code: str, text: str) -> bytes:
    """A Fault; `faultcode` is qualified, its children are not."""
    root = ET.Element(f"{{{_SOAP}}}Envelope")
    element = ET.SubElement(ET.SubElement(root, f"{{{_SOAP}}}Body"), f"{{{_SOAP}}}Fault")
    ET.SubElement(element, "faultcode").text = f"soap:{code}"
    ET.SubElement(element, "faultstring").text = text
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _fill(parent: ET.Element, content: Element) -> None:
    for name, value in content.items():
        for each in value if isinstance(value, list) else [value]:
            child = ET.SubElement(parent, f"{{{SERVICE}}}{name}")
            if each is None:
                child.set(f"{{{_XSI}}}nil", "true")
            elif isinstance(each, str):
                child.text = each
            else:
                _fill(child, each)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _refuse_declarations(content: bytes) -> None:
    def refuse(*_: object) -> None:
        raise UnreadableEnvelopeError("A document type declaration is not accepted.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise UnreadableEnvelopeError("The message is not well-formed XML.") from error
