"""Recorded FHIR answers (`adapters.http.replay`); logins are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from adapters.http.replay import replaying_network, without_login
from adapters.kinds import Kind
from adapters.kinds.fhir.form import FhirConnection
from adapters.kinds.fhir.reader import Fhir
from adapters.source import Source

PROTOCOL_WORDS: Final = frozenset(
    {
        "Bundle",
        "searchset",
        "match",
        "include",
        "outcome",
        "self",
        "next",
        "previous",
        "first",
        "last",
        "_search",
    }
    | {"OperationOutcome", "fatal", "error", "warning", "information", "not-found"}
)
"""Values of a Bundle that are never a person's; resources' names stand in the source file."""


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`."""
    del folder
    if isinstance(source.connection, FhirConnection):
        offline = replace(source.connection, http=without_login(source.connection.http))
        source = replace(source, connection=offline)
    return source, Fhir(source, replaying_network(case))
