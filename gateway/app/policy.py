"""A node's policy: the engine that is asked, and the keeper that follows files and federation.

The embedded engine is given each new policy; an OPA server fetches it as a bundle from the admin port.
Either way a policy comes into force only after its trial, and the cache forgets at that moment.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gateway.doors.admin import PartHealth
from gateway.settings import Settings
from gateway.trust.federation.reader import FederationReader
from gateway.trust.federation.snapshot import FederationSnapshot
from gateway.trust.keys import load_signing_key
from policies.cache import CachingEngine
from policies.engine import PolicyEngine
from policies.keeper import Before, Country, PolicyKeeper, PolicyPlaces
from policies.national import ListedPurpose
from policies.opa_bundle import Bundle, build_bundle
from policies.sources import POLICY_FOLDER, PolicySources
from schemas.errors import ExchangeError

if TYPE_CHECKING:
    from policies.opa_engine import OpaEngine

_logger = logging.getLogger(__name__)


class NodePolicy:
    """The policy of one node. `engine` is what exchanges ask; `opa` the server behind it, if any."""

    def __init__(
        self,
        settings: Settings,
        federation: FederationReader,
        keeper: PolicyKeeper,
        engine: PolicyEngine,
        opa: OpaEngine | None,
    ) -> None:
        self.engine = engine
        self._name = settings.policy.engine
        self._key = load_signing_key(settings.policy.bundle_key) if settings.policy.bundle_key else None
        self._federation = federation
        self._keeper = keeper
        self._opa = opa
        self._opa_version: str | None = None
        self._packed: Bundle | None = None

    @property
    def sources(self) -> PolicySources:
        """The policy in force, as this gateway read it."""
        return self._keeper.sources

    async def keep(self, archive: Before) -> None:
        """Keep the policy in force, and each later one before it comes into force.

        Raises:
            AuditUnavailable: it could not be kept.
        """
        await archive(self.sources)
        self._keeper.before(archive)

    async def look(self) -> None:
        """Take up what changed in files, federation or OPA. What is bad changes nothing, and is said once."""
        failed_before = self._keeper.failure
        changed = await self._keeper.look(_country(self._federation))
        if changed:
            _logger.info("policy %s is in force", self.sources.version)
        elif self._keeper.failure and self._keeper.failure != failed_before:
            _logger.error("the policy stays as it was: %s", self._keeper.failure)
        if self._opa is not None:
            await self._follow(self._opa)

    async def health(self) -> PartHealth:
        """Ready while decisions can be made; `failure` is why the newest policy is not in force."""
        facts: dict[str, object] = {"version": self.sources.version, "failure": self._keeper.failure}
        if self._opa is None:
            return PartHealth(True, self._name, facts)
        version = await self._opa.version()
        facts |= {"opa_version": version, "in_step": version == self.sources.version}
        return PartHealth(version is not None, self._name if version else "opa does not answer", facts)

    def bundle(self) -> Bundle:
        """The policy in force as an OPA bundle, packed once."""
        if self._packed is None or self._packed.revision != self.sources.version:
            self._packed = build_bundle(self.sources, self._key)
        return self._packed

    async def _follow(self, opa: OpaEngine) -> None:
        """Decisions of OPA's former policy are void as soon as it has another."""
        version = await opa.version()
        if version is not None and version != self._opa_version:
            self._opa_version = version
            if isinstance(self.engine, CachingEngine):
                self.engine.forget()


async def open_policy(settings: Settings, federation: FederationReader) -> NodePolicy:
    """Read the first policy, try it where it is not the shipped one, and open its engine.

    Raises:
        ConfigurationError: it is wrong; there is none to fall back to yet.
    """
    chosen = settings.policy
    keeper = PolicyKeeper(places_of(settings), _country(federation))
    if chosen.rules is not None:
        await keeper.check()
    opa: OpaEngine | None = None
    engine: PolicyEngine
    if chosen.engine == "opa":
        engine = opa = _opa(settings)
    else:
        from policies.regorus_engine import RegorusEngine

        engine = embedded = RegorusEngine(keeper.sources)
        keeper.use(embedded.replace)
    if chosen.cached_decisions:
        engine = cache = CachingEngine(engine, max_entries=chosen.cached_decisions)
        keeper.use(lambda _: cache.forget())
    return NodePolicy(settings, federation, keeper, engine, opa)


def places_of(settings: Settings) -> PolicyPlaces:
    """Where a gateway's policy is read from."""
    chosen = settings.policy
    return PolicyPlaces(chosen.rules or POLICY_FOLDER, chosen.national, chosen.provider)


def _opa(settings: Settings) -> OpaEngine:
    from urllib.parse import urlsplit

    from policies.opa_engine import OpaEngine, OpaServer

    chosen = settings.policy
    address = urlsplit(chosen.url or "http://127.0.0.1:8181")
    return OpaEngine(
        OpaServer(
            host=address.hostname or "127.0.0.1",
            port=address.port or 8181,
            ca=chosen.ca,
            deadline_s=chosen.deadline_ms / 1000,
        )
    )


def _country(federation: FederationReader) -> Country | None:
    """What the federation says now; None while it cannot be believed, and the last word stays."""
    try:
        return country_of(federation.current())
    except ExchangeError:
        return None


def country_of(snapshot: FederationSnapshot) -> Country:
    """What a federation says of the country's policy."""
    purposes = tuple(
        ListedPurpose(one.code, one.title, one.parent, one.dpv) for one in snapshot.purposes.values()
    )
    return Country(purposes, snapshot.national_policy)
