"""The replay guard: one statement, one answer.

The unique index of the log's database is the truth (`audit.log`), in the same transaction as the
outcome. This guard stands before it: it refuses what this process has seen or is answering now,
before any work is done, and it forgets what has expired. Another node may fetch the same safe
exchange twice; only one of them can answer.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from schemas.errors import Replayed
from schemas.statement import LIFETIME_S, REPLAY_KEPT_S, SKEW_S

MAX_REMEMBERED: Final = 100_000
"""Statements; beyond it the oldest are left to the database."""
_REMEMBERED_S: Final = LIFETIME_S + REPLAY_KEPT_S + SKEW_S


@dataclass(slots=True)
class Claim:
    """One statement being answered, or answered: `answer` is its JWS, None until then."""

    digest: str
    until: float
    answer: str | None = None

    def answered(self, jws: str) -> None:
        """Remember the answer's statement, for whoever sends the request again."""
        self.answer = jws


class ReplayGuard:
    """Remembers the statements of the last minutes in this process."""

    def __init__(self) -> None:
        self._claims: OrderedDict[tuple[str, str], Claim] = OrderedDict()

    @contextmanager
    def claim(self, iss: str, identifier: str, digest: str) -> Iterator[Claim]:
        """Hold a statement's id while it is answered; a failed attempt gives it back.

        Raises:
            Replayed: it is being answered or was answered; `differs` when the content does.
        """
        key = (iss, identifier)
        earlier = self._claims.get(key)
        if earlier is not None:
            raise Replayed(
                "the statement's id was used before",
                original=earlier.answer,
                differs=earlier.digest != digest,
            )
        self._forget()
        claim = self._claims[key] = Claim(digest, time.monotonic() + _REMEMBERED_S)
        try:
            yield claim
        finally:
            if claim.answer is None:
                self._claims.pop(key, None)

    def _forget(self) -> None:
        now = time.monotonic()
        while self._claims:
            key, oldest = next(iter(self._claims.items()))
            if oldest.until > now and len(self._claims) < MAX_REMEMBERED:
                return
            del self._claims[key]
