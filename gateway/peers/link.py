"""Carries statements to other gateways: `POST /peer/v1/exchange` (`docs/protocol.md` section 4).

The request head of each peer is kept as ready bytes with one slot for the statement. Only the
registered URL is called, and only a registered TLS certificate is accepted there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.exchange.ports import PeerReply
from gateway.peers.transport import HttpTransport, Origin, TransportError
from gateway.trust.federation.snapshot import GatewayEntry
from schemas.errors import PeerUnavailable

PATH = "/peer/v1/exchange"
STATEMENT_HEADER = "isthmus-statement"


@dataclass(frozen=True, slots=True)
class HttpPeerLink:
    """A `PeerLink` over the gateway's own HTTP client. `max_body` is in bytes."""

    transport: HttpTransport
    max_body: int
    _known: dict[GatewayEntry, tuple[Origin, bytes]] = field(default_factory=dict)

    async def send(self, peer: GatewayEntry, jws: str, content: bytes, *, deadline: float) -> PeerReply:
        """As `PeerLink.send`."""
        origin, start = self._known.get(peer) or self._learn(peer)
        request = b"%b%b\r\nContent-Length: %d\r\n\r\n%b" % (
            start,
            jws.encode("ascii"),
            len(content),
            content,
        )
        try:
            response = await self.transport.send(origin, request, deadline=deadline, max_body=self.max_body)
        except TimeoutError:
            raise PeerUnavailable(
                "the provider's gateway did not answer in time", reasons=("peer.timeout",)
            ) from None
        except TransportError as error:
            raise PeerUnavailable(
                f"the provider's gateway could not be reached: {error.cause}", reasons=("peer.unreachable",)
            ) from None
        statement = response.header(STATEMENT_HEADER) if response.status == 200 else None
        return PeerReply(response.status, statement, response.body)

    def _learn(self, peer: GatewayEntry) -> tuple[Origin, bytes]:
        """Prepare a peer's request head. Entries change with the federation; a few are kept."""
        origin = Origin.of(peer.url, peer.tls_certificates)
        start = (
            f"POST {PATH} HTTP/1.1\r\nHost: {origin.authority}\r\n"
            "Content-Type: application/vnd.isthmus.exchange\r\nIsthmus-Statement: "
        )
        if len(self._known) >= 1024:
            self._known.clear()
        known = self._known[peer] = (origin, start.encode("ascii"))
        return known
