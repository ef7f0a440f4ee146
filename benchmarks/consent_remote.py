"""The question to an issuer at another gateway: a whole exchange, signed, logged, over mutual TLS."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import uvicorn

from benchmarks.consent_table import Timed
from benchmarks.country import ANSWERING, ASKING, Country, build_country
from benchmarks.machine import Missing
from gateway.app.node import Node, open_node
from gateway.app.ports import listeners
from gateway.app.upkeep import WORK
from gateway.cli.demo.country import free_ports
from gateway.consent.remote import RemoteIssuers
from gateway.consent.status import CODE
from gateway.exchange.reserved import ask_reserved
from gateway.settings import load
from gateway.trust.federation.server import RegistrarApp
from schemas.identifiers import MemberId

PROVIDER: Final = MemberId.parse("LM/GOV/MSW")
ISSUER: Final = MemberId.parse("LM/GOV/NIA")
_ONE_BY_ONE: Final = 300
_TOGETHER: Final = 32
_ROUNDS: Final = 20


async def measure_remote(folder: Path) -> list[Timed]:
    """Ask one by one, then many at the same moment about as many consents, then about one."""
    country = await asyncio.to_thread(build_country, folder, free_ports(12), 1)
    async with _gateways(country) as node:

        async def ask(
            issuer: MemberId, provider: MemberId, question: Mapping[str, Any], deadline: float
        ) -> Mapping[str, Any]:
            return await ask_reserved(node.asking.ask, provider, issuer, CODE, question, deadline=deadline)

        await _ask(RemoteIssuers(ask), "warm.1")
        alone = [await _ask(RemoteIssuers(ask), f"a.{number}") for number in range(_ONE_BY_ONE)]
        different, same = [], []
        for _ in range(_ROUNDS):
            issuers = RemoteIssuers(ask)
            different += await asyncio.gather(*(_ask(issuers, f"a.{n}") for n in range(_TOGETHER)))
            issuers = RemoteIssuers(ask)
            same += await asyncio.gather(*(_ask(issuers, "a.1") for _ in range(_TOGETHER)))
        kept = [await _ask(issuers, "a.1") for _ in range(_ONE_BY_ONE)]
    return [
        Timed("one question, nothing else under way", alone),
        Timed(f"{_TOGETHER} questions about {_TOGETHER} consents", different),
        Timed(f"{_TOGETHER} exchanges about one consent: one question", same),
        Timed("asked less than a second ago", kept),
    ]


async def _ask(issuers: RemoteIssuers, consent: str) -> float:
    """One question, in microseconds. The consent was never granted: that is looked up all the same."""
    started = time.perf_counter()
    status = await issuers.status(ISSUER, PROVIDER, consent, deadline=time.monotonic() + 10)
    if status.state != "unknown":
        raise Missing(f"the issuer said {status.state} of a consent that it never granted")
    return (time.perf_counter() - started) * 1e6


@asynccontextmanager
async def _gateways(country: Country) -> AsyncIterator[Node]:
    """Registrar and both gateways in this event loop; the provider's node."""
    async with AsyncExitStack() as stack:
        await _serve(stack, _config(RegistrarApp(country.sandbox.registrar), country.registrar_port))
        nodes = {}
        for name in (ANSWERING, ASKING):
            node = nodes[name] = await open_node(load(country.sandbox.settings[name]), stack)
            for work in WORK:
                stack.callback(asyncio.create_task(work(node)).cancel)
            await node.federation.refresh()
        (peer,) = (one for one in listeners(nodes[ANSWERING]) if one.name == "peer port")
        await _serve(stack, peer.server(30.0, 100))
        await asyncio.sleep(1.5)  # until both trust the authorities that the federation names
        yield nodes[ASKING]


def _config(app: Any, port: int) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, ws="none", access_log=False, log_config=None)
    )


async def _serve(stack: AsyncExitStack, server: uvicorn.Server) -> None:
    """Run a server until the stack closes."""
    task = asyncio.create_task(server.serve())

    async def stop() -> None:
        server.should_exit = True
        await task

    stack.push_async_callback(stop)
    while not server.started:  # noqa: ASYNC110  uvicorn has no event to wait for
        await asyncio.sleep(0.01)
