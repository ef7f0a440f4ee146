"""The table: on the screen, in `results/latest.md`, and a line of `results/history.jsonl`."""

from __future__ import annotations

import json
import re
import statistics
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from benchmarks.rounds import Measured, Results

_RESULTS: Final = Path(__file__).resolve().parent / "results"
_ARM_COLUMNS: Final = (
    "arm", "CPU µs per exchange", "× F", "× nginx", "exchanges/s", "p50 / p99 ms",
    "entries per commit", "errors",
)  # fmt: skip
_DOCUMENT: Final = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
_PLACE: Final = re.compile("(<!-- newest run -->)(.*)(<!-- end of newest run -->)", re.DOTALL)
_YES: Final = {True: "yes", False: "**no**"}


def say(text: str) -> None:
    """Progress, on the error stream."""
    print(f"· {text}", file=sys.stderr, flush=True)


def say_round(number: int, results: Results) -> None:
    """One line per round."""
    arms = ", ".join(
        f"{name} {arm.cpu_us[-1]:.0f} µs ({arm.times_f[-1]:.2f} F)" for name, arm in results.arms.items()
    )
    say(f"round {number}/{results.plan.rounds}: F {results.f_us[-1]:.0f} µs; {arms}")


def show(results: Results) -> None:
    """The report on the output."""
    print(_markdown(results))


def save(results: Results) -> None:
    """Write the newest report, show it in the documentation, and append the figures to the history."""
    _RESULTS.mkdir(exist_ok=True)
    report = _markdown(results)
    (_RESULTS / "latest.md").write_text(report + "\n")
    before, begin, _, end, after = _PLACE.split(_DOCUMENT.read_text())
    _DOCUMENT.write_text(f"{before}{begin}\n\n{report}\n\n{end}{after}")
    with (_RESULTS / "history.jsonl").open("a") as history:
        history.write(json.dumps({"at": _now(), **asdict(results), "reached": results.reached}) + "\n")
    say(f"written: {_RESULTS}/latest.md, history.jsonl, {_DOCUMENT}")


def _markdown(results: Results) -> str:
    plan, cores = results.plan, results.cores
    said = [
        _paragraph(
            f"Measured {_now()} at commit {results.revision}: {plan.rounds} interleaved rounds of"
            f" {plan.seconds:g} s, concurrency {plan.concurrency}, medians (minimum–maximum). Gateways and"
            f" nginx pair on core {cores['gateways']}, generator and source on core {cores['generator']}."
        ),
        _table(_ARM_COLUMNS, [_row(arm) for arm in results.arms.values()]),
        _paragraph(
            f"F = {_spread(results.f_us, 0)} µs = nginx pair + 2 ES256 signatures and 2 verifications"
            f" ({_spread(results.crypto_us, 0)} µs)."
        ),
        _table(
            ("asked for", "target", "found", "reached"),
            [(name, target, found, _YES[ok]) for name, target, found, ok in results.verdicts()],
        ),
        _paragraph(
            "On: mutual TLS 1.3, signatures, federation, agreement, policy (embedded, decisions cached),"
            " replay guard, audit log in SQLite (WAL, synchronous=FULL, group commit; one log per gateway)."
            " Refused before the run: "
            + _listed({name: code or "handshake" for name, code in results.refused.items()})
            + "."
        ),
        _paragraph(
            f"Memory in MiB, idle: {_listed(results.idle_mib)};"
            f" after the load: {_listed(results.loaded_mib)}."
        ),
        _paragraph(f"Versions: {_listed(results.versions)}."),
    ]
    return "\n\n".join(said)


def _paragraph(text: str) -> str:
    return textwrap.fill(text, 110, break_long_words=False, break_on_hyphens=False)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    ruler = ["---"] * len(columns)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, ruler, *rows))


def _listed(facts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} ({fact})" for name, fact in facts.items())


def _row(arm: Measured) -> tuple[str, ...]:
    group = f"{statistics.median(arm.group):.1f}" if arm.group else "–"
    errors = ", ".join(f"{kind} × {count}" for kind, count in arm.errors.items())
    return (
        arm.title,
        _spread(arm.cpu_us, 0),
        _spread(arm.times_f, 2),
        _spread(arm.times_nginx, 1),
        f"{statistics.median(arm.per_s):,.0f}",
        f"{statistics.median(arm.p50_ms):.1f} / {statistics.median(arm.p99_ms):.1f}",
        group,
        f"**void**: {errors}" if errors else "0",
    )


def _spread(values: list[float], digits: int) -> str:
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
