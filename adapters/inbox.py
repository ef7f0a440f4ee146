"""Where answers arrive that a system sends later, by a call of its own (DCI `on-search`).

A kind announces an answer before it asks for it, and waits; the gateway's door hands what arrives to
the kind, which authenticates it and delivers it here. A key is made by us, random, and used once, so
nobody else can name it. What nobody waits for is counted by why, and forgotten.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Literal, Protocol

Ignored = Literal["late", "duplicate", "foreign"]
"""Why a delivery was not taken: its waiter had left, it had come already, nobody ever waited for it."""

MAX_WAITING: Final = 4096
_REMEMBERED: Final = 8192


class Inbox(Protocol):
    """Answers on their way, by key."""

    def expect(self, key: str) -> AbstractContextManager[Awaitable[Mapping[str, Any]]]:
        """Announce an answer; inside the context it can be awaited, once. The caller sets the time
        limit. Leaving the context gives the key up."""

    def deliver(self, key: str, answer: Mapping[str, Any]) -> Ignored | None:
        """Hand an authenticated answer to who waits for it; None when it was taken."""


class MemoryInbox(Inbox):
    """The inbox of one process. Answers are held only while somebody waits for them.

    `ignored` counts deliveries that were not taken. Behind a balancer a callback must reach the process
    that asked: `sender_uri` names that process.
    """

    def __init__(self) -> None:
        self.ignored: Counter[Ignored] = Counter()
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._gone: OrderedDict[str, Literal["late", "duplicate"]] = OrderedDict()

    @contextmanager
    def expect(self, key: str) -> Iterator[Awaitable[Mapping[str, Any]]]:
        """As `Inbox.expect`. Raises ConnectionError when too many answers are awaited already."""
        if len(self._waiting) >= MAX_WAITING:
            raise ConnectionError("too many answers are awaited")
        future: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[key] = future
        try:
            yield future
        finally:
            del self._waiting[key]
            self._remember(key, "duplicate" if future.done() and not future.cancelled() else "late")
            future.cancel()

    def deliver(self, key: str, answer: Mapping[str, Any]) -> Ignored | None:
        """As `Inbox.deliver`."""
        future = self._waiting.get(key)
        if future is not None and not future.done():
            future.set_result(answer)
            return None
        reason: Ignored = "duplicate" if future is not None else self._gone.get(key, "foreign")
        self.ignored[reason] += 1
        return reason

    def _remember(self, key: str, how: Literal["late", "duplicate"]) -> None:
        self._gone[key] = how
        if len(self._gone) > _REMEMBERED:
            self._gone.popitem(last=False)
