"""A draft from a WSDL file: the operations that take one identifier, with template, answer and columns.

Accounts and passwords that an operation wants in its Body become `body_secrets`; an operation without
any input shows whether the service can be asked. Only the file and what lies beside it is read; nothing
of the service is asked. What may be left out of a question is left out; an operation that needs further
inputs is not drafted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from lxml import etree

from adapters.drafting.draft import Column, ColumnType, Draft, DraftService
from adapters.kinds.soap.wsdl import Operation, Part, read_wsdl
from adapters.secrets import Secrets
from schemas.errors import ConfigurationError

MAX_COLUMNS: Final = 100
_DEEPEST: Final = 6
_IDENTIFIER = re.compile(
    r"(nid|nin|uin|brn|tin|vin|id|identifier|code|number|num|no|ref|plate|key|person|citizen|taxpayer)$",
    re.IGNORECASE,
)
_SECRET = re.compile(r"(pass(word|wd|phrase)?|pwd|secret|token|api_?key|pin)$", re.IGNORECASE)
_ACCOUNT = re.compile(r"^(user(_?id|_?name)?|login|account|client_?id)$", re.IGNORECASE)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_TYPES: Final[dict[str, ColumnType]] = {
    "boolean": "boolean",
    "date": "date",
    "dateTime": "moment",
    "decimal": "decimal",
    "double": "decimal",
    "float": "decimal",
    **dict.fromkeys(("int", "integer", "long", "short", "nonNegativeInteger", "positiveInteger"), "integer"),
}


@dataclass(slots=True)
class _Names:
    """Prefixes of the namespaces met."""

    prefixes: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """`{namespace}local` as `prefix:local`."""
        qname = etree.QName(name)
        if not qname.namespace:
            return qname.localname
        prefix = self.prefixes.setdefault(qname.namespace, f"n{len(self.prefixes) + 1}")
        return f"{prefix}:{qname.localname}"


async def draft(origin: str, secrets: Secrets) -> Draft:
    """As `adapters.drafting.draft`; `origin` is the path of a WSDL.

    Raises:
        ConfigurationError: the WSDL cannot be read.
    """
    del secrets
    return drafted(Path(origin))


def drafted(path: Path) -> Draft:
    """What a WSDL describes. Raises as `draft`."""
    wsdl = read_wsdl(path)
    version = "1.1" if any(one.version == "1.1" for one in wsdl.operations.values()) else "1.2"
    operations = [one for one in wsdl.operations.values() if one.version == version]
    wanted: dict[str, str] = {}
    found = [(one.name, _service(one, wanted)) for one in operations]
    asked = {one.name for one in operations if one.input.children}
    left = [name for name, service in found if service is None and name in asked]
    url = urlsplit(wsdl.address or "")
    connection: dict[str, Any] = {
        "base_url": f"{url.scheme}://{url.netloc}" if url.netloc else "${env:SOAP_URL}",
        "path": url.path,
        "version": version,
        "auth": {"kind": "none"},
    }
    if wanted:
        connection["body_secrets"] = {name: f"${{secret:{secret}}}" for name, secret in wanted.items()}
    digest = sha256(path.read_bytes()).hexdigest()
    pin = f"wsdl: {{file: {path.name}, sha256: {digest}}}"
    remarks = [f"`check` compares with the WSDL once it lies beside this file; add to connection: {pin}"]
    if left:
        remarks.append("Left out, since they do not take one identifier: " + ", ".join(left[:10]))
    ping = _ping(operations)
    if ping is not None:
        connection["ping"] = ping
    told = {secret: f"what the service calls {name}" for name, secret in wanted.items()}
    services = tuple(service for _, service in found if service is not None)
    return Draft("soap", path.stem, connection, services, told, tuple(remarks))


def _service(operation: Operation, wanted: dict[str, str]) -> DraftService | None:
    leaves = list(_leaves(operation.input))
    open_leaves = [one for one in leaves if not _is_credential(one)]
    if len(open_leaves) != 1 or not _IDENTIFIER.search(_local(open_leaves[0])):
        return None
    selector = open_leaves[0]
    secrets = {
        _snake(_local(one)): "SOAP_" + _snake(_local(one)).upper() for one in leaves if _is_credential(one)
    }
    wanted |= secrets
    names = _Names()
    answer = names.of(operation.output.name)
    path, record = _record(operation.output, names)
    columns = tuple(_columns(record, ()))[:MAX_COLUMNS]
    if not columns:
        return None
    own: dict[str, Any] = {
        "action": operation.action,
        "request": _template(operation.input, selector),
        "namespaces": {prefix: uri for uri, prefix in names.prefixes.items()} or {"n": operation.output.name},
        "answer": answer,
        "records": "/".join(path) if path else f"self::{answer}",
    }
    columns = tuple(replace(one, title=one.title or one.place) for one in columns)
    return DraftService(
        _snake(operation.name).replace("_", "-"), operation.name, columns, (_local(selector),), own
    )


def _template(part: Part, selector: Part) -> str:
    root = etree.Element(part.name, nsmap=_nsmap(part))
    _fill(root, part, selector)
    return etree.tostring(root, pretty_print=True).decode().strip()


def _nsmap(part: Part) -> dict[str, str]:
    namespace = etree.QName(part.name).namespace
    return {"t": namespace} if namespace else {}


def _fill(element: etree._Element, part: Part, selector: Part) -> None:
    for child in part.children:
        if child.optional and selector not in (child, *_leaves(child)) and not _is_credential(child):
            continue
        made = etree.SubElement(element, child.name)
        if child is selector:
            made.text = "{selector}"
        elif child.children:
            _fill(made, child, selector)
        else:
            made.text = f"{{secret:{_snake(_local(child))}}}"


def _leaves(part: Part) -> Iterator[Part]:
    """What a question must say, and credentials that it may."""
    for child in part.children:
        if child.children and not child.optional:
            yield from _leaves(child)
        elif not child.children and (not child.optional or _is_credential(child)):
            yield child


def _is_credential(part: Part) -> bool:
    return not part.children and bool(_SECRET.search(_local(part)) or _ACCOUNT.match(_local(part)))


def _ping(operations: Iterable[Operation]) -> dict[str, str] | None:
    """The first operation that takes nothing: it tells whether the service answers."""
    for one in operations:
        if not one.input.children and not one.input.type:
            request = etree.Element(one.input.name, nsmap=_nsmap(one.input))
            return {"action": one.action, "request": etree.tostring(request).decode()}
    return None


def _record(answer: Part, names: _Names) -> tuple[list[str], Part]:
    """The path to the record: the first repeated element, else down as long as there is one way."""
    path = _repeated(answer) or _only_way(answer)
    return [names.of(part.name) for part in path], path[-1] if path else answer


def _repeated(part: Part, depth: int = 0) -> tuple[Part, ...]:
    """The way to the first repeated element with children; empty when there is none."""
    for child in part.children:
        if child.children and child.repeated:
            return (child,)
        if child.children and depth < _DEEPEST and (found := _repeated(child, depth + 1)):
            return (child, *found)
    return ()


def _only_way(part: Part, depth: int = 0) -> tuple[Part, ...]:
    if len(part.children) != 1 or not part.children[0].children or depth > _DEEPEST:
        return ()
    return (part.children[0], *_only_way(part.children[0], depth + 1))


def _columns(part: Part, above: tuple[str, ...]) -> Iterator[Column]:
    for child in part.children:
        place = (*above, _local(child))
        if child.children and not child.repeated and len(above) < 4:
            yield from _columns(child, place)
        elif not child.children:
            text = place[0] if len(place) == 1 else "/" + "/".join(place)
            yield Column(text, _TYPES.get(child.type, "text"), "", child.codes, child.pattern)


def _local(part: Part) -> str:
    return etree.QName(part.name).localname


def _snake(name: str) -> str:
    words = "_".join(word for word in _WORDS.split(name) if word).lower()
    if not words:
        raise ConfigurationError("the WSDL has a name without letters")
    return words
