"""One timing class for refusals that must look alike (DESIGN section 5, `absence`).

Somebody who is absent or restricted has been looked for in the source, somebody who did not consent has
not; the time to the refusal would tell them apart. So such a refusal leaves on a coarse grid, counted
from the request's arrival. One that did not ask the source first waits as long as some recent fetch of
the same service took, drawn at random: also when a source is slow, both kinds fall on the same points.
The statement is signed after the wait, so that its date tells nothing either.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

STEP_S: Final = 0.1
"""Width of the grid. A fetch is usually quicker: then all of them leave at its first point."""
REMEMBERED: Final = 64
"""Fetches per service that the wait is drawn from."""


class TimingClass:
    """Knows how long the fetches of each service take, and releases refusals on the grid.

    `clock`, `sleep` and `draw` are the process's own unless a test hands in others.
    """

    def __init__(
        self,
        *,
        step_s: float = STEP_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        draw: random.Random | None = None,
    ) -> None:
        self._step_s = step_s
        self._clock = clock
        self._sleep = sleep
        self._draw = draw or random.SystemRandom()
        self._fetches: dict[str, deque[float]] = {}

    def fetched(self, service: str, seconds: float) -> None:
        """Remember how long a fetch took, whatever it found."""
        self._fetches.setdefault(service, deque(maxlen=REMEMBERED)).append(seconds)

    async def release(self, service: str, arrived: float, *, fetched: bool, before: float) -> None:
        """Wait for the grid's next point, but not beyond `before`; both moments are of the clock."""
        recent = self._fetches.get(service)
        spent = self._clock() - arrived
        if not fetched and recent:
            spent += self._draw.choice(recent)
        point = arrived + math.ceil(max(spent, self._step_s / 2) / self._step_s) * self._step_s
        await self._sleep(max(0.0, min(point, before) - self._clock()))
