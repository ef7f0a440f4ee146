"""The `rest` case of `benchmarks.adapters`: one JSON record over a kept-alive connection.

The server is a process of its own (`python -m benchmarks.adapters_rest` starts it alone), so its CPU
does not count. The bare call is httpx as its manual shows it: one client, `get`, `json`.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from adapters.contract import Query
from adapters.opening import open_source
from adapters.source_file import load_source
from schemas.outcome import Match
from schemas.record import Subject

_RECORD: Final = {
    "nid": "1000000017",
    "names": {"given": "Ilva Maren", "family": "Toss"},
    "born": "1987-03-14",
    "sex": "F",
    "registered": 1719300000,
}
_SOURCE: Final = """
id: bench
title: Identity
kind: rest
owner: {{ministry: Interior}}
subsystem: LM/GOV/NIA/identity
connection: {{base_url: "{url}", auth: {{kind: none}}}}
services:
  person:
    title: Person
    canonical: person/1
    subject: {{national_id: {{pattern: "[0-9]{{10}}"}}}}
    request: {{path: "/persons/{{national_id}}"}}
    errors: [{{when: {{http: 404, json: /error, equals: unknown}}, as: not_found}}]
    map:
      national_id: nid
      given_names: {{from: /names/given, to: text}}
      family_name: {{from: /names/family, to: text}}
      birth_date: {{from: born, to: date}}
"""

Call = Callable[[], Awaitable[Any]]


@asynccontextmanager
async def rest(folder: Path) -> AsyncIterator[tuple[Call, Call]]:
    """The bare call and the adapter's, between start and stop of the server."""
    command = [sys.executable, "-m", "benchmarks.adapters_rest"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: ASYNC220
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        path = folder / "rest.yaml"
        path.write_text(_SOURCE.format(url=url), encoding="utf-8")
        adapter = open_source(load_source(path))
        await adapter.open()
        query = Query(
            "person",
            Subject("national_id", _RECORD["nid"]),
            ("national_id", "given_names", "family_name", "birth_date"),
        )

        async def call() -> None:
            outcome = await adapter.fetch(query)
            if not isinstance(outcome, Match):
                sys.exit(f"the adapter did not answer: {outcome}")

        try:
            async with httpx.AsyncClient(base_url=url, trust_env=False) as client:

                async def bare() -> None:
                    answer = await client.get("/persons/1000000017")
                    answer.raise_for_status().json()

                yield bare, call
        finally:
            await adapter.close()
            server.terminate()


async def _serve() -> None:
    body = json.dumps(_RECORD).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = head.encode() + body

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
