"""A gateway's life: open the node, serve its ports, do the upkeep, close it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextlib import AsyncExitStack

from gateway.app.listeners import serve
from gateway.app.node import open_node
from gateway.app.ports import listeners
from gateway.app.upkeep import WORK, publish
from gateway.app.watchdog import watchdog
from gateway.settings import Settings


async def run(settings: Settings, ready: Callable[[], None] | None = None) -> None:
    """Open the node, serve until a signal, close it.

    Raises:
        ConfigurationError: something is not as it must be; nothing was served.
    """
    async with AsyncExitStack() as stack:
        node = await open_node(settings, stack)
        await stack.enter_async_context(watchdog())
        _settle()
        tasks = [asyncio.create_task(work(node)) for work in WORK]
        try:
            await serve(
                listeners(node),
                request_timeout_s=settings.limits.request_timeout_s,
                max_connections=settings.limits.max_connections,
                ready=ready,
            )
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await publish(node)


def _settle() -> None:
    """What was built at the start stays: the garbage collector need not walk it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
