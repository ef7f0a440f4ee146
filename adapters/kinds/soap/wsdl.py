"""WSDL 1.1 files, read locally: operations, their SOAPAction, the elements that go in and come out.

    wsdl = read_wsdl(Path("tax.wsdl"))
    wsdl.operations["GetBand"].input.children

Enough for document/literal and simple rpc/literal services: elements, named and anonymous complex
types, sequences, extensions, references, one level deep per step and bounded. Imports are followed
to files beside the WSDL only; one with another address is an error, never fetched. Not here: WSDL
2.0, encodings, substitution groups, choices (all branches are listed).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from adapters.kinds.soap.names import WSDL, WSDL_SOAP, XSD, Version
from adapters.xml import Element, UnfitXml, parse_xml
from schemas.errors import ConfigurationError

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_FILES: Final = 32
MAX_DEPTH: Final = 8
MAX_PARTS: Final = 20_000
"""Elements of all messages together: types that name each other unfold."""
_NAME: Final = re.compile(r"[^\W\d][\w.-]*")
_NESTED: Final = frozenset({"sequence", "all", "choice", "complexContent", "extension", "restriction"})


@dataclass(frozen=True, slots=True)
class Part:
    """An element of a message. `type` is the local name of its XSD type, or "" of a complex one;
    `optional` says that it may be left out."""

    name: str
    type: str
    repeated: bool = False
    children: tuple[Part, ...] = ()
    codes: tuple[str, ...] = ()
    pattern: str | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation over SOAP: names are `{namespace}local`."""

    name: str
    version: Version
    action: str
    input: Part
    output: Part


@dataclass(frozen=True, slots=True)
class Wsdl:
    """What a WSDL offers, and where it says the service is."""

    operations: Mapping[tuple[str, Version], Operation]
    address: str | None


def read_wsdl(path: Path) -> Wsdl:
    """Read a WSDL and what it imports.

    Raises:
        ConfigurationError: a file is missing, foreign, or not WSDL.
    """
    documents: dict[Path, Element] = {}
    _load(path.resolve(), path.resolve().parent, documents)
    return _Reader(list(documents.values())).wsdl()


def files_of(path: Path) -> tuple[str, ...]:
    """The names of a WSDL and of the files that it imports. Raises as `read_wsdl`."""
    documents: dict[Path, Element] = {}
    _load(path.resolve(), path.resolve().parent, documents)
    return tuple(one.name for one in documents)


def _load(path: Path, folder: Path, documents: dict[Path, Element]) -> None:
    if path in documents:
        return
    if len(documents) >= MAX_FILES or path.parent != folder:
        raise ConfigurationError("the WSDL imports a file that is not beside it; put it there")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigurationError(f"{path.name} is too long for a WSDL")
        documents[path] = root = parse_xml(path.read_bytes(), max_bytes=MAX_BYTES)
    except OSError:
        raise ConfigurationError(f"there is no file {path.name}; put it beside the source file") from None
    except UnfitXml as error:
        raise ConfigurationError(f"{path.name}: {error}") from None
    for name in (f"{{{WSDL}}}import", f"{{{XSD}}}import", f"{{{XSD}}}include"):
        for reference in root.iter(name):
            place = reference.get("location") or reference.get("schemaLocation")
            if place is None:
                continue
            if urlsplit(place).scheme or "/" in place or "\\" in place:
                raise ConfigurationError(
                    "the WSDL imports from elsewhere; pin a copy beside it and name that"
                )
            _load((folder / place).resolve(), folder, documents)


class _Reader:
    """Finds definitions by their names, over all documents."""

    def __init__(self, documents: list[Element]) -> None:
        self._documents = documents
        self._parts = 0
        self._named: dict[tuple[str, str], Element] = {}
        for root in documents:
            for scope in (root, *root.iter(f"{{{XSD}}}schema")):
                target = scope.get("targetNamespace", "")
                for child in scope:
                    if child.get("name"):
                        self._named.setdefault((str(child.tag), f"{{{target}}}{child.get('name')}"), child)

    def wsdl(self) -> Wsdl:
        """All operations with a SOAP binding."""
        operations = {(one.name, one.version): one for root in self._documents for one in self._bound(root)}
        if not operations:
            raise ConfigurationError("the WSDL has no operation with a SOAP binding")
        return Wsdl(operations, self._address())

    def _address(self) -> str | None:
        for root in self._documents:
            for uri in WSDL_SOAP.values():
                for address in root.iter(f"{{{uri}}}address"):
                    return address.get("location")
        return None

    def _bound(self, root: Element) -> Iterator[Operation]:
        for binding in root.iter(f"{{{WSDL}}}binding"):
            version: Version
            for version in ("1.1", "1.2"):
                mark = binding.find(f"{{{WSDL_SOAP[version]}}}binding")
                port = self._definition(WSDL, "portType", binding, binding.get("type", ""))
                if mark is None or port is None:
                    continue
                for operation in binding.iterfind(f"{{{WSDL}}}operation"):
                    own = operation.find(f"{{{WSDL_SOAP[version]}}}operation")
                    style = (own.get("style") if own is not None else None) or mark.get("style")
                    action = own.get("soapAction", "") if own is not None else ""
                    made = self._operation(port, operation, style or "document", action, version)
                    if made is not None:
                        yield made

    def _operation(
        self, port: Element, bound: Element, style: str, action: str, version: Version
    ) -> Operation | None:
        name = bound.get("name", "")
        for operation in port.iterfind(f"{{{WSDL}}}operation"):
            if operation.get("name") == name:
                parts = [self._message(operation, bound, way, style, version) for way in ("input", "output")]
                if parts[0] is not None and parts[1] is not None:
                    return Operation(name, version, action, parts[0], parts[1])
        return None

    def _message(
        self, operation: Element, bound: Element, way: str, style: str, version: Version
    ) -> Part | None:
        given = operation.find(f"{{{WSDL}}}{way}")
        message = (
            None if given is None else self._definition(WSDL, "message", given, given.get("message", ""))
        )
        if message is None:
            return None
        parts = message.findall(f"{{{WSDL}}}part")
        if style == "rpc":
            body = bound.find(f"{{{WSDL}}}{way}/{{{WSDL_SOAP[version]}}}body")
            space = "" if body is None else body.get("namespace", "")
            name = operation.get("name", "") + ("Response" if way == "output" else "")
            for one in (name, *(part.get("name", "") for part in parts)):
                _check_name(one)
            children = (self._typed(part, part.get("name", ""), part.get("type", ""), 0) for part in parts)
            return Part(f"{{{space}}}{name}", "", False, tuple(children))
        if len(parts) != 1 or "element" not in parts[0].attrib:
            return None
        element = self._definition(XSD, "element", parts[0], parts[0].get("element", ""))
        if element is None:
            return None
        return self._element(element, self._qname(parts[0], parts[0].get("element", "")), 0)

    def _element(self, element: Element, name: str, depth: int) -> Part:
        _check_name(name)
        many = element.get("maxOccurs", "1") not in ("0", "1")
        if "type" in element.attrib:
            made = self._typed(element, name, element.get("type", ""), depth)
            return Part(name, made.type, many, made.children, made.codes, made.pattern)
        inner = element.find(f"{{{XSD}}}complexType")
        if inner is not None:
            return Part(name, "", many, tuple(self._children(inner, depth)))
        simple = element.find(f"{{{XSD}}}simpleType")
        return self._simple(simple, name, many) if simple is not None else Part(name, "string", many)

    def _typed(self, place: Element, name: str, type_name: str, depth: int) -> Part:
        complex_type = self._definition(XSD, "complexType", place, type_name)
        if complex_type is not None and depth < MAX_DEPTH:
            return Part(name, "", False, tuple(self._children(complex_type, depth)))
        simple = self._definition(XSD, "simpleType", place, type_name)
        if simple is not None:
            return self._simple(simple, name, False)
        return Part(name, type_name.rpartition(":")[2])

    def _simple(self, simple: Element, name: str, many: bool) -> Part:
        restriction = simple.find(f"{{{XSD}}}restriction")
        if restriction is None:
            return Part(name, "string", many)
        codes = [item.get("value", "") for item in restriction.iterfind(f"{{{XSD}}}enumeration")]
        pattern = restriction.find(f"{{{XSD}}}pattern")
        base = restriction.get("base", "string").rpartition(":")[2]
        return Part(name, base, many, (), tuple(codes), None if pattern is None else pattern.get("value"))

    def _children(self, scope: Element, depth: int) -> Iterator[Part]:
        base = scope.get("base")
        if base is not None and scope.tag == f"{{{XSD}}}extension":
            yield from self._typed(scope, "", base, depth + 1).children
        for child in scope:
            local = str(child.tag).rpartition("}")[2]
            if local in _NESTED:
                yield from self._children(child, depth)
            elif local == "element":
                yield self._child(child, depth)

    def _child(self, child: Element, depth: int) -> Part:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise ConfigurationError("the WSDL's types unfold into too many elements; write the file by hand")
        return replace(self._meant(child, depth), optional=child.get("minOccurs") == "0")

    def _meant(self, child: Element, depth: int) -> Part:
        if "ref" in child.attrib:
            meant = self._definition(XSD, "element", child, child.get("ref", ""))
            name = self._qname(child, child.get("ref", ""))
            many = child.get("maxOccurs", "1") not in ("0", "1")
            made = Part(name, "") if meant is None else self._element(meant, name, depth + 1)
            return Part(name, made.type, many, made.children, made.codes, made.pattern)
        return self._element(child, self._local_name(child), depth + 1)

    def _local_name(self, child: Element) -> str:
        """A local element's name: in the schema's namespace when that says `qualified`."""
        schema = next((one for one in child.iterancestors() if one.tag == f"{{{XSD}}}schema"), None)
        form = child.get("form") or (
            "unqualified" if schema is None else schema.get("elementFormDefault", "unqualified")
        )
        space = "" if schema is None or form != "qualified" else schema.get("targetNamespace", "")
        return f"{{{space}}}{child.get('name')}" if space else child.get("name", "")

    def _definition(self, uri: str, tag: str, place: Element, name: str) -> Element | None:
        return self._named.get((f"{{{uri}}}{tag}", self._qname(place, name)))

    def _qname(self, place: Element, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        return f"{{{place.nsmap.get(prefix or None, '')}}}{local}"


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name.rpartition("}")[2]) is None:
        raise ConfigurationError("the WSDL has an element whose name is none")
