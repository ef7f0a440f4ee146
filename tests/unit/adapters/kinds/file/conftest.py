"""Sources over a folder, closed after the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.unit.adapters.kinds.file.dropping import Dropped

Opening = Callable[..., Awaitable[Dropped]]


@pytest.fixture
async def dropped(tmp_path: Path) -> AsyncIterator[Opening]:
    """Make a source from changes to the small one, drop files, open it."""
    made: list[Dropped] = []

    async def opening(*changes: tuple[str, str], **files: bytes | str) -> Dropped:
        source = Dropped(tmp_path, *changes)
        made.append(source)
        for name, content in files.items():
            source.drop(content, name)
        return await source.open()

    yield opening
    for source in made:
        await source.close()
