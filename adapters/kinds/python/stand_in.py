"""The system behind a Python adapter, for the conformance kit.

A class may bring its own: a class attribute `stand_in`, as `adapters.conformance.stand_in.NewStandIn`.
Else it is an HTTP server, and the class's `Config` must have a `base_url` that can be pointed at it;
a `ca_file`, where it has one, is given too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from adapters.conformance.bending import renamed
from adapters.conformance.faults import Fault
from adapters.conformance.stand_in import NewStandIn, StandIn
from adapters.http.stand_in import HttpStandIn
from adapters.kinds.python.form import PythonConnection
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from adapters.source import RecordService, Source


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    connection = source.connection
    own: NewStandIn | None = getattr(getattr(connection, "adapter", None), "stand_in", None)
    return own(source, folder) if own is not None else PythonHttpStandIn(source, folder)


class PythonHttpStandIn(HttpStandIn):
    """An HTTP server; the shape of its answers is the author's affair."""

    cannot: Mapping[Fault, str] = {
        **{fault: why for fault, why in HttpStandIn.cannot.items() if fault is not Fault.REMOVED_FIELD},
        Fault.SECOND_CANDIDATE: "only the author knows where the records stand",
        Fault.UNKNOWN_CODE: "only the author knows where the codes stand",
    }

    def pointed_at(self, source: Source, url: str, ca_file: Path) -> Source:
        """As `HttpStandIn.pointed_at`."""
        connection = source.connection
        if not isinstance(connection, PythonConnection) or not hasattr(connection.config, "base_url"):
            raise ConfigurationError(
                "the Config has no base_url to point at a stand-in; give the class a `stand_in`"
            )
        at = {"base_url": url + urlsplit(str(connection.config.base_url)).path}
        if hasattr(connection.config, "ca_file"):
            at["ca_file"] = str(ca_file)
        config = type(connection.config).model_validate({**connection.config.model_dump(), **at})
        return replace(source, connection=replace(connection, config=config))

    def bent(self, fault: Fault, service: RecordService, document: Any) -> Any:
        """As `HttpStandIn.bent`: every member of the answer has another name."""
        del fault, service
        return renamed(document)
