"""A registered gateway that answers as a test tells it to: over real TLS, with a real signing key."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gateway.trust.jws import StatementSigner
from gateway.trust.keys import load_signer
from gateway.trust.tls import server_context
from schemas.encoding import b64url
from schemas.record import RecordAnswer
from schemas.statement import BodyDigest, HeadDigest, jws_digest
from schemas.strict_json import dump
from schemas.wire import AnswerHead, frame
from tests.exchanges.hostile_peer import payload_of
from tests.exchanges.raw_http import Reply, request, send
from tests.world import BAND, CONSUMER, HOSTILE, PRESENT, WELFARE, World

FORGED = "forged-band"
BODY = RecordAnswer("ok", {"income_band": FORGED}, {}, 1).to_bytes()
HEAD = AnswerHead(200, (("content-type", "application/json"),)).to_bytes()

Behave = Callable[["Knock"], bytes]


@dataclass(frozen=True, slots=True)
class Knock:
    """One request that arrived."""

    jws: str
    world: World

    @property
    def claims(self) -> dict[str, Any]:
        """What its statement says."""
        return payload_of(self.jws)

    def signer(self, gateway: str = HOSTILE, name: str = "lm-gov-tax") -> StatementSigner:
        """A member's signer."""
        keys = self.world.home(gateway) / "keys"
        return load_signer(keys / f"{name}.key", keys / f"{name}.crt")

    def answer(self, signed_head: bytes = HEAD, signed_body: bytes = BODY, **changes: Any) -> dict[str, Any]:
        """A good answer's members, changed; a member set to `...` is left out."""
        asked, now = self.claims, int(time.time())
        claims = {
            "v": 1, "typ": "answer", "id": asked["id"], "cid": asked["cid"],
            "iss": asked["aud"], "gw": asked["to"], "aud": asked["iss"], "to": asked["gw"],
            "purpose": asked["purpose"], "purpose_source": asked["purpose_source"], "basis": asked["basis"],
            "head": HeadDigest.of(signed_head), "body": BodyDigest.of(signed_body, "application/json"),
            "req": jws_digest(self.jws), "status": 200, "decision": "d", "fields": ["income_band"],
            "iat": now, "exp": now + 60, "fed": asked["fed"],
            **changes,
        }  # fmt: skip
        return {name: value for name, value in claims.items() if value is not ...}

    def sign(self, claims: dict[str, Any], signer: StatementSigner | None = None) -> str:
        """Sign an answer's members."""
        return (signer or self.signer()).sign(dump(claims), claims["iat"])


def http(status: int, body: bytes, jws: str | None = None, more: str = "") -> bytes:
    """A response's bytes."""
    statement = f"Isthmus-Statement: {jws}\r\n" if jws is not None else ""
    head = f"HTTP/1.1 {status} X\r\n{statement}{more}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def signed(knock: Knock, head: bytes = HEAD, body: bytes = BODY, **changes: Any) -> bytes:
    """A response that says what the statement says."""
    return http(200, frame(head, body), knock.sign(knock.answer(head, body, **changes)))


@contextmanager
def hostile_provider(world: World, behave: Behave, context: ssl.SSLContext | None = None) -> Iterator[None]:
    """Listen on the hostile gateway's registered address."""
    keys = world.home(HOSTILE) / "keys"
    tls = context or server_context(keys / "tls.crt", keys / "tls.key", [world.sandbox.authority.read_text()])
    with socket.create_server(("127.0.0.1", world.ports[HOSTILE].peer)) as listening:
        listening.settimeout(10)
        thread = threading.Thread(target=_serve, args=(listening, tls, world, behave))
        thread.start()
        try:
            yield
        finally:
            with socket.create_connection(listening.getsockname()):  # wake it, if nobody has come
                pass
            thread.join()


def _serve(listening: socket.socket, tls: ssl.SSLContext, world: World, behave: Behave) -> None:
    try:
        plain, _ = listening.accept()
        plain.settimeout(5)
        with tls.wrap_socket(plain, server_side=True) as connection:
            data = b""
            while b"\r\n\r\n" not in data:
                chunk = connection.recv(65536)
                if not chunk:
                    return
                data += chunk
            jws = next(
                line.split(b": ", 1)[1].decode()
                for line in data.split(b"\r\n")
                if line.lower().startswith(b"isthmus-statement")
            )
            connection.sendall(behave(Knock(jws, world)))
            connection.unwrap()
    except (OSError, ValueError):
        return


def ask_band(world: World, **headers: str) -> Reply:
    """The welfare programme asks the hostile provider, through its development door."""
    named = {"X-Road-Client": WELFARE, "Content-Type": "application/json"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    body = dump({"subject": {"type": "national_id", "value": PRESENT}, "fields": ["income_band"]})
    return send(world.ports[CONSUMER].development[WELFARE], request("POST", f"/r1/{BAND}", named, body))


def random_digest() -> str:
    """Some digest."""
    return b64url(bytes(range(32)))
