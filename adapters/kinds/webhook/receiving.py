"""Calls of a system that pushes: events (POST) and challenges of a hub (GET).

A challenge is answered for topics of the file only, and for the mode `subscribe`: a stranger can neither
subscribe us to something nor end what we subscribed to. W3C WebSub section 5.3 answers the challenge as
text, OpenCRVS 1.x as JSON. Nothing of a call is answered or logged but the challenge.
"""

from __future__ import annotations

import hmac
import re
from typing import Final

import orjson

from adapters.kinds import Kind
from adapters.kinds.webhook.document import UnfitEvent, read_event
from adapters.kinds.webhook.form import Challenge
from adapters.kinds.webhook.reader import Webhook
from adapters.kinds.webhook.verifying import is_vouched_for
from adapters.receiving import Call, Receiver, Reply
from schemas.errors import ExchangeError

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,256}")
_REFUSED: Final = Reply(401, "refused")
_INVALID: Final = Reply(400, "invalid")


def receiver(kind: Kind) -> Receiver | None:
    """Who takes the calls of a source."""
    if not isinstance(kind, Webhook):
        return None
    if kind.connection.verify.kind == "dci":
        from adapters.kinds.webhook.notifying import Notifications  # DCI only where it is spoken

        return Notifications(kind)
    return Deliveries(kind)


class Deliveries(Receiver):
    """Takes events and challenges. Obligations: see `Receiver`."""

    def __init__(self, kind: Webhook) -> None:
        self._kind = kind
        self.max_body = kind.max_body

    async def take(self, call: Call) -> Reply:
        """As `Receiver.take`. Raises ConnectionError when an event cannot be kept now."""
        if call.method == "GET":
            return challenged(self._kind.connection.challenge, call)
        if call.method != "POST":
            return Reply(405, "invalid")
        verify = self._kind.connection.verify
        try:
            document = read_event(call.body, self.max_body)
        except ExchangeError:
            return _INVALID if is_vouched_for(verify, call, None) else _REFUSED
        if not is_vouched_for(verify, call, document):
            return _REFUSED
        try:
            fresh = await self._kind.accept(call.body, document)
        except UnfitEvent:
            return Reply(422, "invalid")
        return Reply(204, "ignored" if fresh is None else "accepted" if fresh else "duplicate")


def challenged(ours: Challenge | None, call: Call) -> Reply:
    """The answer to a hub that asks whether we subscribed."""
    if ours is None:
        return Reply(404, "invalid")
    lead = "hub." if ours.flavour == "websub" else ""
    mode, topic, challenge = (call.query.get(lead + name, "") for name in ("mode", "topic", "challenge"))
    token = call.query.get(lead + "verify_token", "")
    is_ours = ours.token is None or hmac.compare_digest(token.encode(), ours.token.encode())
    if mode != "subscribe" or topic not in ours.topics or not is_ours:
        return Reply(404, "refused")
    if _CHALLENGE.fullmatch(challenge) is None:
        return _INVALID
    if ours.flavour == "opencrvs":
        return Reply(200, "challenged", orjson.dumps({"challenge": challenge}))
    return Reply(200, "challenged", challenge.encode(), "text/plain; charset=utf-8")
