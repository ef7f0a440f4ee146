"""What the kinds over HTTP share beside the client: opening, closing, and a plain look at health."""

from __future__ import annotations

from adapters.http.client import HttpClient
from adapters.kinds import Kind
from schemas.outcome import Unanswered


class OverHttp(Kind):
    """A kind that asks through one client, `self._client`; it reads, and overrides what is its own."""

    _client: HttpClient

    async def open(self) -> None:
        """As `Kind.open`; nothing is asked yet."""
        self._client.open()

    async def close(self) -> None:
        """As `Kind.close`."""
        await self._client.close()

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: the connection's `health` request, else the host answers below 500."""
        return await self._client.probe()
