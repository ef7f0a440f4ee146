"""Ask one question of a source file, as a gateway would: through the whole adapter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from adapters.contract import Query
from adapters.opening import open_source
from adapters.source_file import load_source
from schemas.outcome import Outcome
from schemas.record import Subject


class _Secrets:
    """Secrets from a table."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def get(self, name: str) -> str | None:
        """The secret, if there is one."""
        return self._given.get(name)


async def ask(
    path: Path,
    service: str,
    national_id: str,
    variables: Mapping[str, str],
    secrets: Mapping[str, str] | None = None,
) -> Outcome:
    """Open a source, ask one question, close it."""
    source = load_source(path, _Secrets(secrets or {}), variables)
    adapter = open_source(source)
    await adapter.open()
    try:
        fields = source.record_service(service).fields
        return await adapter.fetch(Query(service, Subject("national_id", national_id), fields))
    finally:
        await adapter.close()
