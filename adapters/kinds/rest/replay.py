"""Recorded answers (`adapters.http.replay`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.http.form import HttpConnection
from adapters.http.replay import replaying_network, without_login
from adapters.kinds import Kind
from adapters.kinds.rest.reader import Rest
from adapters.source import Source


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`."""
    del folder
    if isinstance(source.connection, HttpConnection):
        source = replace(source, connection=without_login(source.connection))
    return source, Rest(source, replaying_network(case))
