"""Asks a server that would send 1 GiB, and prints outcomes, growth in KiB, and bytes the server sent.

A process of its own, because the memory of the test's own process has been through other tests.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from contextlib import suppress
from pathlib import Path

from adapters.http.client import HttpClient
from adapters.http.form import connection
from adapters.source import Limits

CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"


class Gigabyte:
    """Sends 1 GiB to everybody who does not stop it."""

    def __init__(self) -> None:
        self.sent = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
            writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
            for _ in range(1024 * 16):
                writer.write(CHUNK)
                await writer.drain()
                self.sent += 0x10000
        writer.transport.abort()


async def main() -> None:
    """Ask four times; the first one warms up."""
    gigabyte = Gigabyte()
    server = await asyncio.start_server(gigabyte.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = HttpClient(connection({"base_url": url, "auth": {"kind": "none"}}, Path()), Limits())
    client.open()
    await client.send("GET", "/")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcomes = [type(await client.send("GET", "/")).__name__ for _ in range(3)]
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    await client.close()
    server.close()
    sys.stdout.write(json.dumps([outcomes, grown, gigabyte.sent]))


if __name__ == "__main__":
    asyncio.run(main())
