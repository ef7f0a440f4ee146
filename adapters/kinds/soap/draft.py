"""A draft from a WSDL file: the operations that take one identifier, with template, answer and columns.

Credentials that an operation wants in its Body become `body_secrets`. Only the file and what lies
beside it is read; nothing of the service is asked. An operation with further inputs is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    left = [name for name, service in found if service is None]
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
    told = {secret: f"what the service calls {name}" for name, secret in wanted.items()}
    services = tuple(service for _, service in found if service is not None)
    return Draft("soap", path.stem, connection, services, told, tuple(remarks))


def _service(operation: Operation, wanted: dict[str, str]) -> DraftService | None:
    leaves = list(_leaves(operation.input))
    open_leaves = [
        one for one in leaves if not _SECRET.search(_local(one)) and not _ACCOUNT.match(_local(one))
    ]
    if len(open_leaves) != 1 or not _IDENTIFIER.search(_local(open_leaves[0])):
        return None
    selector = open_leaves[0]
    secrets = {
        _snake(_local(one)): "SOAP_" + _snake(_local(one)).upper()
        for one in leaves
        if _SECRET.search(_local(one))
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
        made = etree.SubElement(element, child.name)
        if child is selector:
            made.text = "{selector}"
        elif child.children:
            _fill(made, child, selector)
        elif _SECRET.search(_local(child)):
            made.text = f"{{secret:{_snake(_local(child))}}}"
        else:
            made.text = "isthmus"


def _leaves(part: Part) -> Iterator[Part]:
    for child in part.children:
        if child.children:
            yield from _leaves(child)
        else:
            yield child


def _record(answer: Part, names: _Names) -> tuple[list[str], Part]:
    """The path to the record: the first repeated element, else down as long as there is one way."""
    path: list[str] = []
    part = answer
    while True:
        inner = [child for child in part.children if child.children]
        repeated = [child for child in inner if child.repeated]
        following = repeated[0] if repeated else inner[0] if len(inner) == len(part.children) == 1 else None
        if following is None or len(path) > 6:
            return path, part
        path.append(names.of(following.name))
        if following.repeated:
            return path, following
        part = following


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
