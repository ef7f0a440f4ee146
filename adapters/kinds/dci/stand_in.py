"""A DCI registry for the conformance kit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.conformance.bending import bent_at
from adapters.conformance.faults import CANARY, Fault
from adapters.conformance.stand_in import StandIn
from adapters.http.loopback import HttpQuestion, HttpReply
from adapters.http.stand_in import JSON, HttpStandIn, answers_of, http_pointed_at
from adapters.kinds.dci.form import DciAsk, DciConnection, Sealing
from adapters.kinds.dci.replay import repeat_identifiers
from adapters.source import RecordService

if TYPE_CHECKING:
    from adapters.source import Source


_BENT: Final = (Fault.REMOVED_FIELD, Fault.SECOND_CANDIDATE, Fault.UNKNOWN_CODE)
_PAGED: Final = (Fault.REPEATED_CURSOR, Fault.CHANGED_TOTAL)
_ONE_PAGE: Final = "a question about one person takes one page"
_BEHIND: Final = 1000


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    return DciStandIn(source, folder)


class DciStandIn(HttpStandIn):
    """Answers searches with the identifiers of the question; recorded answers are neither signed nor
    encrypted nor called back (see `replay`)."""

    cannot: Mapping[Fault, str] = {
        **{fault: why for fault, why in HttpStandIn.cannot.items() if fault not in _BENT},
        **dict.fromkeys(_PAGED, _ONE_PAGE),
    }

    def __init__(self, source: Source, folder: Path) -> None:
        super().__init__(source, folder)
        if any(self._is_paged(name) for name in source.services):
            self.cannot = {fault: why for fault, why in self.cannot.items() if fault not in _PAGED}

    def pages(self, case: Mapping[str, Any]) -> bool:
        """As `StandIn.pages`: lists that are searched for."""
        return bool(answers_of(case)) and self._is_paged(case["service"])

    def _is_paged(self, name: str) -> bool:
        service = self._source.services[name]
        if not isinstance(service, RecordService) or not isinstance(service.ask, DciAsk):
            return False
        return service.shape == "list" and service.ask.call == "search"

    def pointed_at(self, source: Source, url: str, ca_file: Path) -> Source:
        """As `HttpStandIn.pointed_at`."""
        connection = source.connection
        if not isinstance(connection, DciConnection):
            return source
        http = http_pointed_at(connection.http, url, ca_file)
        plain = replace(connection, http=http, sealing=Sealing(), mode="sync")
        return replace(source, connection=plain)

    def filled(self, question: HttpQuestion, text: str) -> str:
        """As `HttpStandIn.filled`."""
        text = repeat_identifiers(question.body, text)
        return self._with_more_pages(text) if self._fault in _PAGED else text

    def _with_more_pages(self, text: str) -> str:
        """A search answer that says there is more behind it; how much, as the fault wants it."""
        document = json.loads(text)
        for item in document.get("message", {}).get("search_response", ()):
            total = _BEHIND + (len(self.asked) if self._fault is Fault.CHANGED_TOTAL else 0)
            item["pagination"] = {**item.get("pagination", {}), "total_count": total}
        return json.dumps(document)

    def errors(self, question: HttpQuestion) -> Sequence[HttpReply]:
        """As `HttpStandIn.errors`: a NACK, a rejected message, an error of another implementation."""
        del question
        bodies = [
            {"message": {"ack_status": "ERR", "error": {"code": CANARY, "message": CANARY}}},
            {"header": {"status": "rjct", "status_reason_code": CANARY}, "message": {}},
            {"error": {"code": CANARY, "message": CANARY}},
        ]
        return [HttpReply(200, JSON, json.dumps(body).encode()) for body in bodies]

    def bent(self, fault: Fault, service: RecordService, document: Any) -> Any:
        """As `HttpStandIn.bent`; a second candidate is in the count too."""
        ask = service.ask
        if not isinstance(ask, DciAsk):
            return document
        place = ("message", "search_response", "0", "data", "reg_records", *ask.records)
        return bent_at(fault, document, place, service.rules)
