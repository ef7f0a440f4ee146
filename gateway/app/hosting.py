"""The sources this gateway hosts: opened from their files, and described as services."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from adapters.contract import Adapter
from adapters.events import Events
from adapters.inbox import MemoryInbox
from adapters.kinds import PUSHED, STAGING, new_kind
from adapters.opening import open_source
from adapters.python_files import python_files
from adapters.receiving import Receiver, receiver_of
from adapters.room import Room
from adapters.secrets import EnvironmentSecrets
from adapters.source import RecordService, Source
from adapters.source_file import load_source
from adapters.upstream import upstream
from audit.store import Store
from gateway.app.staged_events import StagedEvents
from gateway.exchange.ports import HostedService
from gateway.settings import Settings
from gateway.trust.keys import load_case_key
from gateway.trust.meters import Meters
from schemas.errors import ConfigurationError
from schemas.identifiers import SubsystemId
from schemas.outcome import Unanswered

if TYPE_CHECKING:
    from gateway.doors.admin import PartHealth


@dataclass(frozen=True, slots=True)
class HostedSources:
    """Opened adapters by source id, the services they answer by service id, and who takes the calls of
    sources that push, by source id."""

    adapters: Mapping[str, Adapter]
    services: Mapping[str, HostedService]
    receivers: Mapping[str, Receiver]

    async def health(self) -> dict[str, PartHealth]:
        """Each source's state; of one that cannot be asked also why. A cause never holds a value. All are
        asked at once: whoever waits for this page waits for the slowest, not for all that are down."""
        found = await asyncio.gather(*(adapter.health() for adapter in self.adapters.values()))
        return dict(zip(self.adapters, map(_health, found), strict=True))


def _health(unanswered: Unanswered | None) -> PartHealth:
    # Imported here: a command that lists sources needs no web framework.
    from gateway.doors.admin import PartHealth

    if unanswered is None:
        return PartHealth(True, "available", {})
    return PartHealth(False, type(unanswered).__name__.lower(), {"cause": unanswered.cause})


def load_sources(settings: Settings) -> list[Source]:
    """Read every source file of the settings' folder.

    Raises:
        ConfigurationError: file, line and cure; or a source of a subsystem that is not hosted here.
    """
    hosted = {SubsystemId.parse(name) for member in settings.members for name in member.subsystems}
    secrets = EnvironmentSecrets(directory=settings.secrets)
    variables = {**settings.variables, **os.environ}
    with python_files(allowed=settings.allow_python_files):
        sources = [load_source(path, secrets, variables) for path in sorted(settings.sources.glob("*.yaml"))]
    for source in sources:
        if source.subsystem not in hosted:
            raise ConfigurationError(
                f"{source.path}: {source.subsystem} is not hosted here; list it in the settings"
            )
    return sources


async def open_sources(
    settings: Settings, stack: AsyncExitStack, meters: Meters, store: Store | None = None
) -> HostedSources:
    """Open every source; the stack closes them. A source that is down does not keep the gateway from
    starting: it is unavailable, and says so. Without a `store`, pushed events are held in memory."""
    adapters: dict[str, Adapter] = {}
    services: dict[str, HostedService] = {}
    receivers: dict[str, Receiver] = {}
    inbox = MemoryInbox()
    for source in load_sources(settings):
        kind = new_kind(source, room_of(source, settings), inbox, _events(source, settings, store))
        adapter = open_source(source, meters.source, kind)
        receiver = receiver_of(source, kind)
        if receiver is not None:
            receivers[source.id] = receiver
        source.misses.meter = partial(meters.unknown_code, source.id)
        await adapter.open()
        stack.push_async_callback(adapter.close)
        adapters[source.id] = adapter
        contact = source.owner.get("contact")
        for description in source.descriptions():
            if str(description.id) in services:
                raise ConfigurationError(f"{source.path}: the service {description.id} has two sources")
            name = description.id.service
            service = source.services[name]
            services[str(description.id)] = (
                HostedService(
                    description,
                    name,
                    adapter=adapter,
                    check_subject=service.subject_values,
                    contact=contact,
                )
                if isinstance(service, RecordService)
                else HostedService(description, name, upstream=upstream(source, name), contact=contact)
            )
    return HostedSources(adapters, services, receivers)


def _events(source: Source, settings: Settings, store: Store | None) -> Events | None:
    """Where a source's pushed events are kept, sealed with a key made of the case key."""
    if source.kind not in PUSHED or store is None:
        return None
    return StagedEvents(store, source.id, load_case_key(settings.case_key))


def room_of(source: Source, settings: Settings) -> Room | None:
    """Where a source's dropped files are staged, sealed with a key made of the case key; None for kinds
    that keep nothing.

    Raises:
        ConfigurationError: the settings name no folder, or the key cannot be read.
    """
    if source.kind not in STAGING:
        return None
    if settings.staging is None:
        raise ConfigurationError(
            f"{source.path}: its files are staged here; name a folder: `staging` in the settings"
        )
    return Room(settings.staging, Room(settings.staging, load_case_key(settings.case_key)).key_for("staging"))
