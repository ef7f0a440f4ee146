"""The client port: one ASGI application that sends a request to the door its path names."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.doors.bounded import BoundedBody
from gateway.doors.source_events import PREFIX, SourceEventsDoor
from gateway.doors.xroad import XRoadDoor
from gateway.trust.asgi import App, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class ClientPortApp:
    """`/r1/…` and `/listClients` are X-Road's, `/v1/sources/…` is where systems push events, both plain
    ASGI; the rest is the JSON doors'."""

    xroad: XRoadDoor
    api: App
    events: SourceEventsDoor
    max_body: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"]
        if path.startswith("/r1/") or path == "/listClients":
            await self.xroad(scope, receive, send)
        elif path.startswith(PREFIX):
            await self.events(scope, receive, send)
        else:
            await self.api(scope, BoundedBody(scope, receive, self.max_body), send)
