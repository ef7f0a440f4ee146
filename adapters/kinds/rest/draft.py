"""A draft from an OpenAPI 3.x document: the operations that look one person up.

Such an operation is a GET or POST whose one open parameter looks like an identifier: in the path, in
the query, or in a JSON body. What it answers becomes columns. Nothing of the system itself is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from adapters.drafting.draft import Column, Draft, DraftService
from adapters.drafting.words import likeness
from adapters.kinds.rest.openapi import MAX_COLUMNS, OpenApi, fetch, load, pointer
from adapters.kinds.rest.openapi_connection import connection_of
from adapters.secrets import Secrets

_IDENTIFIER = re.compile(
    r"(^|_)(nid|nin|uin|brn|id|ids|identifier|code|number|no|ref|reference|plate|vin|tin|key)$", re.IGNORECASE
)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_SERVICE = re.compile(r"[^A-Za-z0-9]+")
_MOST_SERVICES: Final = 50
_PLACEHOLDER = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class _Operation:
    method: str
    path: str
    parameters: tuple[Mapping[str, Any], ...]
    given: Mapping[str, Any]


async def draft(origin: str, secrets: Secrets) -> Draft:
    """As `adapters.drafting.draft`.

    Raises:
        ConfigurationError: the document is not what it must be.
        SourceUnavailable: it cannot be fetched.
    """
    del secrets
    return drafted(load(await fetch(origin), origin.rpartition("/")[2] or origin))


def drafted(document: OpenApi) -> Draft:
    """What a document describes."""
    found = [(operation, _service(document, operation)) for operation in _operations(document)]
    services = [service for _, service in found if service is not None][:_MOST_SERVICES]
    left = [f"{one.method} {one.path}" for one, service in found if service is None]
    connection, needed, remarks = connection_of(document)
    if left:
        shown = ", ".join(left[:10]) + (" …" if len(left) > 10 else "")
        remarks.append(f"left out, since they do not look one person up in JSON: {shown}")
    if any("errors" in service.own for service in services):
        remarks.append("a 404 counts as not found where it is described; a mistyped path answers 404 too")
    info = document.at(document.root.get("info"))
    return Draft(
        "rest",
        str(info.get("title") or "REST service")[:200],
        connection,
        _named(services),
        needed,
        tuple(remarks),
    )


def _operations(document: OpenApi) -> Iterator[_Operation]:
    for path, given in document.at(document.root.get("paths")).items():
        item = document.at(given)
        for method in ("get", "post"):
            operation = document.at(item.get(method))
            if operation:
                parameters = [
                    *document.rows(item.get("parameters")),
                    *document.rows(operation.get("parameters")),
                ]
                yield _Operation(method.upper(), str(path), tuple(map(document.at, parameters)), operation)


def _service(document: OpenApi, operation: _Operation) -> DraftService | None:
    """The record service of an operation, None when it looks nobody up."""
    request = _request(document, operation)
    answered = _answered(document, operation)
    if request is None or answered is None:
        return None
    selector, own = request
    records, schema = answered
    columns = tuple(islice(document.columns(schema), MAX_COLUMNS))
    if not columns:
        return None
    responses = document.at(operation.given.get("responses"))
    members: dict[str, Any] = {"request": own} | ({"records": records} if records else {})
    if "404" in map(str, responses):
        members["errors"] = [{"when": {"http": 404}, "as": "not_found"}]
    title = str(operation.given.get("summary") or operation.given.get("operationId") or operation.path)
    name = str(operation.given.get("operationId") or f"{operation.method}-{operation.path}")
    return DraftService(
        _SERVICE.sub("-", _WORDS.sub("-", name)).strip("-").lower()[:64] or "service",
        title.partition("\n")[0][:200],
        _with_pattern(columns, selector),
        (selector.place,),
        members,
    )


def _request(document: OpenApi, operation: _Operation) -> tuple[Column, dict[str, Any]] | None:
    """The parameter that names the person, and the request with `{selector}` in its place."""
    needed = [
        one for one in operation.parameters if one.get("in") in ("path", "query") and _is_open(document, one)
    ]
    if operation.method == "POST":
        return None if needed else _body(document, operation)
    wanted = needed or [one for one in operation.parameters if one.get("in") == "query" and _likeness(one)]
    wanted = sorted(wanted, key=_likeness, reverse=True)
    if not wanted or len(needed) > 1 or not _likeness(wanted[0]):
        return None
    name = str(wanted[0].get("name"))
    selector = _selector(document, name, wanted[0].get("schema"))
    query = {
        str(one.get("name")): _fixed(document, one)
        for one in operation.parameters
        if _is_fixed(document, one)
    }
    if wanted[0].get("in") == "path":
        path = operation.path.replace(f"{{{name}}}", "{selector}")
    else:
        path, query = operation.path, {**query, name: "{selector}"}
    if _PLACEHOLDER.sub("", path.replace("{selector}", "")) != path.replace("{selector}", ""):
        return None
    return selector, {"path": path} | ({"query": query} if query else {})


def _body(document: OpenApi, operation: _Operation) -> tuple[Column, dict[str, Any]] | None:
    content = document.at(document.at(operation.given.get("requestBody")).get("content"))
    schema = document.schema(document.at(content.get("application/json")).get("schema"))
    members = {name: part for name, part in schema.get("properties", {}).items() if _likeness({"name": name})}
    others = set(schema.get("required", ())) - members.keys()
    if len(members) != 1 or others or _PLACEHOLDER.search(operation.path):
        return None
    ((name, part),) = members.items()
    request = {"method": "POST", "path": operation.path, "body": {name: "{selector}"}}
    return _selector(document, str(name), part), request


def _answered(document: OpenApi, operation: _Operation) -> tuple[str, Mapping[str, Any]] | None:
    """Where the records of a success stand, and their schema."""
    responses = document.at(operation.given.get("responses"))
    # YAML may write 200 as a number.
    by_code = {str(code): response for code, response in responses.items()}
    answer = document.at(next((by_code[code] for code in ("200", "2XX", "default") if code in by_code), {}))
    content = document.at(answer.get("content"))
    kind = next((name for name in content if str(name).partition(";")[0].endswith("json")), None)
    schema = document.schema(document.at(content.get(kind or "")).get("schema"))
    if "items" in schema:
        return "", document.schema(schema["items"])
    members = schema.get("properties", {})
    lists = [name for name, part in members.items() if "properties" in _items(document, part)]
    scalars = [
        name
        for name, part in members.items()
        if _likeness({"name": name}) and "items" not in document.schema(part)
    ]
    if len(lists) == 1 and not scalars:
        place = pointer((str(lists[0]),))
        return place if place.startswith("/") else f"/{place}", _items(document, members[lists[0]])
    return ("", schema) if members else None


def _items(document: OpenApi, schema: Any) -> Mapping[str, Any]:
    return document.schema(document.schema(schema).get("items"))


def _is_open(document: OpenApi, parameter: Mapping[str, Any]) -> bool:
    place = parameter.get("in")
    needed = place == "path" or (place == "query" and parameter.get("required") is True)
    return needed and not _is_fixed(document, parameter)


def _is_fixed(document: OpenApi, parameter: Mapping[str, Any]) -> bool:
    """Whether a parameter of the query must be sent and has a value of its own."""
    schema = document.schema(parameter.get("schema"))
    known = "default" in schema or len(schema.get("enum", ())) == 1 or "const" in schema
    return parameter.get("in") == "query" and parameter.get("required") is True and known


def _fixed(document: OpenApi, parameter: Mapping[str, Any]) -> str:
    schema = document.schema(parameter.get("schema"))
    return str(schema.get("const", schema.get("default", next(iter(schema.get("enum", ("",)))))))


def _likeness(parameter: Mapping[str, Any]) -> int:
    """How surely a name is an identifier of a person; 0 when it is none."""
    name = _WORDS.sub("_", str(parameter.get("name", "")))
    return (
        likeness(name, "national_id") + 1 if _IDENTIFIER.search(name) or likeness(name, "national_id") else 0
    )


def _selector(document: OpenApi, name: str, schema: Any) -> Column:
    (column,) = document.columns({"properties": {name: document.schema(schema)}})
    return column


def _with_pattern(columns: tuple[Column, ...], selector: Column) -> tuple[Column, ...]:
    """The pattern of a parameter holds for the member of the same name."""
    return tuple(
        replace(one, pattern=selector.pattern) if one.place == selector.place and selector.pattern else one
        for one in columns
    )


def _named(services: list[DraftService]) -> tuple[DraftService, ...]:
    """Names that stand once."""
    seen: dict[str, int] = {}
    named = []
    for service in services:
        seen[service.name] = seen.get(service.name, 0) + 1
        count = seen[service.name]
        named.append(service if count == 1 else replace(service, name=f"{service.name}-{count}"))
    return tuple(named)
