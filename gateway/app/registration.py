"""Registering a source: a file that was written elsewhere becomes one of a gateway's own.

A source that fails its tests or cannot be asked is not registered: whoever registers it is the one who
can still put it right. What stands beside the file and is named in it comes along
(`gateway.app.travelling`), and the columns that a database has now are written into it.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adapters.conformance.running import examine_file
from adapters.conformance.verdict import TIERS, Report, Tier
from adapters.fixtures import FixtureResult, run_fixtures
from adapters.kinds.file.form import FileConnection
from adapters.kinds.payments.form import PaymentsConnection
from adapters.kinds.sql.form import SqlConnection
from adapters.opening import open_source
from adapters.python_files import python_files
from adapters.secrets import EnvironmentSecrets, references
from adapters.source import Source
from adapters.source_file import load_source
from adapters.yaml_lines import Document, load
from gateway.app.hosting import load_sources
from gateway.app.tested import remember
from gateway.app.travelling import FIXTURES, luggage, unpack, with_fingerprints
from gateway.settings import Settings
from schemas.errors import ConfigurationError, SourceMisbehaved, SourceUnavailable
from schemas.identifiers import MemberId, SubsystemId
from schemas.outcome import Unanswered, Unavailable


@dataclass(frozen=True, slots=True)
class Registered:
    """A source that now belongs to the gateway: its id, its member, its file, its services, the tier of
    its tests, whether it was registered without being asked, and the files that came along."""

    id: str
    member: MemberId
    path: Path
    services: tuple[str, ...]
    tier: Tier = "gold"
    offline: bool = False
    beside: tuple[str, ...] = ()


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


def register_source(
    path: Path, settings: Settings, *, tier: Tier = "gold", allow_offline: bool = False
) -> Registered:
    """Test a source, ask whether it can be reached, and copy it into the gateway's folder.

    `tier` is what `isthmus source test` must find at least; with `allow_offline`, a system that gives no
    answer is registered all the same.

    Raises:
        ConfigurationError: the file is wrong, a secret is missing, it does not reach the tier, its
            subsystem is not hosted, or its name is taken; nothing was copied.
        SourceUnavailable, SourceMisbehaved: it could not be asked; nothing was copied.
    """
    document = load(path)
    _check_secrets(document, settings)
    source = load_for(path, settings)
    _check_place(source, settings)
    carried = dict(luggage(document, source.id, settings.sources))
    reached = _check_tier(path, settings, tier)
    unanswered = asyncio.run(_health(source))
    offline = allow_offline and isinstance(unanswered, Unavailable)
    if isinstance(unanswered, Unavailable) and not offline:
        raise SourceUnavailable(
            f"{source.id} is not available: {unanswered.cause}; if it is down by plan, write --allow-offline"
        )
    if unanswered is not None and not offline:
        raise SourceMisbehaved(f"{source.id} cannot be used: {unanswered.cause}")
    fingerprints = {} if offline else _fingerprints(source)
    target = settings.sources / f"{source.id}.yaml"
    carried[target] = with_fingerprints(carried[target].decode(), document, fingerprints).encode()
    _settle(source, settings, carried, target)
    remember(target, reached)
    services = tuple(str(source.service_id(name)) for name in source.services)
    beside = tuple(str(file.relative_to(settings.sources)) for file in carried if file != target)
    return Registered(source.id, source.subsystem.member, target, services, reached, offline, beside)


def _fingerprints(source: Source) -> Mapping[str, str]:
    if source.kind != "sql":
        return {}
    from adapters.kinds.sql.fingerprint import fingerprint_of  # other kinds need no driver

    return asyncio.run(fingerprint_of(source))


def _check_secrets(document: Document, settings: Settings) -> None:
    """Everything that is missing, at once."""
    secrets = EnvironmentSecrets(directory=settings.secrets)
    variables = {**settings.variables, **os.environ}
    named = sorted(set(references(json.dumps(document.value.get("connection", {})))))
    missing = [
        f"secret {name}" if scheme == "secret" else f"variable {name}"
        for scheme, name in named
        if not (secrets.get(name) if scheme == "secret" else variables.get(name))
    ]
    if missing:
        where = settings.secrets or "the folder `secrets` of the settings"
        raise ConfigurationError(
            f"missing: {', '.join(missing)}; set ISTHMUS_SECRET_<NAME>, or put a file <NAME> into {where}; "
            "variables stand in the settings' `variables`"
        )


def _check_tier(path: Path, settings: Settings, wanted: Tier) -> Tier:
    """The tier that the fixtures and checks show."""
    with python_files(allowed=settings.allow_python_files):
        report, cases = asyncio.run(_examine(path))
    broken = [f"fixture `{case.case}`" for case in cases if not case.passed]
    broken += [f"check {one.check.number}, {one.check.name}: {one.why}" for one in report.failed]
    reached = report.tier
    low = reached is None or TIERS.index(reached) < TIERS.index(wanted)
    if low or any(not case.passed for case in cases):
        raise ConfigurationError(
            f"`isthmus source test` finds {reached or 'no tier'}, not {wanted}: {'; '.join(broken)}; "
            "correct it, or accept less with --allow-tier"
        )
    return reached or wanted


async def _examine(path: Path) -> tuple[Report, list[FixtureResult]]:
    if not (path.parent / FIXTURES / path.name).is_file():
        raise ConfigurationError(
            f"there are no fixtures for {path.name}; record some: "
            f"isthmus source capture {path} SERVICE TYPE=VALUE"
        )
    return await examine_file(path), await run_fixtures(path)


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


def _settle(source: Source, settings: Settings, carried: dict[Path, bytes], target: Path) -> None:
    """Write the files; take them back when the source is not the same at its new place."""
    made = unpack(carried)
    try:
        moved = load_for(target, settings)
    except ConfigurationError:
        _take_back(made)
        raise
    if _placed(source) != _placed(moved):
        _take_back(made)
        raise ConfigurationError("the connection has a path relative to the file; write an absolute one")


def _placed(source: Source) -> object:
    """The part of a connection in which a path may be relative to the file; None where there is none."""
    connection = source.connection
    if isinstance(connection, PaymentsConnection):
        return connection.files
    return connection if isinstance(connection, (SqlConnection, FileConnection)) else None


def _take_back(made: list[Path]) -> None:
    for path in made:
        path.unlink(missing_ok=True)
