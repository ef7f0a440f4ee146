"""A publisher of warnings for the conformance kit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.conformance.bending import renamed, strict_code_places
from adapters.conformance.faults import CANARY, Fault
from adapters.conformance.stand_in import StandIn
from adapters.http.loopback import HttpQuestion, HttpReply
from adapters.http.stand_in import HttpStandIn, http_pointed_at
from adapters.kinds.feed.form import FeedConnection

if TYPE_CHECKING:
    from adapters.source import RecordService, Source

_XML: Final = {"Content-Type": "application/xml"}
_GDACS: Final = {"event": "eventtype", "severity": "alertlevel", "status": "alertlevel"}
"""What GDACS calls the members that CAP would have."""
_BENT: Final = (Fault.REMOVED_FIELD, Fault.UNKNOWN_CODE)


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    return FeedStandIn(source, folder)


class FeedStandIn(HttpStandIn):
    """Gives the recorded index and documents."""

    cannot: Mapping[Fault, str] = {
        **{fault: why for fault, why in HttpStandIn.cannot.items() if fault not in _BENT},
        Fault.SECOND_CANDIDATE: "an area has any number of warnings",
        Fault.REPEATED_CURSOR: "an index is read whole; it has no pages",
        Fault.CHANGED_TOTAL: "an index is read whole; it has no pages",
    }

    def pointed_at(self, source: Source, url: str, ca_file: Path) -> Source:
        """As `HttpStandIn.pointed_at`."""
        connection = source.connection
        if not isinstance(connection, FeedConnection):
            return source
        http = http_pointed_at(connection.http, url, ca_file)
        return replace(source, connection=replace(connection, http=http))

    def errors(self, question: HttpQuestion) -> Sequence[HttpReply]:
        """As `HttpStandIn.errors`: other XML than a feed."""
        del question
        return [
            HttpReply(200, _XML, f"<error><message>{CANARY}</message></error>".encode()),
            HttpReply(200, _XML, f"<feed><entry>{CANARY}</entry></feed>".encode()),
        ]

    def bent(self, fault: Fault, service: RecordService, document: Any) -> Any:
        """As `HttpStandIn.bent`: every element renamed, or a code that nobody knows."""
        if not isinstance(document, str):
            return document
        if fault is Fault.REMOVED_FIELD:
            return renamed(document)
        for place in strict_code_places(service.rules):
            name = re.escape(_GDACS.get(place[-1], place[-1]) if "gdacs:" in document else place[-1])
            document = re.sub(rf"(<(?:\w+:)?{name}>)[^<]*", rf"\g<1>{CANARY}", document)
        return document
