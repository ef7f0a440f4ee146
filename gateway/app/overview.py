"""A gateway's sources at a glance: kind, last test, what is staged of dropped files, and health if asked.

Without `probe` no system is asked. Nothing here tells of a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.kinds import STAGING
from adapters.opening import open_source
from adapters.source import Source
from gateway.app.hosting import load_sources, room_of
from gateway.app.tested import Tested, last_test
from gateway.settings import Settings
from schemas.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A kind of dropped file: which one is in use, of which day (epoch seconds), how many rows it has,
    and why others are not used."""

    word: str
    name: str | None
    as_of: int | None
    rows: int
    bad: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Overview:
    """One source. `health` is None when nobody asked, "ok", or why it cannot be asked; `trouble` says why
    what is staged cannot be told."""

    source: Source
    tested: Tested | None
    staged: tuple[StagedFile, ...] = ()
    trouble: str = ""
    health: str | None = field(default=None)


def overview(settings: Settings, *, probe: bool = False) -> list[Overview]:
    """All sources of a gateway, in the order of their files.

    Raises:
        ConfigurationError: a source file is wrong.
    """
    sources = load_sources(settings)
    healths = asyncio.run(_healths(sources)) if probe else [None] * len(sources)
    return [_one(source, settings, health) for source, health in zip(sources, healths, strict=True)]


def _one(source: Source, settings: Settings, health: str | None) -> Overview:
    tested = None if source.path is None else last_test(source.path)
    try:
        return Overview(source, tested, _staged(source, settings), health=health)
    except ConfigurationError as error:
        return Overview(source, tested, trouble=error.detail, health=health)


def _staged(source: Source, settings: Settings) -> tuple[StagedFile, ...]:
    room = room_of(source, settings)
    if room is None:
        return ()
    from adapters.kinds.file.reader import File  # other kinds stage nothing

    return tuple(
        StagedFile(
            word,
            None if about is None else about.name,
            None if about is None else about.as_of,
            0 if about is None else about.rows,
            {name: str(why) for name, why in bad.items()},
        )
        for word, (about, bad) in File(source).staged(room).items()
    )


async def _healths(sources: list[Source]) -> list[str | None]:
    return list(await asyncio.gather(*map(_health, sources)))


async def _health(source: Source) -> str | None:
    if source.kind in STAGING:
        return None  # what is staged tells it; files are the gateway's to read
    try:
        adapter = open_source(source)
        await adapter.open()
    except ConfigurationError as error:
        return error.detail
    try:
        unanswered = await adapter.health()
    finally:
        await adapter.close()
    return "ok" if unanswered is None else f"{type(unanswered).__name__.lower()}: {unanswered.cause}"
