"""Recorded platforms (`adapters.http.replay`) and recorded files (`adapters.kinds.file.replay`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.http.replay import replaying_network, without_login
from adapters.kinds import Kind
from adapters.kinds.file import replay as file
from adapters.kinds.file.form import FileConnection
from adapters.kinds.payments.form import PaymentsConnection
from adapters.kinds.payments.reader import Payments
from adapters.kinds.payments.reconciling import Staged, as_files
from adapters.source import Source
from schemas.errors import ConfigurationError


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`."""
    connection = source.connection
    if not isinstance(connection, PaymentsConnection):
        raise ConfigurationError(f"source {source.id} has no payment platform")
    if connection.http is not None:
        source = replace(source, connection=replace(connection, http=without_login(connection.http)))
        return source, Payments(source, replaying_network(case))
    dropping = folder / "drop"
    dropping.mkdir()
    pointed = pointed_at(source, dropping)
    file.drop(as_files(pointed), case, dropping)
    return pointed, Staged(pointed)


def pointed_at(source: Source, folder: Path) -> Source:
    """The source over another folder, where every file counts as whole and as new."""
    inner = file.pointed_at(as_files(source), folder).connection
    if not isinstance(inner, FileConnection):
        raise ConfigurationError(f"source {source.id} has no files")
    return replace(source, connection=PaymentsConnection(files=inner))
