"""All rows of a service's dropped file, in batches, for `isthmus source quality`.

The file is imported as by a gateway, into a room that is gone afterwards: a file that a gateway would
not use is not used here either.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Final

from adapters.kinds.file.form import FileAsk
from adapters.kinds.file.reader import File
from adapters.quality.scanning import Batch
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError, SourceUnavailable

_ROWS: Final = 500


def compared(service: RecordService) -> Mapping[str, str]:
    """As `Scanner.compared`."""
    if not isinstance(service.ask, FileAsk):
        raise ConfigurationError(f"service {service.name} does not read a file")
    return service.ask.where


async def scan(source: Source, service: RecordService) -> AsyncGenerator[Batch]:
    """As `Scanner.scan`; imports of other files of the source are awaited too."""
    kind = File(source)
    await kind.open()
    try:
        unanswered = await kind.health()
        rows = kind.rows(service, _ROWS)
        read = False
        while (found := await asyncio.to_thread(next, rows, None)) is not None:
            about, records = found
            read = True
            yield Batch(records, about.as_of)
        if unanswered is not None and not read:
            raise SourceUnavailable(f"there is no file to read: {unanswered.cause}")
    finally:
        await kind.close()
