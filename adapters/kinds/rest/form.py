"""How a `rest` source is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from adapters.http.error_rules import ErrorRule, error_rule_complaints, error_rules
from adapters.http.form import PLACEHOLDER, connection, connection_complaints, connection_warnings
from adapters.http.paging import Page, page
from adapters.kinds import Complaint
from adapters.pointer import parse
from adapters.selector import part_names
from adapters.template import placeholders, unknown_escapers
from adapters.yaml_lines import Place

__all__ = [
    "PLACEHOLDER",
    "GraphQL",
    "RestAsk",
    "ask",
    "connection",
    "connection_complaints",
    "connection_warnings",
    "service_complaints",
]

_BODIES: Final = ("body", "form", "graphql")


@dataclass(frozen=True, slots=True)
class GraphQL:
    """A GraphQL operation. The query is sent as it stands; values go into its variables only."""

    query: str
    variables: Mapping[str, Any]
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class RestAsk:
    """One HTTP request. `{name}` in path, query, body, form and variables stands for the selector's
    part of that name. `records` is a JSON Pointer, or an XPath when the source answers in XML."""

    method: Literal["GET", "POST"]
    path: str
    query: Mapping[str, str | list[str]]
    body: Any = None
    form: Mapping[str, str] | None = None
    graphql: GraphQL | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    records: tuple[str, ...] = ()
    xpath: str | None = None
    namespaces: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[ErrorRule, ...] = ()
    page: Page = Page()  # noqa: RUF009 - frozen


def ask(service: Mapping[str, Any]) -> RestAsk:
    """As `Form.ask`."""
    request, is_xml = service["request"], service.get("answers") == "xml"
    graphql = request.get("graphql")
    return RestAsk(
        method="POST" if graphql else request.get("method", "GET"),
        path=request["path"],
        query=request.get("query", {}),
        body=request.get("body"),
        form=request.get("form"),
        graphql=None
        if graphql is None
        else GraphQL(graphql["query"], graphql.get("variables", {}), graphql.get("operation")),
        headers=request.get("headers", {}),
        records=() if is_xml else parse(service.get("records", "")),
        xpath=service["records"] if is_xml else None,
        namespaces=service.get("namespaces", {}),
        errors=error_rules(service.get("errors", [])),
        page=page(service.get("page")),
    )


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: the request carries the selector, and nothing unknown."""
    request, subjects = service["request"], service["subject"]
    if len(subjects) != 1:
        yield (*place, "subject"), "a rest service takes one kind of subject", "write a second service"
    templates = [request["path"], request.get("query", {}), request.get("body"), request.get("form")]
    templates.append(request.get("graphql", {}).get("variables", {}))
    at, used = (*place, "request"), set(placeholders(templates))
    names = {name for parts in part_names(subjects).values() for name in parts}
    for name in sorted(used - names):
        yield at, f"`{{{name}}}` is no selector under `subject`", "declare it or correct it"
    for name in sorted(names - used):
        yield at, f"the request does not carry `{name}`", f"write {{{name}}} in path, query or body"
    for name in unknown_escapers(templates):
        yield at, f"`|{name}` is no way to escape a value", "write one of docs/adapters/rest.md"
    yield from _body(request, at)
    yield from _answer(service, place)
    for index, what, cure in error_rule_complaints(service.get("errors", [])):
        yield (*place, "errors", index), what, cure


def _body(request: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    bodies = [name for name in _BODIES if name in request]
    if len(bodies) > 1:
        yield (*place, bodies[1]), f"`{bodies[0]}` and `{bodies[1]}` cannot stand together", "remove one"
    elif bodies and bodies != ["graphql"] and request.get("method", "GET") != "POST":
        yield (*place, bodies[0]), f"a {bodies[0]} needs `method: POST`", "add it or remove the body"


def _answer(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    is_xml = service.get("answers") == "xml"
    if is_xml and "records" not in service:
        yield place, "XML needs `records`", 'write an XPath such as "//person"'
    if "namespaces" in service and not is_xml:
        yield (*place, "namespaces"), "`namespaces` are for XML", "write `answers: xml` or remove them"
    if is_xml:
        yield from _xpath(service, place)
    try:
        parse(service.get("records", "") if not is_xml else "")
    except ValueError as error:
        yield (*place, "records"), str(error), "correct the JSON Pointer"


def _xpath(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    # Imported here: XML is costly to load, and most sources speak JSON.
    from adapters.xpath import UnfitXPath, compiled

    try:
        compiled(service.get("records", "/*"), service.get("namespaces", {}))
    except UnfitXPath as error:
        yield (*place, "records"), str(error), 'write an XPath such as "//p:person"'
