"""Asking other gateways' issuers: what is shared, and for how long.

An answer counts for `FRESH_S`, from the moment the question went out: then an exchange that begins more
than a second after a withdrawal never sees what was before it. Exchanges that ask about one consent
within that second share one question, also one that is still under way. Failures are never remembered.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from gateway.consent.status import Status, key_of
from schemas.errors import PeerUnavailable
from schemas.identifiers import MemberId

FRESH_S: Final = 1.0
KEY_KEPT_S: Final = 600.0
"""How long the key behind an issuer's tags is kept, in memory only."""
PATIENCE_S: Final = 2.0
"""How long one question may take, whoever waits for it."""
MAX_KEPT: Final = 20_000

T = TypeVar("T")
AskIssuer = Callable[[MemberId, MemberId, Mapping[str, Any], float], Awaitable[Mapping[str, Any]]]
"""Asks the reserved service: issuer, asking provider, question, deadline (`time.monotonic`). Raises
ExchangeError."""


@dataclass(slots=True)
class _Asked(Generic[T]):
    """A question under way or answered, and when it went out."""

    at: float
    answer: asyncio.Task[T]


class Shared(Generic[T]):
    """Questions by name, each asked once for all who ask within its freshness."""

    def __init__(self, fresh_s: float, max_kept: int = MAX_KEPT) -> None:
        self._fresh_s = fresh_s
        self._max_kept = max_kept
        self._asked: OrderedDict[object, _Asked[T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._asked)

    async def get(self, name: object, ask: Callable[[], Awaitable[T]], *, deadline: float) -> T:
        """The answer to a question.

        Raises:
            PeerUnavailable: there is none before the deadline.
            ExchangeError: as `ask` does.
        """
        now = time.monotonic()
        asked = self._asked.get(name)
        if asked is None or now - asked.at >= self._fresh_s:
            asked = _Asked(now, asyncio.ensure_future(_await(ask)))
            self._keep(name, asked)
        try:
            return await asyncio.wait_for(asyncio.shield(asked.answer), max(0.0, deadline - now))
        except TimeoutError:
            raise PeerUnavailable("the consent's issuer did not answer in time") from None

    def _keep(self, name: object, asked: _Asked[T]) -> None:
        self._asked[name] = asked
        self._asked.move_to_end(name)
        while len(self._asked) > self._max_kept:
            self._asked.popitem(last=False)

        def forget_failure(task: asyncio.Task[T]) -> None:
            failed = task.cancelled() or task.exception() is not None
            if failed and self._asked.get(name) is asked:
                del self._asked[name]

        asked.answer.add_done_callback(forget_failure)


class RemoteIssuers:
    """An `AskStatus` for issuers at other gateways."""

    def __init__(self, ask: AskIssuer) -> None:
        self._ask = ask
        self._statuses: Shared[Status] = Shared(FRESH_S)
        self._keys: Shared[bytes] = Shared(KEY_KEPT_S)

    async def status(self, issuer: MemberId, provider: MemberId, consent: str, *, deadline: float) -> Status:
        """As `AskStatus.status`."""

        async def ask() -> Status:
            question = {"want": "status", "consent": consent}
            return Status.of_json(await self._ask(issuer, provider, question, _patience()), consent)

        return await self._statuses.get((issuer, provider, consent), ask, deadline=deadline)

    async def key(self, issuer: MemberId, provider: MemberId, *, deadline: float) -> bytes:
        """As `AskStatus.key`."""

        async def ask() -> bytes:
            return key_of(await self._ask(issuer, provider, {"want": "key"}, _patience()))

        return await self._keys.get((issuer, provider), ask, deadline=deadline)


def _patience() -> float:
    """A deadline of the question's own: those who share it have different ones."""
    return time.monotonic() + PATIENCE_S


async def _await(ask: Callable[[], Awaitable[T]]) -> T:
    return await ask()
