"""Registering a source: a file that was written elsewhere becomes one of a gateway's own.

A source that cannot be asked is not registered: whoever registers it is the one who can still put it
right. What stands beside the file and is named in it (OpenAPI description, authorities, code lists)
comes along.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from adapters.crosswalk import SHIPPED, CodeLists, named_lists
from adapters.kinds.file.form import FileConnection
from adapters.kinds.sql.form import SqlConnection
from adapters.opening import open_source
from adapters.python_files import python_files
from adapters.secrets import EnvironmentSecrets
from adapters.source import Source
from adapters.source_file import load_source
from gateway.app.hosting import load_sources
from gateway.settings import Settings
from schemas.errors import ConfigurationError, SourceMisbehaved, SourceUnavailable
from schemas.identifiers import MemberId, SubsystemId
from schemas.outcome import Unanswered, Unavailable


@dataclass(frozen=True, slots=True)
class Registered:
    """A source that now belongs to the gateway: its id, its member, its file, its services."""

    id: str
    member: MemberId
    path: Path
    services: tuple[str, ...]


def load_for(path: Path, settings: Settings | None) -> Source:
    """Load a source file with a gateway's secrets and variables, or the environment's own.

    Raises:
        ConfigurationError: the file is wrong, or a secret is missing.
    """
    if settings is None:
        return load_source(path)
    secrets = EnvironmentSecrets(directory=settings.secrets)
    with python_files(allowed=settings.allow_python_files):
        return load_source(path, secrets, {**settings.variables, **os.environ})


def register_source(path: Path, settings: Settings) -> Registered:
    """Check a source, ask whether it can be reached, and copy it into the gateway's folder.

    Raises:
        ConfigurationError: the file is wrong, its subsystem is not hosted, or its name is taken.
        SourceUnavailable, SourceMisbehaved: it could not be asked; nothing was copied.
    """
    source = load_for(path, settings)
    _check_place(source, settings)
    unanswered = asyncio.run(_health(source))
    if isinstance(unanswered, Unavailable):
        raise SourceUnavailable(f"{source.id} is not available: {unanswered.cause}")
    if unanswered is not None:
        raise SourceMisbehaved(f"{source.id} cannot be used: {unanswered.cause}")
    target = _copy(path, source, settings)
    services = tuple(str(source.service_id(name)) for name in source.services)
    return Registered(source.id, source.subsystem.member, target, services)


def _check_place(source: Source, settings: Settings) -> None:
    hosted = {SubsystemId.parse(name) for member in settings.members for name in member.subsystems}
    if source.subsystem not in hosted:
        raise ConfigurationError(f"{source.subsystem} is not hosted here; list it in the settings")
    offered = {str(source.service_id(name)) for name in source.services}
    for other in load_sources(settings):
        taken = offered & {str(other.service_id(name)) for name in other.services}
        if other.id == source.id or taken:
            raise ConfigurationError(
                f"{other.path} is already the source {other.id}; remove it first, or choose other names"
            )


async def _health(source: Source) -> Unanswered | None:
    adapter = open_source(source)
    try:
        await adapter.open()
        return await adapter.health()
    finally:
        await adapter.close()


def _copy(path: Path, source: Source, settings: Settings) -> Path:
    target = settings.sources / f"{source.id}.yaml"
    copies = {
        target: path,
        **{settings.sources / near.relative_to(path.parent): near for near in _named_files(path)},
    }
    for new, old in copies.items():
        if new.exists() and new.read_bytes() != old.read_bytes():
            raise ConfigurationError(f"{new} is there already; remove it first")
    made = [new for new in copies if not new.exists()]
    for new in made:
        new.parent.mkdir(exist_ok=True)
        shutil.copy(copies[new], new)
    moved = load_for(target, settings)
    placed = (SqlConnection, FileConnection)
    if isinstance(source.connection, placed) and moved.connection != source.connection:
        for new in made:
            new.unlink()
        raise ConfigurationError("the connection has a path relative to the file; write an absolute one")
    return target


def _named_files(path: Path) -> Iterator[Path]:
    """The files that a source file names, which are looked for beside it."""
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    names = [service.get("openapi") for service in document["services"].values()]
    beside = (document["connection"].get(word) for word in ("ca_file", "file"))
    for name in (*(name.removeprefix("./") for name in beside if isinstance(name, str)), *names):
        if name is not None and not Path(name).is_absolute():
            if Path(name).name != name:
                raise ConfigurationError(
                    f"{name} must stand beside the source file, or have an absolute path"
                )
            yield path.parent / name
    lists = CodeLists(path.parent)
    for crosswalk in sorted({lists.find(reference).path for reference in named_lists(document["services"])}):
        if crosswalk.parent != SHIPPED:
            yield crosswalk
