"""A circuit breaker: after some failures in a row, stop asking for a while.

Open, it lets one caller through per pause; that one's success closes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class CircuitBreaker:
    """Counts failures in a row; `clock` gives seconds that never run back."""

    def __init__(
        self, *, max_failures: int = 5, pause_s: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_failures = max_failures
        self._pause_s = pause_s
        self._clock = clock
        self._failures = 0
        self._next_try = 0.0

    def lets_through(self) -> bool:
        """Whether to ask now. While open, True once per pause."""
        if self._failures < self._max_failures:
            return True
        now = self._clock()
        if now < self._next_try:
            return False
        self._next_try = now + self._pause_s
        return True

    def succeeded(self) -> None:
        """The other side answered."""
        self._failures = 0

    def failed(self) -> None:
        """The other side did not answer."""
        self._failures += 1
        self._next_try = self._clock() + self._pause_s
