"""What the answering side knows of one exchange: the steps fill it in, a refusal uses what is there."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from gateway.exchange.decided import Decided
from schemas.agreement import Agreement
from schemas.decision import Decision
from schemas.statement import RequestStatement
from schemas.wire import RequestHead

UNDECIDED: Final = "none"
"""The decision's name where policy was not reached."""


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

    @property
    def deadline(self) -> float:
        """The source has until the asker stops waiting; a moment of `time.monotonic`."""
        return time.monotonic() + max(0, self.statement.exp - int(time.time()))
