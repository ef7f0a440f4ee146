"""`python -m benchmarks [--quick]`: measure, print the table, write `benchmarks/results/`.

A look (fewer than five rounds or two seconds) is printed and not kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.machine import Cores, Missing, find_nginx
from benchmarks.refusals import check_refusals
from benchmarks.rounds import Plan, measure
from benchmarks.stage import Stage
from schemas.errors import ConfigurationError

_ROUNDS: Final = 5
_SECONDS: Final = 2.0


def main() -> int:
    """Run; 0 when every target was reached, 1 when not, 4 when it could not be measured."""
    plan = _plan()
    try:
        nginx = find_nginx()
        cores = Cores.choose()
        with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
            report.say(f"building two gateways and an nginx pair in {folder}")
            with Stage.start(Path(folder), nginx, cores, plan.concurrency) as stage:
                report.say("checking that what is measured still refuses")
                refused = check_refusals(stage)
                results = measure(stage, plan, refused)
    except (Missing, ConfigurationError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 4
    report.show(results)
    if not plan.look:
        report.save(results)
    return 0 if results.reached else 1


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2 rounds of 1 s: a look, not a result")
    parser.add_argument("--rounds", type=int, default=0, help="at least five for a result")
    parser.add_argument("--seconds", type=float, default=0.0, help="per arm and round, at least two")
    parser.add_argument("--concurrency", type=int, default=32)
    chosen = parser.parse_args()
    rounds = chosen.rounds or (2 if chosen.quick else _ROUNDS)
    seconds = chosen.seconds or (1.0 if chosen.quick else _SECONDS)
    return Plan(rounds, seconds, chosen.concurrency, look=rounds < _ROUNDS or seconds < _SECONDS)


if __name__ == "__main__":
    sys.exit(main())
