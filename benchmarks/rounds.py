"""The measurement: each round runs each arm once, in turn; ratios per round, then medians."""

from __future__ import annotations

import sqlite3
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks import machine, report
from benchmarks.country import ANSWERING, ASKING
from benchmarks.machine import Missing
from benchmarks.stage import ROOT, Arm, Stage

TARGET_RSS_MIB: Final = 120.0
TARGET_HELP_S: Final = 0.3
TARGET_IDLE_PERCENT: Final = 1.0
WARM_UP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure."""

    rounds: int
    seconds: float
    concurrency: int
    look: bool
    """Too short to be kept as a result."""


@dataclass(slots=True)
class Measured:
    """One arm's figures, one value per round. CPU is microseconds per exchange over both hops."""

    title: str
    most_f: float | None
    cpu_us: list[float] = field(default_factory=list)
    per_s: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    times_f: list[float] = field(default_factory=list)
    times_nginx: list[float] = field(default_factory=list)
    group: list[float] = field(default_factory=list)
    """Log entries per commit, both logs."""
    errors: dict[str, int] = field(default_factory=dict)
    opened: int = 0
    """Connections that had to be opened after the warm-up: there should be none."""


@dataclass(slots=True)
class Results:
    """Everything that a run found."""

    plan: Plan
    revision: str
    versions: dict[str, str]
    cores: dict[str, int]
    refused: dict[str, int]
    arms: dict[str, Measured]
    crypto_us: list[float]
    f_us: list[float]
    idle_percent: dict[str, float]
    idle_mib: dict[str, float]
    loaded_mib: dict[str, float]
    help_s: float

    @property
    def reached(self) -> bool:
        """Whether every arm is free of errors and every target was met."""
        return not any(arm.errors for arm in self.arms.values()) and all(ok for *_, ok in self.verdicts())

    def verdicts(self) -> list[tuple[str, str, str, bool]]:
        """What was asked for: name, target, found, reached."""
        rows = [
            _at_most(arm.title, arm.most_f, statistics.median(arm.times_f), "F", 2)
            for arm in self.arms.values()
            if arm.most_f is not None
        ]
        rows += [
            _at_most("memory of an idle gateway", TARGET_RSS_MIB, max(self.idle_mib.values()), "MiB", 0),
            _at_most("CPU of an idle gateway", TARGET_IDLE_PERCENT, max(self.idle_percent.values()), "%", 2),
            _at_most("`isthmus --help`", TARGET_HELP_S, self.help_s, "s", 2),
        ]
        return rows


def measure(stage: Stage, plan: Plan, refused: dict[str, int]) -> Results:
    """Run all rounds. An arm with a single error is void, and the result says so."""
    idle = _idle(stage, 3.0 if plan.look else 10.0)
    results = Results(
        plan=plan,
        revision=machine.revision(),
        versions=machine.versions(stage.nginx),
        cores={"gateways": stage.cores.gateways, "generator": stage.cores.generator},
        refused=refused,
        arms={arm.name: Measured(arm.title, arm.most_f) for arm in stage.arms},
        crypto_us=[],
        f_us=[],
        idle_percent=idle,
        idle_mib=_resident_mib(stage),
        loaded_mib={},
        help_s=_help_s(),
    )
    for arm in stage.arms:
        report.say(f"warming up: {arm.title}")
        _probe(stage, arm)
        stage.load(arm, WARM_UP_S, plan.concurrency)
    for number in range(1, plan.rounds + 1):
        _round(stage, plan, results)
        report.say_round(number, results)
    results.loaded_mib = _resident_mib(stage)
    return results


def _round(stage: Stage, plan: Plan, results: Results) -> None:
    crypto = stage.crypto_us()
    results.crypto_us.append(crypto)
    cpu: dict[str, float] = {}
    for arm in stage.arms:
        measured = results.arms[arm.name]
        cpu[arm.name] = _run(stage, arm, plan, measured)
    f = cpu["nginx"] + crypto
    results.f_us.append(f)
    for name, spent in cpu.items():
        results.arms[name].times_f.append(spent / f)
        results.arms[name].times_nginx.append(spent / cpu["nginx"])


def _run(stage: Stage, arm: Arm, plan: Plan, measured: Measured) -> float:
    """One arm in one round; CPU microseconds per exchange."""
    logs = (
        [_LogFile(stage.country.home(name) / "gateway.db") for name in (ASKING, ANSWERING)]
        if arm.entries
        else []
    )
    before = machine.cpu_s(arm.pids)
    result = stage.load(arm, plan.seconds, plan.concurrency)
    spent = machine.cpu_s(arm.pids) - before
    for kind, count in result["errors"].items():
        measured.errors[kind] = measured.errors.get(kind, 0) + count
    done: int = result["completed"]
    if not done:
        raise Missing(f"{arm.title}: no exchange was completed: {result['errors']}")
    measured.opened += result["opened"]
    measured.cpu_us.append(spent / done * 1e6)
    measured.per_s.append(done / result["elapsed_s"])
    measured.p50_ms.append(result["p50_ms"])
    measured.p99_ms.append(result["p99_ms"])
    _check_entries(arm, done, logs, measured)
    return measured.cpu_us[-1]


def _check_entries(arm: Arm, done: int, logs: list[_LogFile], measured: Measured) -> None:
    """Every exchange has all its entries; and how many entries one commit carried."""
    entries = sum(log.entries() for log in logs)
    if entries < arm.entries * done:
        measured.errors["entries missing"] = arm.entries * done - entries
    commits = sum(log.commits() for log in logs)
    if commits:
        measured.group.append(entries / commits)


class _LogFile:
    """What one gateway's log grew by since this was made, read from the files themselves."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries, self._commits = self._size(), self._transactions()

    def entries(self) -> int:
        """Entries appended."""
        return self._size() - self._entries

    def commits(self) -> int:
        """Transactions committed: nearly all of them append entries."""
        return self._transactions() - self._commits

    def _size(self) -> int:
        connection = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=10)
        try:
            return int(connection.execute("SELECT coalesce(max(size), 0) FROM log_state").fetchone()[0])
        finally:
            connection.close()

    def _transactions(self) -> int:
        """The counter `iChange` of the WAL index (SQLite's WAL-mode file format, section 2.1)."""
        with Path(f"{self._path}-shm").open("rb") as index:
            return int.from_bytes(index.read(12)[8:], sys.byteorder)


def _probe(stage: Stage, arm: Arm) -> None:
    """One connection, a moment: the arm must answer rightly before it is measured."""
    result: dict[str, Any] = stage.load(arm, 0.0, 1)
    if result["errors"] or result["completed"] != 1:
        raise Missing(f"{arm.title}: the probe failed: {result}; logs are in {stage.folder}")


def _idle(stage: Stage, seconds: float) -> dict[str, float]:
    """Percent of a core that each gateway uses while nobody asks."""
    report.say(f"watching idle gateways for {seconds:g} s")
    before = {name: machine.cpu_s([process.pid]) for name, process in stage.gateways.items()}
    time.sleep(seconds)
    return {
        name: (machine.cpu_s([process.pid]) - before[name]) / seconds * 100
        for name, process in stage.gateways.items()
    }


def _resident_mib(stage: Stage) -> dict[str, float]:
    return {name: machine.resident_mib(process.pid) for name, process in stage.gateways.items()}


def _help_s() -> float:
    """Wall time of `isthmus --help`, median of five after a first one."""
    times = []
    for _ in range(6):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "gateway.cli", "--help"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
        times.append(time.perf_counter() - started)
    return float(statistics.median(times[1:]))


def _at_most(name: str, target: float, found: float, unit: str, digits: int) -> tuple[str, str, str, bool]:
    return name, f"≤ {target:g} {unit}", f"{found:.{digits}f} {unit}", found <= target
