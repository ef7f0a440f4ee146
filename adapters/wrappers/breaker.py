"""A circuit breaker: a source that keeps failing is left alone for a while.

Closed, every question passes. After `failures` unavailable answers in a row it opens: questions
are answered `Unavailable` at once. After `rest_s` one question is let through as a probe; its
answer closes the circuit, its failure opens it again. Only `Unavailable` counts: a source that
answers, even wrongly, is up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from adapters.contract import Adapter, Query
from adapters.wrappers.wrapper import Wrapper
from schemas.outcome import Outcome, Unavailable

FAILURES: Final = 5
REST_S: Final = 10.0


class Breaker(Wrapper):
    """Stops asking a source that is down."""

    def __init__(
        self,
        inner: Adapter,
        failures: int = FAILURES,
        rest_s: float = REST_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(inner)
        self._allowed = failures
        self._rest_s = rest_s
        self._clock = clock
        self._failed = 0
        self._closed_again_at = 0.0
        self._probing = False

    async def fetch(self, query: Query) -> Outcome:
        """As `Adapter.fetch`."""
        if self._failed < self._allowed:
            return self._learn(await self.inner.fetch(query))
        wait = self._closed_again_at - self._clock()
        if wait > 0 or self._probing:
            return Unavailable("the source failed repeatedly and is resting", retry_after_s=max(wait, 0.0))
        self._probing = True
        try:
            return self._learn(await self.inner.fetch(query))
        finally:
            self._probing = False

    def _learn(self, outcome: Outcome) -> Outcome:
        if not isinstance(outcome, Unavailable):
            self._failed = 0
        else:
            self._failed += 1
            if self._failed >= self._allowed:
                self._closed_again_at = self._clock() + self._rest_s
        return outcome
