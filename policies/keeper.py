"""Keeps the policy in force: reads it anew when something changes, and never lets a bad one replace it.

    keeper = PolicyKeeper(places)             # reads the first policy; raises if it is bad
    keeper.use(engine.replace)                # told of every later one
    await keeper.look(country)                # every second: True when another one is in force

Rules, national policy and provider's rules are read together and tried together (`policies.trial`).
What fails leaves the policy in force as it is, and `failure` says why. The national policy is the
federation's as soon as it publishes one; a file counts only until then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from policies.national import ListedPurpose, National
from policies.national_file import SHIPPED, parse_national, read_national
from policies.provider import Provider, read_provider
from policies.sources import POLICY_FOLDER, PolicyFile, PolicySources, join_sources, read_files
from policies.trial import on_trial
from schemas.errors import ConfigurationError, ExchangeError

Replace = Callable[[PolicySources], None]
"""Decide by this policy from now on; raises ConfigurationError to refuse it."""


Before = Callable[[PolicySources], Awaitable[None]]
"""What has to be done before a policy decides."""


@dataclass(frozen=True, slots=True)
class PolicyPlaces:
    """Where a gateway's policy is read from. `rules` and `national` are the shipped ones by default;
    `provider` is a file or a folder, None for no rules of one's own."""

    rules: Path = POLICY_FOLDER
    national: Path | None = None
    provider: Path | None = None


@dataclass(frozen=True, slots=True)
class Country:
    """What the federation says: its purposes, and its national policy (JSON) if it publishes one."""

    purposes: tuple[ListedPurpose, ...] = ()
    national: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """One reading of everything: the policy, its tests, and what it was read from."""

    sources: PolicySources
    tests: tuple[PolicyFile, ...]


class PolicyKeeper:
    """Holds the policy in force; `use` puts another one into force."""

    def __init__(self, places: PolicyPlaces, country: Country | None = None) -> None:
        """Read the first policy.

        Raises:
            ConfigurationError: it is wrong; names file, line and cure.
        """
        self._places = places
        self._country = country or Country()
        self._seen = self._fingerprint()
        first = self._read()
        self._tests = first.tests
        self.sources = first.sources
        self.failure: str | None = None
        self._users: list[Replace] = []
        self._before: Before | None = None

    def use(self, replace_policy: Replace) -> None:
        """Call this with each policy that comes into force later, in the order of being told."""
        self._users.append(replace_policy)

    def before(self, prepare: Before) -> None:
        """Await this with each policy before it comes into force; if it fails, the policy does not."""
        self._before = prepare

    async def check(self) -> None:
        """Try the policy in force.

        Raises:
            ConfigurationError: it must not be loaded.
        """
        await on_trial(self.sources, self._tests)

    async def look(self, country: Country | None = None) -> bool:
        """Look for changes; True if another policy came into force. Never raises for a bad policy."""
        before, self._country = self._country, country or self._country
        seen = self._fingerprint()
        if seen == self._seen and before == self._country:
            return False
        self._seen = seen
        try:
            found = self._read()
            if found.sources.version == self.sources.version:
                self.failure = None
                return False
            await on_trial(found.sources, found.tests)
            if self._before is not None:
                await self._before(found.sources)
            for use in self._users:
                use(found.sources)
        except ExchangeError as error:
            self._seen = frozenset() if not isinstance(error, ConfigurationError) else seen  # try again
            self.failure = error.detail
            return False
        self.sources, self._tests, self.failure = found.sources, found.tests, None
        return True

    def _read(self) -> _Read:
        files = read_files(self._places.rules)
        rules = tuple(file for file in files if not file.is_test)
        if not rules:
            raise ConfigurationError(f"{self._places.rules}: no .rego file; correct the settings")
        national = self._national()
        place = self._places.provider
        provider = read_provider(place, national) if place else Provider()
        return _Read(join_sources(rules, national, provider), tuple(file for file in files if file.is_test))

    def _national(self) -> National:
        country = self._country
        if country.national is not None:
            national = parse_national(country.national)
        else:
            national = read_national(self._places.national or SHIPPED)
        return replace(national, purposes=country.purposes) if country.purposes else national

    def _fingerprint(self) -> frozenset[tuple[str, int, int]]:
        """Names, times and sizes of every file that is read."""
        places = self._places
        paths = list(places.rules.rglob("*.rego"))
        paths += [path for path in (places.national, places.provider) if path is not None]
        if places.provider is not None and places.provider.is_dir():
            paths += [path for path in places.provider.iterdir() if path.suffix in {".yaml", ".json"}]
        found = set()
        for path in paths:
            try:
                state = path.stat()
            except OSError:
                continue
            found.add((str(path), state.st_mtime_ns, state.st_size))
        return frozenset(found)
