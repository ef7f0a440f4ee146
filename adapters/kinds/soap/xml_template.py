"""XML of a source file into which values are put: as text of an element or value of an attribute.

    <t:GetBand xmlns:t="urn:tax"><t:Nid>{national_id}</t:Nid><t:Key>{secret:key}</t:Key></t:GetBand>

The template is parsed once, as XML. Values are then put into its tree, never into its text, so a
value cannot add an element, an attribute or a namespace, whatever stands in it. `{name}` is a part
of the selector, `{secret:name}` one of the connection's `body_secrets`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from lxml import etree

from adapters.xml import Element, parse_xml
from schemas.errors import RequestMismatch

MAX_BYTES: Final = 64 * 1024
_PLACEHOLDER = re.compile(r"\{((?:secret:)?[a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class XmlTemplate:
    """A template; its tree is never changed."""

    root: Element

    @property
    def placeholders(self) -> frozenset[str]:
        """The names used anywhere in it; of secrets with `secret:` before them."""
        return frozenset(name for text in _texts(self.root) for name in _PLACEHOLDER.findall(text))

    def filled(self, values: Mapping[str, str | int]) -> Element:
        """A copy with the values in place.

        Raises:
            RequestMismatch: a value holds characters that XML cannot hold.
        """
        copy = deepcopy(self.root)

        def put(text: str) -> str:
            return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), text)

        try:
            for element in copy.iter():
                _rewrite(element, put)
        except ValueError:
            raise RequestMismatch("subject.value cannot stand in XML") from None
        return copy


def template_of(text: str) -> XmlTemplate:
    """Read a template.

    Raises:
        UnfitXml: it is not XML.
    """
    parser = etree.XMLParser(remove_blank_text=True, resolve_entities=False, no_network=True)
    # Once for the rules of `parse_xml`, once more to drop the indentation that only people need.
    data = etree.tostring(parse_xml(text.strip().encode(), max_bytes=MAX_BYTES))
    return XmlTemplate(etree.fromstring(data, parser))


def _texts(root: Element) -> Iterator[str]:
    for element in root.iter():
        yield element.text or ""
        yield element.tail or ""
        yield from (str(value) for value in element.attrib.values())


def _rewrite(element: Element, put: Callable[[str], str]) -> None:
    if element.text:
        element.text = put(element.text)
    if element.tail:
        element.tail = put(element.tail)
    for name, value in element.attrib.items():
        element.set(name, put(str(value)))
