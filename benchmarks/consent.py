"""`python -m benchmarks.consent [--most N]`: what a consent costs, with up to a million of them.

Three things: how long the check of one consent takes where its issuer is the same gateway, as the table
of consents grows; how long it takes to load that table, its size, and what the process keeps in memory;
and what the question to an issuer at another gateway costs, a whole signed and logged exchange over
mutual TLS (both gateways in this one process). SQLite, `synchronous=FULL`. Printed, in Markdown.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks import machine
from benchmarks.consent_remote import measure_remote
from benchmarks.consent_table import Filled, Table, Timed
from benchmarks.report import say

SIZES: Final = (1_000, 100_000, 1_000_000)


def main() -> int:
    """Run; 0, or 4 when it could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.consent", description=__doc__)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="no larger table than this")
    most = parser.parse_args().most
    try:
        with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
            filled, remote = asyncio.run(_measure(Path(folder), most))
    except machine.Missing as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 4
    print("\n".join([*_table(filled), "", *_remote(remote)]))
    return 0


async def _measure(folder: Path, most: int) -> tuple[list[Filled], list[Timed]]:
    say("asking an issuer at another gateway")
    remote = await measure_remote(folder / "country")
    table = await Table.open(folder / "consents.db")
    try:
        return [await table.fill(size) for size in SIZES if size <= most], remote
    finally:
        await table.consents.log.close()


def _table(filled: list[Filled]) -> list[str]:
    names = [timed.name for timed in filled[0].found] if filled else []
    head = ["consents", *(f"{name}, µs p50 / p99" for name in names), "loaded in s", "file MiB", "memory MiB"]
    lines = [_row(head), _row(["---"] * len(head))]
    for one in filled:
        times = [_both(timed) for timed in one.found]
        rest = [f"{one.load_s:.1f}", f"{one.file_mib:.0f}", f"{one.resident_mib:.0f}"]
        lines.append(_row([f"{one.consents:,}", *times, *rest]))
    return lines


def _remote(found: list[Timed]) -> list[str]:
    lines = [_row(["issuer at another gateway", "µs p50 / p99"]), _row(["---", "---"])]
    return lines + [_row([timed.name, _both(timed)]) for timed in found]


def _both(timed: Timed) -> str:
    ordered = sorted(timed.times_us)
    return f"{statistics.median(ordered):,.0f} / {ordered[int(len(ordered) * 0.99)]:,.0f}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
