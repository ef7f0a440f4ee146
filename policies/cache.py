"""Decisions remembered for a short while.

The key is the whole input but for `time`, `exchange.id` and `exchange.cid` (a lint keeps policies
from reading the two), with the policy's version and a data revision. So whatever a decision could
depend on, `exchange.retry` and `usage` included, is in the key; only time is not, and each entry
ends no later than the next moment at which agreement or consent begins or ends. Failures are never
remembered. A quota is counted outside and enters the input.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from policies.engine import PolicyEngine
from policies.reasons import POLICY_UNAVAILABLE
from schemas.decision import Decision, DecisionInput
from schemas.strict_json import canonical

MAX_AGE_S: Final = 30
MAX_ENTRIES: Final = 10_000
_NOT_IN_KEY: Final = ("id", "cid")


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A decision and the times (epoch seconds, the second exclusive) between which it stands."""

    decision: Decision
    since: int
    until: int


class CachingEngine:
    """A `PolicyEngine` that asks another one only what it has not just been asked."""

    def __init__(
        self, engine: PolicyEngine, *, max_entries: int = MAX_ENTRIES, max_age_s: int = MAX_AGE_S
    ) -> None:
        self._engine = engine
        self._max_entries = max_entries
        self._max_age_s = max_age_s
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()
        self.revision = 0

    @property
    def policy_version(self) -> str:
        """That of the engine behind."""
        return self._engine.policy_version

    def __len__(self) -> int:
        return len(self._remembered)

    def forget(self) -> None:
        """Forget everything: agreements, consents, the federation or a policy have changed.

        A decision under way is not remembered past this either: it carries the older revision.
        """
        self.revision += 1
        self._remembered.clear()

    async def decide(self, question: DecisionInput) -> Decision:
        """As `PolicyEngine.decide`."""
        try:
            key = self._key(question)
        except TypeError:  # no JSON: the engine says so
            return await self._engine.decide(question)
        found = self._remembered.get(key)
        if found is not None and found.since <= question.time < found.until:
            self._remembered.move_to_end(key)
            return found.decision
        revision = self.revision
        decision = await self._engine.decide(question)
        if revision == self.revision and POLICY_UNAVAILABLE not in decision.reasons:
            self._remember(key, decision, question)
        return decision

    async def close(self) -> None:
        """Close the engine behind, and forget."""
        self.forget()
        await self._engine.close()

    def _remember(self, key: bytes, decision: Decision, question: DecisionInput) -> None:
        until = min((question.time + self._max_age_s, *_later_bounds(question)))
        self._remembered[key] = _Remembered(decision, question.time, until)
        self._remembered.move_to_end(key)
        if len(self._remembered) > self._max_entries:
            self._remembered.popitem(last=False)

    def _key(self, question: DecisionInput) -> bytes:
        document = dict(question.document)
        exchange = document.get("exchange")
        if isinstance(exchange, Mapping):
            document["exchange"] = {name: exchange[name] for name in exchange if name not in _NOT_IN_KEY}
        material = canonical([self.policy_version, self.revision, document])
        return hashlib.sha256(material).digest()


def _later_bounds(question: DecisionInput) -> Iterator[int]:
    """The moments after now at which agreement or consent begins or ends."""
    facts: tuple[Any, ...] = (question.document.get("agreement"), question.document.get("consent"))
    for fact in facts:
        for name in ("valid_from", "valid_until"):
            bound = fact.get(name) if isinstance(fact, Mapping) else None
            if isinstance(bound, int) and bound > question.time:
                yield bound
