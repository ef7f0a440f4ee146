"""XML from sources: parsed bounded and without surprises, searched with bounded XPath, put into records.

    document = parse_xml(answer.body, max_bytes=limits.max_bytes)
    people = find_all(document, "//p:person[p:nid = $nid]", {"p": "urn:example:people"}, {"nid": "12"})
    record = record_of(people[0])

No document type at all, so no entity of any kind; nothing is fetched. The encoding is decided here
and not by the parser: byte order mark, then the transport's `charset`, then the declaration, from a
short list. Comments and processing instructions are dropped before anything reads text, so nothing
can be cut in two by one. Not here: XSD, XSLT, XInclude.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lxml import etree

from adapters.xpath import compiled

Element = etree._Element  # noqa: SLF001 - lxml has no public name for the type
Record = dict[str, Any]

MAX_DEPTH: Final = 64
MAX_NODES: Final = 50_000
MAX_ATTRIBUTES: Final = 64
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

_NIL: Final = f"{{{XSI}}}nil"
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BY_NAME: Final = frozenset(
    {"utf-8", "us-ascii", "ascii", *(f"iso-8859-{part}" for part in range(1, 17) if part != 12)}
    | {f"windows-125{page}" for page in range(9)}
)
"""Encodings without a byte order mark: all hold ASCII as it stands, so `<` is always `<`."""
_DECLARATION = re.compile(
    r"""\A<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["'][^>]{0,200}\?>"""
)
_SPACE = re.compile(r"\s*")


class UnfitXml(Exception):
    """XML that is not accepted; the text says why and quotes nothing."""


def parse_xml(
    data: bytes,
    *,
    max_bytes: int,
    max_depth: int = MAX_DEPTH,
    max_nodes: int = MAX_NODES,
    charset: str | None = None,
) -> Element:
    """The root element of a document.

    Raises:
        UnfitXml: not well-formed, a document type, an encoding not accepted, or larger than allowed.
    """
    if len(data) > max_bytes:
        raise UnfitXml(f"the XML is longer than {max_bytes} bytes")
    # Every element begins with one, so this bounds the tree before any of it is built.
    if data.count(b"<") > 2 * max_nodes:
        raise UnfitXml(f"the XML has more than {max_nodes} elements")
    text = _decoded(data, charset)
    _refuse_document_type(text)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        raise UnfitXml("the XML is not well-formed, or is nested too deep") from None
    _measure(root, max_depth, max_nodes)
    return root


def serialise(element: Element) -> bytes:
    """The document of a root element, in UTF-8 with its declaration."""
    return etree.tostring(element, encoding="UTF-8", xml_declaration=True)


def find_all(
    element: Element,
    xpath: str,
    namespaces: Mapping[str, str] | None = None,
    variables: Mapping[str, str | int] | None = None,
) -> list[Element]:
    """The elements an XPath leads to, in the document's order. Values go in as `$variables` only.

    Raises:
        UnfitXPath: it is none of the accepted form, or leads to something else than elements.
    """
    found = compiled(xpath, namespaces or {})(element, **(variables or {}))
    return [item for item in found if isinstance(item, Element)] if isinstance(found, list) else []


def texts_of(
    element: Element,
    xpath: str,
    namespaces: Mapping[str, str] | None = None,
    variables: Mapping[str, str | int] | None = None,
) -> list[str]:
    """The texts an XPath leads to: of elements, attributes, or of one `string(…)` or `boolean(…)`.

    Raises:
        UnfitXPath: as `find_all`.
    """
    found = compiled(xpath, namespaces or {})(element, **(variables or {}))
    return [_text(item) for item in found] if isinstance(found, list) else [_text(found)]


def record_of(element: Element) -> Record:
    """An element as the mapping rules read it.

    Local names are members; an attribute is `@name`; a leaf is its text, `xsi:nil` is None; what
    stands more than once is a list; text beside attributes or elements is `#text`. Two namespaces
    with the same local name become a list too: never one of them by chance.
    """
    value = _value(element)
    if isinstance(value, dict):
        return value
    return {} if value is None else {"#text": value}


def _value(element: Element) -> Any:
    if element.get(_NIL) in ("true", "1"):
        return None
    record: Record = {}
    for name, text in element.attrib.items():
        if not _is_xsi(name):
            _add(record, f"@{_local(name)}", text)
    if not record and len(element) == 0:
        return element.text or ""
    for child in element:
        _add(record, _local(child.tag), _value(child))
    own = "".join(_own_text(element))
    if own.strip():
        record["#text"] = own
    return record


def _add(record: Record, name: str, value: Any) -> None:
    if name not in record:
        record[name] = value
    elif isinstance(record[name], list):
        record[name].append(value)
    else:
        record[name] = [record[name], value]


def _own_text(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        yield child.tail or ""


def _text(item: Any) -> str:
    if isinstance(item, Element):
        return "".join(str(part) for part in item.itertext())
    return str(item).lower() if isinstance(item, bool) else str(item)


def _local(name: Any) -> str:
    return str(name).rpartition("}")[2]


def _is_xsi(name: Any) -> bool:
    return str(name).startswith(f"{{{XSI}}}")


def _decoded(data: bytes, charset: str | None) -> str:
    """The document as text, its byte order mark taken off."""
    mark, encoding = next(((bom, name) for bom, name in _BOMS if data.startswith(bom)), (b"", None))
    head = data[:512].decode("ascii", errors="replace") if encoding is None else ""
    declared = _DECLARATION.match(head)
    name = (charset or (declared[1] if declared else None) or "utf-8").lower()
    if encoding is None and name not in _BY_NAME:
        raise UnfitXml("the XML is in an encoding that is not accepted")
    try:
        return data[len(mark) :].decode(encoding or name)
    except (UnicodeDecodeError, LookupError):
        raise UnfitXml("the XML is not in the encoding it says") from None


def _refuse_document_type(text: str) -> None:
    """Only a declaration, comments and instructions may stand before the root element."""
    at = 0
    while True:
        # Found where it ends, not cut off: a thousand instructions would copy the document as often.
        space = _SPACE.match(text, at)
        at = at if space is None else space.end()
        if text.startswith("<?", at):
            end, width = text.find("?>", at), 2
        elif text.startswith("<!--", at):
            end, width = text.find("-->", at + 4), 3
        elif text.startswith("<!", at):
            raise UnfitXml("the XML has a document type, which is never accepted")
        else:
            return
        if end < 0:
            raise UnfitXml("the XML is not well-formed, or is nested too deep")
        at = end + width


def _measure(root: Element, max_depth: int, max_nodes: int) -> None:
    nodes, level = 0, [root]
    for _ in range(max_depth):
        nodes += len(level)
        if nodes > max_nodes:
            raise UnfitXml(f"the XML has more than {max_nodes} elements")
        if any(len(element.attrib) > MAX_ATTRIBUTES for element in level):
            raise UnfitXml(f"the XML has an element with more than {MAX_ATTRIBUTES} attributes")
        if not all(isinstance(element.tag, str) for element in level):
            raise UnfitXml("the XML holds a reference to an entity")
        level = [child for element in level for child in element]
        if not level:
            return
    raise UnfitXml(f"the XML is nested deeper than {max_depth}")
