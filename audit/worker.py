"""One thread that carries out calls in order for an event loop: what owns a database connection.

It does what a `ThreadPoolExecutor` of one thread does, with one queue and one wake-up a call; the
executor's locks and its pair of chained futures cost more than a small transaction's Python. A call
whose caller has gone is carried out all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar, cast

from audit.errors import AuditUnavailable

T = TypeVar("T")

_Call = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Worker:
    """A thread named `name`, which ends with `stop` or with the process."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._stopped = False

    async def run(self, call: Callable[[], T]) -> T:
        """Carry out a call in the thread; what it raises is raised here; `AuditUnavailable` once stopped."""
        if self._stopped:
            raise AuditUnavailable("the log's database is closed")
        if self._thread.ident is None:
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._calls.put((loop, future, call))
        return cast("T", await future)

    def stop(self) -> None:
        """Finish what was asked for, then end the thread."""
        self._stopped = True
        if self._thread.ident is not None:
            self._calls.put(None)
            self._thread.join()

    def _work(self) -> None:
        while (asked := self._calls.get()) is not None:
            loop, future, call = asked
            try:
                settle: tuple[Callable[..., None], Any] = _succeed, call()
            except BaseException as error:  # noqa: BLE001  whatever it is, the caller gets it
                settle = _fail, error
            try:
                loop.call_soon_threadsafe(settle[0], future, settle[1])
            except RuntimeError:  # the loop has closed: nobody waits any more
                continue


def _succeed(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
