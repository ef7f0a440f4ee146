"""Asking services: the one contract between the virtual registry and the gateway.

`registry_virtual` sees only this Protocol; `gateway` implements it with whole exchanges, so that
every attribute of an assembled record was decided, signed, logged and receipted by its owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from schemas.decision import Predicate
from schemas.identifiers import ServiceId
from schemas.record import Subject, Verdict

AskStatus = Literal["ok", "not_found", "ambiguous", "denied", "source_down", "timeout", "misbehaving"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to one record service, within a conversation."""

    service: ServiceId
    subject: Subject
    fields: tuple[str, ...]
    predicates: Mapping[str, Predicate]


@dataclass(frozen=True, slots=True)
class AskOutcome:
    """What came of one ask; never an exception.

    `record` holds the granted fields only: a field that was asked and is not in `granted` was
    denied by the owner's policy. `receipt` is the exchange's id, None if no exchange began.
    `as_of` and `fetched_at` are epoch seconds. `reasons` are stable codes, never personal.
    """

    status: AskStatus
    record: Mapping[str, Any]
    granted: frozenset[str]
    predicates: Mapping[str, Verdict]
    as_of: int | None
    fetched_at: int
    receipt: str | None
    reasons: tuple[str, ...] = ()


class AskService(Protocol):
    """How the virtual registry asks. Implementations keep the deadline, and never raise: every
    failure is an `AskOutcome`, so that one source never hides another."""

    async def __call__(self, ask: Ask, *, deadline: float) -> AskOutcome:
        """Ask once. `deadline` is a moment of `time.monotonic`."""
        ...
