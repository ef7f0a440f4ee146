"""Sources of kind `ogc` for tests, made as a file makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from adapters.contract import Query
from adapters.kinds.ogc.reader import over
from adapters.opening import open_source
from adapters.secrets import EnvironmentSecrets
from adapters.source import Source
from adapters.source_file import load_source
from schemas.outcome import Outcome, Unanswered
from schemas.record import Subject

MAP = {
    "national_id": "owner_nid",
    "parcels": {
        "each": {
            "parcel_id": "parcel_no",
            "area_m2": {"from": "area_ha", "to": "decimal", "multiply": "10000", "round": 0},
        }
    },
}


def features_source(
    folder: Path, base_url: str, connection: dict[str, Any] | None = None, **service: Any
) -> Source:
    """A source with the one service `rights`, by the owner's number."""
    wanted: dict[str, Any] = {
        "title": "Rights", "canonical": "land_holding/1", "subject": {"national_id": {"pattern": "(?s).*"}},
        "collection": "rights", "where": {"owner_nid": "$national_id"}, "shape": "list", "map": MAP,
        "empty": "not_found", **service,
    }  # fmt: skip
    wanted = {name: value for name, value in wanted.items() if value is not None}
    document = {
        "id": "land", "title": "Land", "kind": "ogc", "owner": {"ministry": "Lands"},
        "subsystem": "LM/GOV/LND/cadastre", "limits": {"timeout_ms": 10000, "retries": 0},
        "connection": {"base_url": base_url, "auth": {"kind": "none"}, **(connection or {})},
        "services": {"rights": wanted},
    }  # fmt: skip
    path = folder / "land.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return load_source(path, EnvironmentSecrets({}), {})


async def ask(source: Source, subject: str, value: str, transport: Any = None) -> Outcome:
    """One question, through the whole adapter."""
    adapter = open_source(source, kind=over(source, transport))
    await adapter.open()
    try:
        service = source.record_service("rights")
        return await adapter.fetch(Query("rights", Subject(subject, value), service.fields))
    finally:
        await adapter.close()


async def health(source: Source, transport: Any = None) -> Unanswered | None:
    """Whether the source can be asked."""
    kind = over(source, transport)
    await kind.open()
    try:
        return await kind.health()
    finally:
        await kind.close()
