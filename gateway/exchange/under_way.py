"""What the answering side knows of one exchange: the steps fill it in, a refusal uses what is there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.exchange.decided import Decided
from gateway.exchange.facts import UNLIMITED
from gateway.exchange.obligations import NOTHING, Duties
from schemas.agreement import Agreement
from schemas.decision import Decision
from schemas.statement import RequestStatement
from schemas.wire import RequestHead

UNDECIDED: Final = "none"
"""The decision's name where policy was not reached."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """What one exchange has taken of the client's allowances, as `(scope, begins)`, and what policy is
    told of it."""

    facts: Mapping[str, bool] = field(default_factory=lambda: UNLIMITED)
    taken: tuple[tuple[str, int], ...] = ()


NOTHING_TAKEN: Final = Reserved()


@dataclass(slots=True)
class Exchange:
    """One exchange at its answering side. `arrived` is a moment of `time.monotonic`."""

    statement: RequestStatement
    jws: str
    snapshot: int
    arrived: float = field(default_factory=time.monotonic)
    accepted: bool = False
    agreement: Agreement | None = None
    subject_tag: str | None = None
    head: RequestHead | None = None
    head_bytes: bytes = b""
    decision: Decision | None = None
    decision_id: str = UNDECIDED
    decided: Decided | None = None
    reserved: Reserved = NOTHING_TAKEN
    duties: Duties = NOTHING
    fetched: bool = False
    """Whether the source was asked: nothing that a refusal shows may follow from its answer."""

    @property
    def deadline(self) -> float:
        """The source has until the asker stops waiting; a moment of `time.monotonic`."""
        return time.monotonic() + max(0, self.statement.exp - int(time.time()))
