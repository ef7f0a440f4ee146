"""A registered gateway that does not behave: it has a TLS certificate, a signing key, an agreement."""

from __future__ import annotations

import json
import ssl
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from gateway.trust.jws import StatementSigner
from gateway.trust.keys import load_signer
from schemas.exchange_id import new_exchange_id
from schemas.statement import BodyDigest, HeadDigest
from schemas.strict_json import dump
from schemas.wire import RequestHead, frame
from tests.exchanges.raw_http import Reply, request, send
from tests.world import BASIS, CARD, HOSTILE, INCOME, PERSON, PRESENT, PROVIDER, PURPOSE, World

QUESTION = dump({"subject": {"type": "national_id", "value": PRESENT}, "fields": ["birth_date"]})
HEAD = RequestHead("POST", "/", "", (("content-type", "application/json"),), None).to_bytes()


def b64(data: bytes) -> str:
    """Unpadded base64url."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def payload_of(jws: str) -> dict[str, Any]:
    """What a JWS says, unverified."""
    text = jws.split(".")[1]
    return json.loads(__import__("base64").urlsafe_b64decode(text + "=" * (-len(text) % 4)))


@dataclass(slots=True)
class HostilePeer:
    """Sends statements to the provider as the revenue authority's gateway."""

    world: World

    @property
    def signer(self) -> StatementSigner:
        """The revenue authority's signer."""
        keys = self.world.home(HOSTILE) / "keys"
        return load_signer(keys / "lm-gov-tax.key", keys / "lm-gov-tax.crt")

    def claims(
        self, signed_head: bytes = HEAD, signed_body: bytes = QUESTION, **changes: Any
    ) -> dict[str, Any]:
        """A good statement's members, changed; a member set to `...` is left out."""
        identifier = new_exchange_id()
        now = int(time.time())
        digest = BodyDigest.of(signed_body, "application/json")
        claims = {
            "v": 1, "typ": "request", "id": identifier, "cid": identifier, "retry_of": None,
            "iss": INCOME, "gw": HOSTILE, "aud": PERSON, "to": PROVIDER,
            "purpose": PURPOSE, "purpose_source": "client", "basis": BASIS,
            "consent": None, "user": None, "represents": None, "issue": None,
            "head": HeadDigest.of(signed_head), "body": digest,
            "iat": now, "exp": now + 60, "fed": {"snapshot": 1},
            **changes,
        }  # fmt: skip
        return {name: value for name, value in claims.items() if value is not ...}

    def sign(self, claims: dict[str, Any]) -> str:
        """Sign members, whatever they are."""
        iat = claims.get("iat")
        return self.signer.sign(dump(claims), iat if isinstance(iat, int) else int(time.time()))

    def post(
        self, jws: str, content: bytes, *, context: ssl.SSLContext | None = None, **headers: str
    ) -> Reply:
        """Post a statement to the provider's peer port."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = request("POST", "/peer/v1/exchange", {"Isthmus-Statement": jws, **named}, content)
        return send(self.world.ports[PROVIDER].peer, data, context or self.world.tls(HOSTILE))

    def ask(self, head: bytes = HEAD, body: bytes = QUESTION, **changes: Any) -> tuple[str, Reply]:
        """Sign and post; returns the statement's id too."""
        claims = self.claims(head, body, **changes)
        return str(claims.get("id")), self.post(self.sign(claims), frame(head, body))


def card_head(path: str = f"/persons/{PRESENT}/card", query: str = "", method: str = "GET") -> bytes:
    """The head of a pass-through request."""
    return RequestHead(method, path, query, (), None).to_bytes()


CARD_SERVICE = CARD


def statement_of(reply: Reply) -> dict[str, Any]:
    """The payload of an answer's statement."""
    return payload_of(reply.headers["isthmus-statement"])


def problem_in(reply: Reply) -> dict[str, Any]:
    """The problem that a signed refusal carries."""
    length = int.from_bytes(reply.body[:4], "big")
    return json.loads(reply.body[4 + length :])
