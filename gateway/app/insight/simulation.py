"""Simulating: what another policy would have decided about the last exchanges that were answered here.

Only what the past knows is decided again: facts, counters and consents are those of their time. Nothing
personal comes out: counts, and of each difference its exchange, members, service, purpose and what differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.log import AuditLog
from gateway.app.federation_copy import federation_of, snapshot_of
from gateway.app.insight.differences import Difference, differences, kind_of
from gateway.app.insight.here import changed_policy
from gateway.app.insight.past import Past, last_past
from gateway.app.log_access import opened_log
from gateway.settings import Settings
from policies.engine import PolicyEngine
from policies.regorus_engine import RegorusEngine
from schemas.errors import PolicyUnavailable


@dataclass(frozen=True, slots=True)
class Differs:
    """One exchange that would have gone otherwise."""

    exchange: str
    client: str | None
    service: str | None
    purpose: str | None
    kind: str
    found: tuple[Difference, ...]

    def as_json(self) -> dict[str, Any]:
        """Every member."""
        return {
            "exchange": self.exchange,
            "client": self.client,
            "service": self.service,
            "purpose": self.purpose,
            "kind": self.kind,
            "differences": [one.as_json() for one in self.found],
        }


@dataclass(frozen=True, slots=True)
class Simulated:
    """What came of it: how many of each kind, and each difference. `skipped` says what could not be decided
    again: `erased`, `undecided`, `unreadable`, `failed`."""

    policy_version: str
    counts: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    differ: tuple[Differs, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Every member."""
        return {
            "policy_version": self.policy_version,
            "counts": dict(self.counts),
            "skipped": dict(self.skipped),
            "differ": [one.as_json() for one in self.differ],
        }


async def simulate(
    log: AuditLog, engine: PolicyEngine, last: int, tell: Callable[[int], None] = lambda _: None
) -> Simulated:
    """Decide the last answered exchanges again; `tell` hears how many are done.

    Raises:
        AuditError: the log cannot be read, or could not say that its cases are.
    """
    counts: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    differ = []
    done = 0
    async for past in last_past(log, last):
        kind, found = await _decide_again(engine, past)
        if kind is None:
            skipped[past.missing or "failed"] += 1
        else:
            counts[kind] += 1
            if kind != "same":
                entry = past.logged.entry
                differ.append(Differs(entry.id, entry.client, entry.service, entry.purpose, kind, found))
        done += 1
        tell(done)
    return Simulated(engine.policy_version, dict(counts), dict(skipped), tuple(differ))


async def _decide_again(engine: PolicyEngine, past: Past) -> tuple[str | None, tuple[Difference, ...]]:
    """The kind of difference, None where nothing can be compared.

    An exchange whose first facts are refused now would never have reached the source.
    """
    decided = past.decided
    if decided is None or decided.decision is None:
        return None, ()
    try:
        again = await engine.decide(decided.asked)
        if again.allow and decided.last is not decided.asked:
            again = await engine.decide(decided.last)
    except PolicyUnavailable:
        return None, ()
    return kind_of(decided.decision, again), differences(decided.decision, again)


async def simulate_here(
    settings: Settings,
    last: int,
    tell: Callable[[int], None],
    *,
    rules: Path | None = None,
    national: Path | None = None,
    provider: Path | None = None,
) -> Simulated:
    """As `simulate`, on the log of a gateway's settings, with what of its policy is changed.

    Raises:
        ConfigurationError: the changed policy is wrong.
        FederationError: the country's purposes cannot be read.
    """
    with federation_of(settings) as refresher:
        federation = snapshot_of(refresher)
    engine = RegorusEngine(changed_policy(settings, federation, rules, national, provider))
    async with opened_log(settings) as opened:
        return await simulate(opened.log, engine, last, tell)
