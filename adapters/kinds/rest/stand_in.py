"""A REST service for the conformance kit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.conformance.bending import bent_at
from adapters.conformance.faults import Fault
from adapters.conformance.stand_in import StandIn
from adapters.http.stand_in import HttpStandIn
from adapters.kinds.rest.form import RestAsk

if TYPE_CHECKING:
    from adapters.source import RecordService, Source


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    return RestStandIn(source, folder)


class RestStandIn(HttpStandIn):
    """Answers JSON; what the file calls records can be bent."""

    cannot: Mapping[Fault, str] = {
        fault: why
        for fault, why in HttpStandIn.cannot.items()
        if fault not in (Fault.REMOVED_FIELD, Fault.SECOND_CANDIDATE, Fault.UNKNOWN_CODE)
    }

    def bent(self, fault: Fault, service: RecordService, document: Any) -> Any:
        """As `HttpStandIn.bent`."""
        ask = service.ask
        return bent_at(fault, document, ask.records, service.rules) if isinstance(ask, RestAsk) else document
