"""MOSIP IDA for the conformance kit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from adapters.conformance.bending import RENAMED, bent_at
from adapters.conformance.faults import CANARY, Fault
from adapters.conformance.stand_in import Asked, StandIn
from adapters.http.loopback import HttpQuestion
from adapters.http.stand_in import HttpStandIn, http_pointed_at
from adapters.kinds.mosip_ida.replay import as_told, opened, with_keys

if TYPE_CHECKING:
    from adapters.source import RecordService, Source

_BENT: Final = (Fault.REMOVED_FIELD, Fault.UNKNOWN_CODE)


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    return IdaStandIn(source, folder)


class IdaStandIn(HttpStandIn):
    """Opens what is sealed for IDA, and seals what it tells."""

    cannot: Mapping[Fault, str] = {
        **{fault: why for fault, why in HttpStandIn.cannot.items() if fault not in _BENT},
        Fault.SECOND_CANDIDATE: "a number is one person's",
    }

    def __init__(self, source: Source, folder: Path) -> None:
        super().__init__(source, folder)
        self._keys = with_keys(source, folder)

    def pointed_at(self, source: Source, url: str, ca_file: Path) -> Source:
        """As `HttpStandIn.pointed_at`."""
        http = http_pointed_at(self._keys.http, url, ca_file)
        return replace(source, connection=replace(self._keys, http=http))

    def filled(self, question: HttpQuestion, text: str) -> str:
        """As `HttpStandIn.filled`."""
        return as_told(question.body, text)

    def bent(self, fault: Fault, service: RecordService, document: Any) -> Any:
        """As `HttpStandIn.bent`: the attributes, or the status."""
        response = document.get("response") if isinstance(document, dict) else None
        if isinstance(response, dict) and "identity" in response:
            return bent_at(fault, document, ("response", "identity"), service.rules)
        return {RENAMED: CANARY} if fault is Fault.REMOVED_FIELD else document

    def understood(self, question: HttpQuestion) -> Asked:
        """As `HttpStandIn.understood`, what the person told in clear."""
        path = urlsplit(question.target).path
        body = opened(question.body) if question.method == "POST" else None
        return {"method": question.method, "path": path, "body": body}
