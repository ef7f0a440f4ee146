"""Processes of the demonstration: start, wait until healthy, measure, stop, all of them for sure."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx

from gateway.cli.demo.country import ROOT, Program
from schemas.errors import ConfigurationError

START_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 15.0


@dataclass(slots=True)
class Processes:
    """The running programs by name; a context manager that leaves none behind. `logs` is a folder."""

    logs: Path
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _programs: dict[str, Program] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all()

    def start(self, program: Program) -> None:
        """Start a program; its output goes into a file of its own."""
        log = (self.logs / f"{program.name.replace(' ', '-').replace('/', '-')}.log").open("ab")
        with log:
            self._running[program.name] = subprocess.Popen(  # noqa: S603  our own modules
                [sys.executable, "-m", *program.arguments],
                cwd=ROOT,
                env={**os.environ, **program.environment, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._programs[program.name] = program

    def wait_healthy(self, programs: Sequence[Program]) -> None:
        """Wait until every program answers its health address with 200.

        Raises:
            ConfigurationError: one ended or did not become healthy; names its log.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        with httpx.Client(trust_env=False, timeout=5.0) as client:
            for program in programs:
                self._wait_one(client, program, deadline)

    def _wait_one(self, client: httpx.Client, program: Program, deadline: float) -> None:
        while time.monotonic() < deadline:
            if self._running[program.name].poll() is not None:
                break
            try:
                if client.get(program.health).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise ConfigurationError(f"{program.name} did not start; its log is in {self.logs}")

    def stop(self, name: str) -> None:
        """Stop one program and wait for its end."""
        process = self._running.pop(name, None)
        if process is not None:
            _end(process)

    def restart(self, name: str) -> None:
        """Start a stopped program again and wait until it is healthy."""
        program = self._programs[name]
        self.start(program)
        self.wait_healthy([program])

    def stop_all(self) -> None:
        """Stop everything, gateways first."""
        processes = [self._running.pop(name) for name in reversed(list(self._running))]
        for process in processes:
            process.terminate()
        for process in processes:
            _end(process)

    def resident_mib(self) -> dict[str, float]:
        """Resident memory of each program in MiB, where the system tells (Linux)."""
        return {
            name: size
            for name, process in self._running.items()
            if (size := _resident_mib(process.pid)) is not None
        }


@contextmanager
def interrupted_afterwards() -> Iterator[None]:
    """Keep a Ctrl-C back until the block ends: a driver's thread must not outlive its event loop."""
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _resident_mib(pid: int) -> float | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    return None
