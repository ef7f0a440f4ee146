"""Recorded OGC answers (`adapters.http.replay`); GML where the file asks for it, logins left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.http.replay import replaying_network, without_login
from adapters.kinds import Kind
from adapters.kinds.ogc.form import OgcConnection
from adapters.kinds.ogc.reader import over
from adapters.source import Source


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`."""
    del folder
    if isinstance(source.connection, OgcConnection):
        offline = replace(source.connection, http=without_login(source.connection.http))
        source = replace(source, connection=offline)
    return source, over(source, replaying_network(case))
