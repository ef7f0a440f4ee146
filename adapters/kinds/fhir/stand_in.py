"""A FHIR server for the conformance kit."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from adapters.conformance.bending import bent as bent_records
from adapters.conformance.faults import CANARY, Fault
from adapters.conformance.stand_in import StandIn
from adapters.http.loopback import HttpQuestion, HttpReply
from adapters.http.stand_in import JSON, HttpStandIn, answers_of, http_pointed_at
from adapters.kinds.fhir.form import FhirAsk, FhirConnection
from adapters.kinds.fhir.search import escape
from schemas.errors import RequestMismatch

if TYPE_CHECKING:
    from adapters.source import RecordService, Source

_ESCAPED: Final = re.compile(r"\\(.)")
_STATEMENT: Final = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "kind": "instance"}


_BENT: Final = (Fault.REMOVED_FIELD, Fault.SECOND_CANDIDATE, Fault.UNKNOWN_CODE, Fault.REPEATED_CURSOR)


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    return FhirStandIn(source, folder)


class FhirStandIn(HttpStandIn):
    """Answers searches with recorded Bundles, and `metadata` with a CapabilityStatement."""

    cannot: Mapping[Fault, str] = {
        **{fault: why for fault, why in HttpStandIn.cannot.items() if fault not in _BENT},
        Fault.CHANGED_TOTAL: "the total is an estimate in FHIR; a page that is missing comes again",
    }

    def pointed_at(self, source: Source, url: str, ca_file: Path) -> Source:
        """As `HttpStandIn.pointed_at`."""
        connection = source.connection
        if not isinstance(connection, FhirConnection):
            return source
        http = http_pointed_at(connection.http, url, ca_file)
        return replace(source, connection=replace(connection, http=http))

    def filled(self, question: HttpQuestion, text: str) -> str:
        """As `HttpStandIn.filled`: the recorded person carries the number that was asked for, since the
        kind takes nobody else."""
        url = urlsplit(question.target)
        if url.path.endswith("/metadata"):
            return json.dumps(_STATEMENT)
        if self._fault is Fault.REPEATED_CURSOR:
            text = self._with_next_page(text)
        asked = dict(parse_qsl(url.query) + parse_qsl(question.body.decode(errors="replace"))).get(
            "identifier"
        )
        recorded = str(next(iter(self._case.get("given", {"": ""}).values())))
        if asked is None or not recorded:
            return text
        value = _ESCAPED.sub(r"\1", re.split(r"(?<!\\)\|", asked, maxsplit=1)[-1])
        return text.replace(json.dumps(recorded), json.dumps(value))

    def pages(self, case: Mapping[str, Any]) -> bool:
        """As `StandIn.pages`: every Bundle can have a next page; openIMIS answers with bare resources."""
        answers = answers_of(case)
        body = answers[0].get("body") if answers else None
        document = json.loads(body) if isinstance(body, str) and body else body
        return isinstance(document, Mapping) and document.get("resourceType") == "Bundle"

    def _with_next_page(self, text: str) -> str:
        """A Bundle whose next page is always the same one."""
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
            return text
        (resource,) = {one["resourceType"] for one in _resources(document)} or {"Patient"}
        connection = self.source.connection
        base = connection.http.base_url if isinstance(connection, FhirConnection) else self.url
        link = {"relation": "next", "url": f"{base}/{resource}?page=again"}
        return json.dumps({**document, "link": [link]})

    def errors(self, question: HttpQuestion) -> Sequence[HttpReply]:
        """As `HttpStandIn.errors`: an OperationOutcome alone, and one among the matches."""
        del question
        issue = {"severity": "error", "code": "processing", "diagnostics": CANARY}
        outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
        entry = {"resource": outcome, "search": {"mode": "outcome"}}
        bundle = {"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": [entry]}
        return [HttpReply(200, JSON, json.dumps(body).encode()) for body in (outcome, bundle)]

    def bent(self, fault: Fault, service: RecordService, document: Any) -> Any:
        """As `HttpStandIn.bent`: the matches of a Bundle, or the bare resource."""
        ask = service.ask
        if not isinstance(ask, FhirAsk) or not isinstance(document, Mapping):
            return document
        resources = _resources(document)
        kinds = {resource.get("resourceType") for resource in resources}
        if kinds == {ask.search.resource}:
            return _bundle(bent_records(fault, resources, service.rules))
        if ask.then is not None and kinds == {ask.then.search.resource}:
            joined = {ask.then.member: resources}
            (changed,) = bent_records(fault, [joined], service.rules)[:1]
            return _bundle(changed.get(ask.then.member, resources))
        return document

    def written_as(self, value: str) -> frozenset[str]:
        """As `StandIn.written_as`: with FHIR's escapes."""
        try:
            return frozenset({escape(value)})
        except RequestMismatch:
            return frozenset()


def _resources(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    if document.get("resourceType") != "Bundle":
        return [dict(document)]
    return [dict(entry["resource"]) for entry in document.get("entry", [])]


def _bundle(resources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}
