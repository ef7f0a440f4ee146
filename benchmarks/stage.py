"""The stage: every arm started at once and kept alive, each process on its core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from benchmarks import nginx as configure
from benchmarks.country import (
    ANSWERING,
    ASKING,
    CLIENT,
    FORWARDED,
    PERSON,
    RECORDED,
    Country,
    build_country,
)  # fmt: skip
from benchmarks.machine import Cores, Missing
from benchmarks.nginx import SOURCE_BODY, Identity
from gateway.cli.demo.country import free_ports

ROOT: Final = Path(__file__).resolve().parents[1]
START_S: Final = 60.0
TARGET_F: Final = 6.0
"""What issue 2 allows a `/r1` exchange to cost."""

P = TypeVar("P", bound="subprocess.Popen[Any]")


@dataclass(frozen=True, slots=True)
class Arm:
    """One thing to measure: where to ask what, what every answer's body must be (`exact`) or hold, and
    whose CPU counts. `entries` is how many log entries one exchange makes, `most_f` what it
    may cost."""

    name: str
    title: str
    port: int
    request: bytes
    body: bytes
    pids: tuple[int, ...]
    exact: bool = True
    entries: int = 0
    most_f: float | None = None


@dataclass(slots=True)
class Worker:
    """A helper process that answers one line with one line."""

    process: subprocess.Popen[str]

    def ask(self, line: str) -> str:
        """Send a line, wait for the answer."""
        if self.process.stdin is None or self.process.stdout is None:
            raise Missing("a helper process has no pipes")
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise Missing("a helper process ended; see its messages above")
        return answer


@dataclass(slots=True)
class Stage:
    """All that runs. A context manager that leaves nothing behind."""

    cores: Cores
    nginx: Path
    folder: Path
    country: Country
    gateways: dict[str, subprocess.Popen[bytes]]
    arms: tuple[Arm, ...]
    generator: Worker
    crypto: Worker
    _stack: ExitStack = field(repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @classmethod
    def start(cls, folder: Path, nginx: Path, cores: Cores, concurrency: int) -> Stage:
        """Build and start everything, and wait until each part answers."""
        with ExitStack() as stack:
            ports = free_ports(11)
            source_port, first, second = ports[:3]
            run = _Starting(stack, folder)
            run.nginx(nginx, configure.source(folder / "source", source_port), cores.generator)
            country = build_country(folder / "built", ports[3:], source_port)
            pool = 2 * concurrency
            keys = {name: country.home(name) / "keys" for name in (ASKING, ANSWERING)}
            authority = country.sandbox.authority
            own = {name: Identity(key / "tls.crt", key / "tls.key", authority) for name, key in keys.items()}
            hops = (
                configure.first_hop(folder / "first", first, second, own[ASKING], pool),
                configure.second_hop(folder / "second", second, source_port, own[ANSWERING], pool),
            )
            pair = tuple(run.nginx(nginx, hop, cores.gateways).pid for hop in hops)
            registrar = ("federation", "serve", str(country.sandbox.registrar), "--port")
            run.isthmus(cores.generator, *registrar, str(country.registrar_port))
            run.healthy(f"http://127.0.0.1:{country.registrar_port}/health")
            gateways = {
                name: run.isthmus(cores.gateways, "gateway", "run", str(country.sandbox.settings[name]))
                for name in (ANSWERING, ASKING)
            }
            for name in gateways:
                run.healthy(f"http://127.0.0.1:{country.ports[name].admin}/health/ready")
            time.sleep(2)  # each gateway follows the federation's authorities once a second
            both = tuple(process.pid for process in gateways.values())
            generator = Worker(run.helper("benchmarks.load", cores.generator))
            crypto = Worker(run.helper("benchmarks.crypto", cores.gateways))
            arms = _arms(first, country.door, pair, both)
            return cls(cores, nginx, folder, country, gateways, arms, generator, crypto, stack.pop_all())

    def load(self, arm: Arm, seconds: float, connections: int) -> dict[str, Any]:
        """Put load on one arm; the generator's own result."""
        command = {
            "arm": arm.name,
            "host": "127.0.0.1",
            "port": arm.port,
            "request": b64encode(arm.request).decode(),
            "body": b64encode(arm.body).decode(),
            "exact": arm.exact,
            "connections": connections,
            "seconds": seconds,
        }
        answer: dict[str, Any] = json.loads(self.generator.ask(json.dumps(command)))
        return answer

    def crypto_us(self) -> float:
        """Two signatures and two verifications, now."""
        return float(self.crypto.ask(""))


def _arms(first: int, door: int, pair: tuple[int, ...], both: tuple[int, ...]) -> tuple[Arm, ...]:
    target = f"/persons/{PERSON}/card"
    client = f"X-Road-Client: {CLIENT}\r\n"
    asked = {"subject": {"type": "national_id", "value": PERSON}, "fields": ["full_name", "birth_date"]}
    question = json.dumps(asked).encode()
    forwarded, recorded = f"/r1/{FORWARDED}{target}", f"/r1/{RECORDED}"
    get = _request("GET", forwarded, client)
    post = _request("POST", forwarded, client, SOURCE_BODY)
    record = _request("POST", recorded, client, question)
    found = b'"full_name":"Asked"'
    return (
        Arm("nginx", "nginx pair, no meaning", first, _request("GET", target, ""), SOURCE_BODY, pair),
        Arm("get", "/r1 GET, 1 KB answer", door, get, SOURCE_BODY, both, entries=3, most_f=TARGET_F),
        Arm("post", "/r1 POST, 1 KB both ways", door, post, SOURCE_BODY, both, entries=4, most_f=TARGET_F),
        Arm("record", "/r1 record service, SQLite view", door, record, found, both, exact=False, entries=3),
    )


def _request(method: str, target: str, headers: str, body: bytes = b"") -> bytes:
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{method} {target} HTTP/1.1\r\nHost: bench\r\n{headers}{length}\r\n".encode() + body


@dataclass(slots=True)
class _Starting:
    """Starts processes that the stack will end."""

    stack: ExitStack
    folder: Path

    def nginx(self, program: Path, configuration: Path, core: int) -> subprocess.Popen[bytes]:
        return self._keep(configure.start(program, configuration, core))

    def isthmus(self, core: int, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{arguments[0]}-{len(list(self.folder.iterdir()))}.log").open("wb") as log:
            return self._keep(
                subprocess.Popen(
                    [sys.executable, "-m", "gateway.cli", *arguments],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=_pin(core),  # noqa: PLW1509  no threads here
                )
            )

    def helper(self, module: str, core: int) -> subprocess.Popen[str]:
        return self._keep(
            subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                preexec_fn=_pin(core),  # noqa: PLW1509  no threads here
            )
        )

    def healthy(self, url: str) -> None:
        """Wait for a 200."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                with opener.open(url, timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise Missing(f"{url} did not become healthy; logs are in {self.folder}")

    def _keep(self, process: P) -> P:
        self.stack.callback(_end, process)
        return process


def _pin(core: int) -> Callable[[], None]:
    return lambda: os.sched_setaffinity(0, {core})


def _end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
