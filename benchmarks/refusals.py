"""What must be refused by the very gateways that are measured: a fast gateway that checks nothing is void.

A hostile peer with a registered certificate and a registered signing key (those of the asking
gateway) speaks to the answering one. Each case names what it altered and what must come back.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from benchmarks.country import ANSWERING, ASKING, BASIS, CLIENT, FORWARDED, PERSON, PURPOSE
from benchmarks.machine import Missing
from benchmarks.stage import Stage
from gateway.peers.link import PATH, STATEMENT_HEADER
from gateway.trust.jws import StatementSigner
from gateway.trust.keys import load_signer
from gateway.trust.tls import client_context
from schemas.encoding import unb64url
from schemas.exchange_id import new_exchange_id
from schemas.statement import BodyDigest, HeadDigest, RequestStatement
from schemas.strict_json import parse_object
from schemas.wire import RequestHead, frame

_AN_HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: HTTP status, and the claims of the statement if there was one."""

    status: int
    claims: Mapping[str, Any] | None

    @property
    def answered(self) -> bool:
        """Whether data was given."""
        return self.claims is not None and self.claims["typ"] == "answer"

    @property
    def code(self) -> int:
        """The status that counts: the signed one if there is one."""
        return self.status if self.claims is None else int(self.claims["status"])


@dataclass(frozen=True, slots=True)
class Hostile:
    """The peer that misbehaves."""

    port: int
    context: ssl.SSLContext
    signer: StatementSigner
    snapshot: int

    def statement(self, **altered: Any) -> tuple[RequestStatement, bytes]:
        """A good request of now with its content; `altered` replaces members before it is signed."""
        now = int(time.time())
        head = RequestHead("GET", f"/persons/{PERSON}/card", "", (), None).to_bytes()
        identifier = new_exchange_id()
        good = RequestStatement(
            id=identifier, cid=identifier, retry_of=None, iss=CLIENT, gw=ASKING, aud=FORWARDED, to=ANSWERING,
            purpose=PURPOSE, purpose_source="client", basis=BASIS, consent=None, user=None, represents=None,
            issue=None, head=HeadDigest.of(head), body=BodyDigest.of(b"", ""), iat=now, exp=now + 60,
            snapshot=self.snapshot,
        )  # fmt: skip
        return replace(good, **altered), frame(head, b"")

    def sign(self, statement: RequestStatement) -> str:
        """The statement's JWS."""
        return self.signer.sign(statement.to_payload(), statement.iat)

    def send(self, jws: str | None, content: bytes) -> Reply:
        """Post it over a connection of its own."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=10)
        try:
            connection.request("POST", PATH, content, {} if jws is None else {STATEMENT_HEADER: jws})
            response = connection.getresponse()
            said = response.getheader(STATEMENT_HEADER)
            response.read()
        finally:
            connection.close()
        claims = None if said is None else parse_object(unb64url(said.split(".")[1]), max_bytes=16_384)
        return Reply(response.status, claims)


def check_refusals(stage: Stage) -> dict[str, int]:
    """Try everything; returns the status by case.

    Raises:
        Missing: something was answered that must not be, or the good request was not.
    """
    keys = stage.country.home(ASKING) / "keys"
    authority = stage.country.sandbox.authority.read_text()
    port = stage.country.ports[ANSWERING].peer
    hostile = Hostile(
        port,
        client_context(keys / "tls.crt", keys / "tls.key", (authority,)),
        load_signer(keys / "lm-gov-msw.key", keys / "lm-gov-msw.crt"),
        1,
    )
    good, content = hostile.statement()
    control = hostile.send(hostile.sign(good), content)
    if not control.answered:
        raise Missing(f"the control request was not answered: {control}")
    found = {"no client certificate": _without_certificate(port, authority)}
    for name, attempt in _CASES.items():
        reply = attempt(hostile)
        if reply.answered or reply.code < 400 or reply.code >= 500:
            raise Missing(f"{name}: not refused but {reply}; nothing measured here would count")
        found[name] = reply.code
    return found


def _replay(hostile: Hostile) -> Reply:
    statement, content = hostile.statement()
    jws = hostile.sign(statement)
    hostile.send(jws, content)
    return hostile.send(jws, content)


def _flipped_signature(hostile: Hostile) -> Reply:
    statement, content = hostile.statement()
    head, payload, signature = hostile.sign(statement).split(".")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    return hostile.send(f"{head}.{payload}.{flipped}", content)


def _missing_signature(hostile: Hostile) -> Reply:
    statement, content = hostile.statement()
    return hostile.send(hostile.sign(statement).rpartition(".")[0] + ".", content)


def _no_statement(hostile: Hostile) -> Reply:
    return hostile.send(None, hostile.statement()[1])


def _wrong_digest(hostile: Hostile) -> Reply:
    statement, content = hostile.statement()
    return hostile.send(hostile.sign(statement), content + b"x")


def _expired(hostile: Hostile) -> Reply:
    then = int(time.time()) - _AN_HOUR
    statement, content = hostile.statement(iat=then, exp=then + 60)
    return hostile.send(hostile.sign(statement), content)


def _wrong_audience(hostile: Hostile) -> Reply:
    statement, content = hostile.statement(aud="LM/GOV/MSW/cash-transfer/benefits")
    return hostile.send(hostile.sign(statement), content)


def _not_agreed(hostile: Hostile) -> Reply:
    statement, content = hostile.statement(purpose="marketing")
    return hostile.send(hostile.sign(statement), content)


_CASES: Final[Mapping[str, Callable[[Hostile], Reply]]] = {
    "replay": _replay,
    "flipped signature": _flipped_signature,
    "missing signature": _missing_signature,
    "no statement": _no_statement,
    "wrong digest": _wrong_digest,
    "expired": _expired,
    "wrong audience": _wrong_audience,
    "purpose not agreed": _not_agreed,
}


def _without_certificate(port: int, authority: str) -> int:
    """No answer at all is what is wanted; 0 stands for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=authority)
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
    try:
        connection.request("POST", PATH, b"")
        status = connection.getresponse().status
    except (ssl.SSLError, OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
    raise Missing(f"the peer port answered {status} to a client without certificate")
