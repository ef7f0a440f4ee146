"""How a `rest` source is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from adapters.http.form import PLACEHOLDER, connection, connection_warnings
from adapters.kinds import Complaint
from adapters.pointer import parse
from adapters.template import placeholders
from adapters.yaml_lines import Place

__all__ = [
    "PLACEHOLDER",
    "ErrorRule",
    "RestAsk",
    "Verdict",
    "ask",
    "connection",
    "connection_warnings",
    "service_complaints",
]

Verdict = Literal["not_found", "ambiguous", "denied", "unavailable", "misbehaving"]


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What an answer means when its status or a JSON member matches."""

    verdict: Verdict
    http: int | None = None
    pointer: tuple[str, ...] | None = None
    equals: Any = None


@dataclass(frozen=True, slots=True)
class RestAsk:
    """One HTTP request. `{name}` in path, query and body stands for the selector of that name."""

    method: Literal["GET", "POST"]
    path: str
    query: Mapping[str, str]
    body: Any
    records: tuple[str, ...]
    errors: tuple[ErrorRule, ...]


def ask(service: Mapping[str, Any]) -> RestAsk:
    """As `Form.ask`."""
    request = service["request"]
    return RestAsk(
        request.get("method", "GET"),
        request["path"],
        request.get("query", {}),
        request.get("body"),
        parse(service.get("records", "")),
        tuple(_error_rule(rule) for rule in service.get("errors", [])),
    )


def _error_rule(rule: Mapping[str, Any]) -> ErrorRule:
    when = rule["when"]
    pointer = parse(when["json"]) if "json" in when else None
    return ErrorRule(rule["as"], when.get("http"), pointer, when.get("equals"))


def service_complaints(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    """As `Form.service_complaints`: the request carries the selector, and nothing unknown."""
    request, subjects = service["request"], service["subject"]
    if len(subjects) != 1:
        yield (*place, "subject"), "a rest service takes one kind of subject", "write a second service"
    used = set(placeholders([request["path"], request.get("query", {}), request.get("body")]))
    for name in sorted(used - subjects.keys()):
        yield (*place, "request"), f"`{{{name}}}` is no selector under `subject`", "declare it or correct it"
    for name in sorted(subjects.keys() - used):
        cure = f"write {{{name}}} in path, query or body"
        yield (*place, "request"), f"the request does not carry `{name}`", cure
    if "body" in request and request.get("method", "GET") != "POST":
        yield (*place, "request", "body"), "a body needs `method: POST`", "add it or remove the body"
    for index, rule in enumerate(service.get("errors", [])):
        if ("json" in rule["when"]) != ("equals" in rule["when"]):
            cure = "write {json: /status, equals: ERROR}"
            yield (*place, "errors", index), "`json` and `equals` belong together", cure
