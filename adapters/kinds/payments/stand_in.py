"""A payment platform, or a bank's drop folder, for the conformance kit."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.conformance.bending import bent_at, renamed
from adapters.conformance.faults import CANARY, Fault
from adapters.conformance.stand_in import StandIn
from adapters.http.stand_in import HttpStandIn, http_pointed_at
from adapters.kinds.file.form import FileConnection
from adapters.kinds.file.replay import write
from adapters.kinds.file.stand_in import FileStandIn
from adapters.kinds.payments.form import PaymentsConnection, PlatformAsk
from adapters.kinds.payments.reconciling import as_files
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from adapters.source import RecordService, Source

_BENT: Final = (Fault.REMOVED_FIELD, Fault.UNKNOWN_CODE, Fault.SECOND_CANDIDATE)
_CODE: Final = re.compile(r"(<TxSts>|<GrpSts>|<Sts>(?:<Cd>)?)[A-Z]{4}(?=<)")
_ONE_PAGE: Final = "a question about one payment takes one page"


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    if isinstance(source.connection, PaymentsConnection) and source.connection.files is not None:
        return BankStandIn(source, folder)
    return PlatformStandIn(source, folder)


class PlatformStandIn(HttpStandIn):
    """Answers what was recorded."""

    def __init__(self, source: Source, folder: Path) -> None:
        super().__init__(source, folder)
        self.cannot = {fault: why for fault, why in self.cannot.items() if fault not in _BENT}
        self.cannot |= dict.fromkeys((Fault.REPEATED_CURSOR, Fault.CHANGED_TOTAL), _ONE_PAGE)

    def pointed_at(self, source: Source, url: str, ca_file: Path) -> Source:
        """As `HttpStandIn.pointed_at`."""
        connection = source.connection
        if not isinstance(connection, PaymentsConnection):
            raise ConfigurationError(f"source {source.id} has no payment platform")
        http = http_pointed_at(connection.http, url, ca_file)
        return replace(source, connection=replace(connection, http=http))

    def bent(self, fault: Fault, service: RecordService, document: Any) -> Any:
        """As `HttpStandIn.bent`; a second candidate is counted too."""
        ask = service.ask
        place = _page(self._source, ask) if isinstance(ask, PlatformAsk) else ()
        bent = bent_at(fault, document, place, service.rules)
        if fault is Fault.SECOND_CANDIDATE and place:
            bent["totalElements"] = len(bent["content"])
        return bent


class BankStandIn(FileStandIn):
    """A folder of ISO 20022 files."""

    def __init__(self, source: Source, folder: Path) -> None:
        super().__init__(as_files(source), folder)
        self._outer = source
        self.cannot[Fault.SECOND_CANDIDATE] = "one file says one thing of a payment; see its case `ambiguous`"

    @property
    def source(self) -> Source:
        """As `StandIn.source`."""
        inner = self._source.connection
        if not isinstance(inner, FileConnection):
            raise ConfigurationError(f"source {self._source.id} has no files")
        return replace(self._outer, connection=PaymentsConnection(files=inner))

    def _drop_the_others(self) -> None:
        """A case records all files it needs."""

    def _bend(self, path: Path, fault: Fault) -> None:
        text = path.read_text("utf-8")
        if fault is Fault.UNKNOWN_CODE:
            write(path, _CODE.sub(rf"\g<1>{CANARY}", text).encode())
        elif fault is Fault.REMOVED_FIELD:
            write(path, str(renamed(text)).encode())


def _page(source: Source, ask: PlatformAsk) -> tuple[str, ...]:
    """Where the records of a list stand; nothing for a single status."""
    connection = source.connection
    profile = connection.profile if isinstance(connection, PaymentsConnection) else None
    return () if profile is None else profile.calls[ask.of].records
