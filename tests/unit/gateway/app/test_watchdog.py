"""The watchdog of the event loop, in processes of their own."""

from __future__ import annotations

import subprocess
import sys

HEALTHY = """
import asyncio
from gateway.app.watchdog import watchdog

async def main():
    async with watchdog(0.4):
        await asyncio.sleep(1.2)
    await asyncio.sleep(0)

asyncio.run(main())
print("ended")
"""
STUCK = """
import asyncio
from gateway.app.watchdog import watchdog

async def main():
    async with watchdog(0.4):
        await asyncio.sleep(0.1)
        7 ** 7 ** 11  # one instruction that holds the interpreter's lock for hours

asyncio.run(main())
print("ended")
"""


def _run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )


def test_watchdog__loop_goes_round__the_process_lives() -> None:
    """A loop that winds the timer up is left alone, however long it runs."""
    done = _run(HEALTHY)
    assert (done.returncode, done.stdout.strip()) == (0, "ended")


def test_watchdog__stuck_worker__the_process_ends_and_says_where() -> None:
    """Nothing else could stop a policy that never ends; the stack names lines, not values."""
    done = _run(STUCK)
    assert done.returncode == 1
    assert "ended" not in done.stdout
    assert "Timeout" in done.stderr
    assert "in main" in done.stderr
