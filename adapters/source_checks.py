"""What a JSON Schema cannot say about a source file: names that must fit each other.

Every check yields `(place, what, cure)`; `check_document` puts file and line to it. Nothing here
needs secrets or a network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from adapters.canonical import canonicals
from adapters.crosswalk import CodeLists
from adapters.findings import Finding, Level, schema_findings, source_validator
from adapters.kinds import Complaint, connection_complaints_of, document_complaints_of, form_of
from adapters.mapping import BadRule, compile_rules, mapped_fields
from adapters.secrets import REFERENCE, has_broken_reference
from adapters.selector import fits, selector_complaints
from adapters.target_checks import target_complaints
from adapters.yaml_lines import Document, Place
from schemas.errors import MalformedIdentifier
from schemas.identifiers import SubsystemId, check_part

MAX_OPENAPI_BYTES: Final = 4 * 1024 * 1024
_LITERAL_PASSWORD = re.compile(r"://[^/@]*:[^/@]+@")


def check_document(document: Document) -> list[Finding]:
    """Everything wrong with a source file, errors and warnings, in the order of lines."""
    findings = schema_findings(document, source_validator())
    if findings:
        return findings
    complaints = [(complaint, "error") for complaint in _errors(document)]
    complaints += [(complaint, "warning") for complaint in _warnings(document.value)]
    return sorted((_finding(document, *pair) for pair in complaints), key=lambda finding: finding.line)


def _finding(document: Document, complaint: Complaint, level: Level | str) -> Finding:
    place, what, cure = complaint
    kind: Level = "warning" if level == "warning" else "error"
    return Finding(document.path.name, document.line(place), kind, what, cure)


def _errors(document: Document) -> Iterator[Complaint]:
    source = document.value
    yield from _identifiers(source)
    yield from _references(source["connection"], ("connection",))
    yield from connection_complaints_of(source["kind"])(source["connection"])
    for name, service in source["services"].items():
        place: Place = ("services", name)
        if service.get("form") == "pass_through":
            yield from _pass_through(service, place, document)
            yield from _forwarding(source["connection"])
        else:
            yield from _record_service(service, place, document)
            yield from form_of(source["kind"]).service_complaints(service, place)
    yield from document_complaints_of(source["kind"])(document)
    for index, trial in enumerate(source.get("tests", [])):
        yield from _trial(source, trial, ("tests", index))


def _warnings(source: Mapping[str, Any]) -> Iterator[Complaint]:
    yield from form_of(source["kind"]).connection_warnings(source["connection"])
    if not source.get("tests"):
        yield (), "there are no `tests`", "name a subject that must match and one that must not"


def _identifiers(source: Mapping[str, Any]) -> Iterator[Complaint]:
    try:
        SubsystemId.parse(source["subsystem"])
    except MalformedIdentifier as error:
        yield ("subsystem",), str(error), "write INSTANCE/CLASS/MEMBER/SUBSYSTEM"
    for name in source["services"]:
        try:
            check_part(name)
        except MalformedIdentifier as error:
            yield ("services", name), str(error), "choose another service code"


def _references(value: Any, place: Place) -> Iterator[Complaint]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _references(item, (*place, name))
    elif isinstance(value, str):
        if has_broken_reference(value):
            yield place, "a broken reference", "write ${secret:NAME} or ${env:NAME}, name in upper case"
        if _LITERAL_PASSWORD.search(REFERENCE.sub("", value)):
            yield place, "a password stands in the file", "write ${secret:NAME} in its place"


def _record_service(service: Mapping[str, Any], place: Place, document: Document) -> Iterator[Complaint]:
    canonical = canonicals().get(service["canonical"])
    if canonical is None:
        known = ", ".join(canonicals())
        yield (*place, "canonical"), "no canonical schema of this name", f"write one of {known}"
    else:
        word = "map" if "map" in service else "fields"
        for field in sorted(mapped_fields(service).keys() - canonical.fields.keys()):
            cure = "write one of " + ", ".join(canonical.fields)
            yield (*place, word, field), f"`{field}` is no field of {canonical.name}", cure
        lists = CodeLists(document.path.parent)
        for field, rule in service.get("map", {}).items():
            if field in canonical.fields:
                schema = canonical.fields[field]
                yield from target_complaints(rule, schema, (*place, "map", field), lists)
    for name, selector in service["subject"].items():
        yield from selector_complaints(name, selector, (*place, "subject", name))
    try:
        compile_rules(service, place, CodeLists(document.path.parent))
    except BadRule as error:
        what, _, cure = error.what.partition("; ")
        yield error.place, what, cure or "see docs for the forms of a rule"
    yield from _list_words(service, place)


def _list_words(service: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    if service.get("shape", "record") == "list":
        if "empty" not in service:
            cure = "write `empty: not_found`, or `empty: empty_list` when no row truly means none"
            yield place, "a list service must say what no row means", cure
        return
    if "group" in service:
        yield (*place, "group"), "`group` is for `shape: list`", "remove it"
    if service.get("empty") == "empty_list":
        yield (*place, "empty"), "`empty_list` is for `shape: list`", "write `empty: not_found`"


def _pass_through(service: Mapping[str, Any], place: Place, document: Document) -> Iterator[Complaint]:
    subject = service.get("subject")
    if subject is not None and subject["place"] == "path":
        for index, template in enumerate(service["paths"]):
            if template.count(f"{{{subject['name']}}}") != 1:
                cure = f"write {{{subject['name']}}} once in every path, or remove `subject`"
                yield (*place, "paths", index), "the path does not name the subject once", cure
    if "openapi" in service:
        path = document.path.parent / service["openapi"]
        beside = path.resolve().parent == document.path.parent.resolve()
        if not beside or not path.is_file() or path.stat().st_size > MAX_OPENAPI_BYTES:
            yield (*place, "openapi"), "no such file beside this one", "put the OpenAPI document there"


def _forwarding(connection: Mapping[str, Any]) -> Iterator[Complaint]:
    # Imported here: a gateway without sources over HTTP does not load its client.
    from adapters.http.form import forwarding_complaint

    complaint = forwarding_complaint(connection["auth"])
    if complaint is not None:
        yield ("connection", "auth"), *complaint


def _trial(source: Mapping[str, Any], trial: Mapping[str, Any], place: Place) -> Iterator[Complaint]:
    service = source["services"].get(trial["service"])
    if service is None or service.get("form") == "pass_through":
        cure = "write one of " + ", ".join(source["services"])
        yield (*place, "service"), "no such record service", cure
        return
    (name, value), *_ = trial["given"].items()
    selector = service["subject"].get(name)
    if selector is None or not fits(name, selector, value):
        yield (*place, "given"), "not a subject of this service", "use a declared selector and its pattern"
