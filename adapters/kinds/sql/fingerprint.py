"""The fingerprints of a source's views, for `isthmus source fingerprint`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adapters.kinds.sql.form import SqlAsk
from adapters.kinds.sql.reader import Sql
from adapters.source import RecordService, Service, Source
from schemas.errors import ConfigurationError


async def fingerprint_of(source: Source) -> Mapping[str, str]:
    """By record service, the `fingerprint:` to write into its source file. Asks the database; what the
    file has now is not compared.

    Raises:
        ConfigurationError: a view is not what the file declares, or the database gave no answer.
    """
    services = {name: _without(service) for name, service in source.services.items()}
    kind = Sql(replace(source, services=services))
    try:
        await kind.open()
        unanswered = await kind.health()
        if unanswered is not None:
            raise ConfigurationError(f"source {source.id}: {unanswered.cause}")
        return kind.fingerprints()
    finally:
        await kind.close()


def _without(service: Service) -> Service:
    if isinstance(service, RecordService) and isinstance(service.ask, SqlAsk):
        return replace(service, ask=replace(service.ask, fingerprint=None))
    return service
