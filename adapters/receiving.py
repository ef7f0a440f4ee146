"""What a system sends of its own accord: calls that a gateway's door hands to the kind of a source.

    POST /v1/sources/{source}/events        an event, or an answer that was asked for earlier
    GET  /v1/sources/{source}/events        a challenge: "did you subscribe?"

The kind decides who is believed and what is answered. An answer below 300 promises that the event is
kept. A kind that receives has a `receiving.py` with `receiver(kind) -> Receiver | None`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, cast

if TYPE_CHECKING:
    from adapters.kinds import Kind
    from adapters.source import Source

RECEIVING: Final = frozenset({"dci", "webhook"})
"""Kinds that may be called."""

Result = Literal["accepted", "duplicate", "ignored", "challenged", "refused", "invalid"]
"""What became of a call, for a metric; `refused` is one that nobody vouches for."""


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request, as it came. Names of headers are in lower case. `client` is the subsystem whose
    certificate the caller showed, None where it is nobody's."""

    method: str
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    client: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered, and what it was."""

    status: int
    result: Result
    body: bytes = b""
    type: str = "application/json"


class Receiver(Protocol):
    """Takes the calls of one source."""

    max_body: int
    """Bytes of the largest body it takes."""

    async def take(self, call: Call) -> Reply:
        """Judge a call, keep what it brings, say what is answered."""


def receiver_of(source: Source, kind: Kind) -> Receiver | None:
    """Who takes calls for a source; None when nobody may call it."""
    if source.kind not in RECEIVING:
        return None
    module: Any = import_module(f"adapters.kinds.{source.kind}.receiving")
    return cast("Receiver | None", module.receiver(kind))
