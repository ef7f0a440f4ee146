"""A few further attempts after a failure that may pass.

Only reads reach this wrapper (`Adapter.fetch` only reads), so asking again is harmless. A source
that names a pause (`Retry-After`) is given it; when the pause is longer than a caller should wait,
the failure is passed on at once, with the pause in it. A timeout is not tried again: the time is
over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import SystemRandom
from typing import Final

from adapters.contract import Adapter, Query
from adapters.wrappers.wrapper import Wrapper
from schemas.outcome import Outcome, Unavailable

FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0
_JITTER = SystemRandom()  # its own: the global one belongs to whoever seeds it, tests among them


class Retry(Wrapper):
    """Asks again, at most `retries` times."""

    def __init__(
        self,
        inner: Adapter,
        retries: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(inner)
        self._retries = retries
        self._sleep = sleep

    async def fetch(self, query: Query) -> Outcome:
        """As `Adapter.fetch`."""
        outcome = await self.inner.fetch(query)
        for attempt in range(self._retries):
            pause = _pause(outcome, attempt)
            if pause is None:
                break
            await self._sleep(pause)
            outcome = await self.inner.fetch(query)
        return outcome


def _pause(outcome: Outcome, attempt: int) -> float | None:
    """Seconds to wait before asking again; None when asking again is of no use."""
    if not isinstance(outcome, Unavailable) or outcome.timeout:
        return None
    if outcome.retry_after_s is not None:
        return outcome.retry_after_s if outcome.retry_after_s <= LONGEST_PAUSE_S else None
    # Half of the pause is random, so that callers who failed together do not return together.
    pause: float = FIRST_PAUSE_S * 2**attempt
    return min(pause, LONGEST_PAUSE_S) * _JITTER.uniform(0.5, 1)
