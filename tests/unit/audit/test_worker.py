"""The thread that owns a database connection."""

from __future__ import annotations

import asyncio
import threading

import pytest

from audit.errors import AuditUnavailable
from audit.worker import Worker


async def test_run__calls__are_carried_out_in_order_in_one_thread() -> None:
    """A connection belongs to one thread, and a log to one order."""
    worker = Worker("test")
    seen: list[int] = []
    threads = await asyncio.gather(
        *(worker.run(lambda n=n: (seen.append(n), threading.current_thread().name)[1]) for n in range(50))
    )
    assert seen == list(range(50))
    assert set(threads) == {"test"}
    worker.stop()


async def test_run__call_raises__the_caller_gets_it_and_the_thread_goes_on() -> None:
    """One failure is one caller's."""
    worker = Worker("test")
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0)
    assert await worker.run(lambda: 7) == 7
    worker.stop()


async def test_run__caller_gives_up__the_call_is_carried_out_all_the_same() -> None:
    """A commit does not depend on who still waits for it."""
    worker, begun, go, done = Worker("test"), threading.Event(), threading.Event(), []

    def call() -> None:
        begun.set()
        go.wait(5)
        done.append(True)

    task = asyncio.create_task(worker.run(call))
    await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    await worker.run(lambda: None)
    assert done == [True]
    worker.stop()


async def test_run__after_stop__unavailable() -> None:
    """A closed store takes nothing."""
    worker = Worker("test")
    await worker.run(lambda: None)
    worker.stop()
    with pytest.raises(AuditUnavailable):
        await worker.run(lambda: None)
