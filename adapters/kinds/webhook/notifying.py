"""Calls of a DCI registry that we subscribed to: `notify` (DCI API 1.0.0), answered with ACK or ERR.

Believed is one sender, by the keys that the source's file registered; kind `dci` verifies and decrypts. ACK
means that every event of the message is kept, or of no interest. What is wrong with a message is said in
the standard's codes (section 1.2), and nothing of it is quoted. Not here: `on-subscribe`, `on-unsubscribe`.
"""

from __future__ import annotations

import time
from typing import Any, Final
from uuid import uuid4

import orjson

from adapters.kinds.dci.envelope import VERSION, acknowledgement, member
from adapters.kinds.dci.keys import PeerKeys
from adapters.kinds.dci.sealed import Opened, Sealed
from adapters.kinds.webhook.document import UnfitEvent, read_event
from adapters.kinds.webhook.reader import Webhook
from adapters.receiving import Call, Receiver, Reply, Result
from schemas.errors import ConfigurationError, ExchangeError
from schemas.outcome import Misbehaving, Unanswered

_BAD: Final = "err.request.bad"


class Notifications(Receiver):
    """Takes notifications. Obligations: see `Receiver`."""

    def __init__(self, kind: Webhook) -> None:
        verify = kind.connection.verify
        if verify.sealing is None:
            raise ConfigurationError("the source has no keys of a DCI registry")
        self._kind, self._verify = kind, verify
        self._sealed = Sealed(verify.sealing, PeerKeys(verify.sealing.keys, _nowhere), kind.max_body)
        self.max_body = kind.max_body

    async def take(self, call: Call) -> Reply:
        """As `Receiver.take`. Raises ConnectionError when an event cannot be kept now."""
        if call.method != "POST":
            return Reply(405, "invalid")
        try:
            document = read_event(call.body, self.max_body)
        except ExchangeError:
            return _error(400, _BAD)
        if await self._sealed.refused(document, call.body) is not None:
            signed = bool(member(document, "signature"))
            return _error(401, "err.signature.invalid" if signed else "err.signature.missing")
        opened = self._sealed.unsealed(document)
        if not isinstance(opened, Opened):
            return _error(400, "err.encryption.invalid")
        return self._foreign(opened) or await self._kept(call.body, opened)

    def _foreign(self, opened: Opened) -> Reply | None:
        """The refusal of a message that is not our registry's, not for us, or of another version."""
        ours = self._verify.receiver_id
        if member(opened.header, "sender_id") != self._verify.sender_id:
            return _error(401, "err.sender_id.invalid")
        if ours is not None and member(opened.header, "receiver_id") != ours:
            return _error(401, "err.receiver_id.invalid")
        if member(opened.header, "version") not in (None, VERSION):
            return _error(400, "err.version.not_supported")
        return None

    async def _kept(self, body: bytes, opened: Opened) -> Reply:
        try:
            fresh = await self._kind.accept(body, {"header": opened.header, "message": opened.message})
        except UnfitEvent:
            return _error(400, _BAD)
        result: Result = "ignored" if fresh is None else "accepted" if fresh else "duplicate"
        return Reply(200, result, orjson.dumps(acknowledgement("ACK", time.time(), str(uuid4()))))


def _error(status: int, code: str) -> Reply:
    told = acknowledgement("ERR", time.time(), str(uuid4()), code)
    return Reply(status, "refused" if status == 401 else "invalid", orjson.dumps(told))


async def _nowhere() -> Any | Unanswered:
    """Keys are the file's; none are fetched."""
    return Misbehaving("the registry's keys are fetched from nowhere")
