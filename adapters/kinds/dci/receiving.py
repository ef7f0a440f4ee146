"""Callbacks of a DCI registry: `on-search` for a search that was asked asynchronously.

The kind verifies, decrypts and delivers; here its verdict becomes the acknowledgement of DCI 1.0.0.
"""

from __future__ import annotations

import time
from contextlib import suppress

import orjson

from adapters.kinds import Kind
from adapters.kinds.dci.envelope import acknowledgement, member
from adapters.kinds.dci.reader import Dci
from adapters.receiving import Call, Receiver, Reply

_UNSIGNED = "err.signature.invalid"


def receiver(kind: Kind) -> Receiver | None:
    """Who takes callbacks; None when the source never asks for one."""
    return DciCallbacks(kind) if isinstance(kind, Dci) and kind.is_called_back else None


class DciCallbacks(Receiver):
    """Takes called-back answers. Obligations: see `Receiver`."""

    def __init__(self, kind: Dci) -> None:
        self._kind = kind
        self.max_body = kind.max_bytes

    async def take(self, call: Call) -> Reply:
        """As `Receiver.take`."""
        if call.method != "POST":
            return Reply(405, "invalid")
        code = await self._kind.receive(call.body)
        correlation = ""
        with suppress(ValueError):
            found = member(orjson.loads(call.body), "message", "correlation_id")
            correlation = found[:99] if isinstance(found, str) else ""
        told = acknowledgement("ACK" if code is None else "ERR", time.time(), correlation, code)
        if code is None:
            return Reply(200, "accepted", orjson.dumps(told))
        refused = code == _UNSIGNED
        return Reply(401 if refused else 400, "refused" if refused else "invalid", orjson.dumps(told))
