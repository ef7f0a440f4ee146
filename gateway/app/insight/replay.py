"""Replaying a decision: the facts of its case, the policy of its version, and the same answer again.

A replay says `same`, `different` or `cannot`, and why. It checks on the way that the facts are those the
signed statement names (`decision`), so that `same` means: this policy, from these facts, that decision.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

from audit.log import AuditLog
from audit.store import Store
from gateway.app.insight.archive import find_policy
from gateway.app.insight.differences import Difference, differences
from gateway.app.insight.past import Past, outcome_of, read_past
from gateway.app.log_access import log_look_up, opened_log
from gateway.settings import Settings
from policies.regorus_engine import RegorusEngine
from schemas.errors import ConfigurationError, PolicyUnavailable
from schemas.exchange_id import check_exchange_id

Verdict = Literal["same", "different", "cannot"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay. `why` is a word for `cannot`; `found` are the members that differ."""

    exchange: str
    verdict: Verdict
    policy_version: str | None
    allow: bool | None = None
    reasons: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    why: str | None = None
    found: tuple[Difference, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Every member."""
        return {
            "exchange": self.exchange,
            "verdict": self.verdict,
            "policy_version": self.policy_version,
            "allow": self.allow,
            "reasons": list(self.reasons),
            "fields": list(self.fields),
            "why": self.why,
            "differences": [one.as_json() for one in self.found],
        }


WHY = {
    "erased": "the case was erased, and the facts with it",
    "undecided": "policy was not asked about this exchange",
    "unreadable": "the case keeps no readable decision",
    "unnamed": "the facts are not those that the signed statement names",
    "unarchived": "the policy of that version is not in the archive",
    "unloadable": "the archived policy is not accepted any more: {}",
    "failed": "the engine gave no decision: {}",
}


def replay(settings: Settings, exchange: str) -> Replayed:
    """Replay the decision about one exchange that this gateway answered.

    Raises:
        MalformedRequest: not an exchange's id.
        AuditError: this gateway did not answer it, or the look-up could not be logged.
    """
    check_exchange_id(exchange)

    async def work() -> Replayed:
        async with opened_log(settings) as opened:
            return await replay_in(opened.log, opened.store, exchange)

    return asyncio.run(work())


async def replay_in(log: AuditLog, store: Store, exchange: str) -> Replayed:
    """As `replay`, in an opened log and its store."""
    outcome = await outcome_of(log.reader, exchange)
    await log_look_up(log, exchange, "policy.replayed")
    past = await read_past(log.reader, outcome)
    return await _replay(store, past)


async def _replay(store: Store, past: Past) -> Replayed:
    exchange, version = past.logged.entry.id, past.logged.entry.policy_version
    decided = past.decided
    if decided is None or decided.decision is None or version is None:
        return _cannot(exchange, version, past.missing or "undecided")
    if not decided.names(past.logged.entry.decision):
        return _cannot(exchange, version, "unnamed")
    try:
        sources = await find_policy(store, version)
        if sources is None:
            return _cannot(exchange, version, "unarchived")
        engine = RegorusEngine(sources)
    except ConfigurationError as error:
        return _cannot(exchange, version, "unloadable", error.detail)
    try:
        again = await engine.decide(decided.last)
    except PolicyUnavailable as error:
        return _cannot(exchange, version, "failed", error.detail)
    found = differences(decided.decision, again)
    verdict: Verdict = "different" if found else "same"
    return Replayed(exchange, verdict, version, again.allow, again.reasons, again.fields, found=found)


def _cannot(exchange: str, version: str | None, why: str, cause: str = "") -> Replayed:
    return Replayed(exchange, "cannot", version, why=WHY[why].format(cause))
