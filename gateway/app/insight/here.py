"""What this gateway decides with, read from its settings without opening a source.

The services that it answers, the agreements in force (signed ones, and files where they are allowed), and
the policy that it would load, with what the federation says of the country.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.agreements.in_force import InForce
from gateway.app.agreements import files_of
from gateway.app.federation_copy import federation_of, snapshot_of
from gateway.app.hosting import load_sources as load_hosted
from gateway.app.insight.question import Asking
from gateway.app.log_access import opened_store
from gateway.app.policy import country_of, places_of
from gateway.exchange.ports import HostedService
from gateway.settings import Settings
from gateway.trust.federation.snapshot import FederationSnapshot
from policies.keeper import PolicyKeeper, PolicyPlaces
from policies.sources import PolicySources
from schemas.agreement import Agreement


@dataclass(frozen=True, slots=True)
class Here:
    """One gateway's services by identifier, its agreements, its policy, and the federation."""

    services: Mapping[str, HostedService]
    agreements: tuple[Agreement, ...]
    asking: Asking
    policy: PolicySources
    federation: FederationSnapshot


async def look(settings: Settings) -> Here:
    """Read it.

    Raises:
        ConfigurationError, FederationError, AuditError: a file is wrong; the federation or the database
            cannot be read.
    """
    services = {
        str(description.id): HostedService(description, description.id.service)
        for source in load_hosted(settings)
        for description in source.descriptions()
    }
    with federation_of(settings) as refresher:
        federation = snapshot_of(refresher)
    agreements = InForce(lambda: federation.cas, files_of(settings))
    async with opened_store(settings) as store:
        await agreements.follow(store, int(time.time()))
    policy = PolicyKeeper(places_of(settings), country_of(federation)).sources
    return Here(services, tuple(agreements), Asking(services, agreements), policy, federation)


def changed_policy(
    settings: Settings,
    federation: FederationSnapshot,
    rules: Path | None = None,
    national: Path | None = None,
    provider: Path | None = None,
) -> PolicySources:
    """The gateway's policy with other rules, national policy or provider's rules; a national policy given
    here counts in place of the federation's. Raises ConfigurationError where a file is wrong."""
    own, country = places_of(settings), country_of(federation)
    if national is not None:
        country = replace(country, national=None)
    places = PolicyPlaces(rules or own.rules, national or own.national, provider or own.provider)
    return PolicyKeeper(places, country).sources
