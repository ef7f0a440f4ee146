"""A watchdog for the event loop: a process that is stuck ends, and whoever supervises it starts it anew.

The embedded policy engine cannot be interrupted and holds the interpreter's lock, so no thread of
Python's own could notice. The timer is `faulthandler`'s, which needs no lock: when the loop has not
wound it up again in time, it writes the stack (files and lines, no values) and ends the process with
status 1. What was under way is closed as `outcome_unknown` at the next start (`exchange.recovery`).
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
from collections.abc import AsyncIterator
from typing import Final

STUCK_AFTER_S: Final = 20.0
"""Longer than any pause of a healthy loop: a source, a disk or a peer never stops it."""


@contextlib.asynccontextmanager
async def watchdog(stuck_after_s: float = STUCK_AFTER_S) -> AsyncIterator[None]:
    """End this process if its event loop stands still for `stuck_after_s` seconds."""
    winding = asyncio.create_task(_wind_up(stuck_after_s))
    try:
        yield
    finally:
        winding.cancel()
        faulthandler.cancel_dump_traceback_later()


async def _wind_up(stuck_after_s: float) -> None:
    while True:
        faulthandler.dump_traceback_later(stuck_after_s, exit=True)
        await asyncio.sleep(stuck_after_s / 4)
