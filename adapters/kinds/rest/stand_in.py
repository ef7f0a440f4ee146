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
from adapters.source import RecordService
from adapters.template import ESCAPERS

if TYPE_CHECKING:
    from adapters.source import Source


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

    def __init__(self, source: Source, folder: Path) -> None:
        super().__init__(source, folder)
        asks = [one.ask for one in source.services.values() if isinstance(one, RecordService)]
        if any(isinstance(ask, RestAsk) and ask.page.by != "none" for ask in asks):
            self.cannot = {
                **{fault: why for fault, why in self.cannot.items() if fault is not Fault.REPEATED_CURSOR},
                Fault.CHANGED_TOTAL: "a page that is missing shows as a page that comes again",
            }

    def written_as(self, value: str) -> frozenset[str]:
        """As `StandIn.written_as`: as one of the escapers writes it."""
        return frozenset(escape(value) for escape in ESCAPERS.values())

    def bent(self, fault: Fault, service: RecordService, document: Any) -> Any:
        """As `HttpStandIn.bent`."""
        ask = service.ask
        return bent_at(fault, document, ask.records, service.rules) if isinstance(ask, RestAsk) else document
