"""Recorded FHIR answers (`adapters.http.replay`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.http.replay import replaying_network
from adapters.kinds import Kind
from adapters.kinds.fhir.reader import Fhir
from adapters.source import Source


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`."""
    del folder
    return source, Fhir(source, replaying_network(case))
